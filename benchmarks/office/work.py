"""What every contender has to do with a mail: classify by a keyword table, extract a pattern, fill in a template, append a line."""

from __future__ import annotations

import os
import re

KEYWORDS = {"status": "wo bleibt", "invoice": "rechnung", "complaint": "beschädigt", "quote": "angebot"}
PATTERN = re.compile(r"\b47\d{4}\b")
TEMPLATE = "Guten Tag,\n\nIhre Bestellung {number} ({label}) ist in Arbeit.\n\nMit freundlichen Grüßen\nMuster GmbH"
_SENTENCES = (
    "wo bleibt unsere Lieferung zu Bestellung {n}? Wir warten seit Montag.",
    "anbei die Rechnung zu Ihrer Bestellung {n}, zahlbar in 14 Tagen.",
    "die Ware aus Bestellung {n} kam beschädigt an; zwei Kartons sind eingedrückt.",
    "bitte senden Sie uns ein Angebot wie bei Bestellung {n}, diesmal 500 Stück.",
)


def mail_text(i: int) -> str:
    """The text of the i-th mail."""
    body = _SENTENCES[i % len(_SENTENCES)].format(n=470_000 + i % 10_000)
    return f"Guten Tag,\n\n{body}\n\nMit freundlichen Grüßen\nKundin {i}\nMuster & Söhne KG\nTel. 0421 {i:06d}"


def classify(text: str) -> str:
    """The first label whose keyword stands in the text."""
    lowered = text.lower()
    return next((label for label, word in KEYWORDS.items() if word in lowered), "other")


def extract(text: str) -> str:
    """The order number."""
    found = PATTERN.search(text)
    return found.group() if found else ""


def draft(label: str, number: str) -> str:
    """The reply."""
    return TEMPLATE.format(label=label, number=number)


def append_line(handle: int, line: str) -> None:
    """Append one line; on disk when this returns."""
    append(handle, line)
    os.fsync(handle)


def append(handle: int, line: str) -> None:
    """Append one line, for who calls fsync afterwards."""
    os.write(handle, line.replace("\n", " ").encode() + b"\n")
