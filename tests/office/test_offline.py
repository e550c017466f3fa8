"""The sample office does its whole work where there is no way out of the machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ALONE = ["unshare", "--map-root-user", "--net"]
_WAY_OUT = "import socket; s = socket.socket(); s.settimeout(2); s.connect(('192.0.2.1', 80))"


def _can_be_alone() -> bool:
    return bool(shutil.which("unshare")) and subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _can_be_alone(), reason="this machine lets nobody make a network namespace (unshare --net)")


def _simulated(data: Path, *before: str) -> Counter[str]:
    """What the office proposes for all its mails, in a process of its own; `before` is the command that starts it."""
    command = [sys.executable, "-m", "kontorist.cli", "simulate", "mailroom", "config/mails", "--json"]
    where = ["--office", str(ROOT / "config"), "--data", str(data)]
    ran = subprocess.run([*before, *command, *where], cwd=ROOT, capture_output=True, text=True, timeout=550, check=True)
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    return Counter(
        [f"state {one['state']}" for one in results]
        + [f"proposal {proposal['action']}" for one in results for proposal in one["proposals"]]
    )


def test_without_a_network_the_office_proposes_what_it_proposes_with_one(tmp_path: Path) -> None:
    nowhere = subprocess.run([*_ALONE, sys.executable, "-c", _WAY_OUT], capture_output=True, text=True, check=False)
    assert "Network is unreachable" in nowhere.stderr, "the namespace must have no way out"

    alone = _simulated(tmp_path / "alone", *_ALONE)

    assert sum(n for what, n in alone.items() if what.startswith("state ")) == len(list((ROOT / "config/mails").glob("*.eml")))
    assert alone["proposal mailbox.reply"] > 20
    assert alone["proposal books.post"] > 0
    assert alone["state failed"] == 0
    assert alone == _simulated(tmp_path / "beside")
