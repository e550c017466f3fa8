"""What the sample office should make of each of its mails."""

from __future__ import annotations

import json
from pathlib import Path

OFFICE = Path(__file__).parents[2] / "config"
MAILS = OFFICE / "mails"
TRUTH = [json.loads(line) for line in (Path(__file__).parent / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
