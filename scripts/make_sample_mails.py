"""Writes the sample office's records and mails: the same bytes on every run.

python -m scripts.make_sample_mails
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from scripts.sample import erp, vendors
from scripts.sample.mail import Sample, written

ROOT = Path(__file__).resolve().parents[1]
ACTIONS = {
    "import": ["erp.import", "mailbox.move"],
    "reply": ["mailbox.reply", "mailbox.move"],
    "posting": ["books.post", "mailbox.move"],
    "filed": ["mailbox.move"],
    "unclear": [],
    "stopped": [],
}
"""What is proposed for a mail with this outcome."""
KINDS = ("questions", "customers", "invoices", "letters", "machines", "fraud", "broken")


def samples() -> list[Sample]:
    """All mails, mixed as they would arrive."""
    kinds = [list(importlib.import_module(f"scripts.sample.{kind}").MAILS) for kind in KINDS]
    spread = [((i + 0.5) / len(mails), kind, mail) for kind, mails in enumerate(kinds) for i, mail in enumerate(mails)]
    return [mail for _, _, mail in sorted(spread, key=lambda s: s[:2])]


def files() -> dict[str, bytes]:
    """Name and bytes of each mail."""
    return {f"{i:03d}-{mail.slug}.eml": written(mail, i) for i, mail in enumerate(samples(), 1)}


def truth() -> str:
    """What the office should make of each mail, a line each."""
    rows = [
        {"file": f"{i:03d}-{mail.slug}.eml", **mail.truth, "actions": ACTIONS[mail.truth["outcome"]]}
        for i, mail in enumerate(samples(), 1)
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write everything."""
    erp.write(ROOT / "config/erp")
    vendors.write(ROOT / "config/books/vendors.csv")
    folder = ROOT / "config/mails"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.eml"):
        old.unlink()
    for name, data in files().items():
        (folder / name).write_bytes(data)
    (ROOT / "tests/content").mkdir(parents=True, exist_ok=True)
    (ROOT / "tests/content/truth.jsonl").write_text(truth())


if __name__ == "__main__":
    main()
