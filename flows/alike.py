"""How alike two letters are: the same facts, the same words, the same meaning; without greeting and closing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_WORD = re.compile(r"[^\W\d_]{2,}")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_GERMAN = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})\b")
_MONTHS = (
    "january januar", "february februar", "march märz", "april", "may mai", "june juni",
    "july juli", "august", "september", "october oktober",
    "november", "december dezember",
)  # fmt: skip
_MONTH = {name[:3]: i for i, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMED_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:\.|st|nd|rd|th)?\s+([A-Za-zä]{3,9})\.?\s+(\d{4})\b")
_NAMED_MONTH_FIRST = re.compile(r"\b([A-Za-zä]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_CODE = re.compile(r"\w(?:[\w/-]*\w)?")
_DIGIT = re.compile(r"\d")
_AMOUNT = re.compile(r"\b\d{1,3}(?:[.,]\d{3})*[.,]\d{2}\b")


@dataclass(frozen=True)
class Likeness:
    """How alike a draft and what a person wrote are."""

    facts: float | None
    """Share of the draft's facts (dates, amounts, numbers that the mail did not bring) that the person wrote too; None: it has none."""
    words: float
    """Dice coefficient of the two sets of words, 0 to 1."""
    meaning: float
    """Cosine of the two sentence embeddings, 0 to 1."""


def likenesses(pairs: Sequence[tuple[str, str, str]]) -> list[Likeness]:
    """For each (draft, written by a person, the mail itself) how alike they are, computed in one batch."""
    from agents._builtin.embeddings import embed

    if not pairs:
        return []
    bare = [(body(draft), body(written)) for draft, written, _ in pairs]
    vectors = embed([text for pair in bare for text in pair])
    return [
        Likeness(_shared(facts(a) - facts(mail), facts(b)), dice(a, b), max(0.0, float(vectors[2 * i] @ vectors[2 * i + 1])))
        for i, ((a, b), (_, _, mail)) in enumerate(zip(bare, pairs, strict=True))
    ]


def body(text: str) -> str:
    """A letter without greeting and closing."""
    from agents._builtin.text import sentences

    return "\n".join(s.text for s in sentences(text[:5_000], shortest=4)) or text[:5_000]


def dice(one: str, other: str) -> float:
    """Twice the words in common by the words of both (Dice 1945)."""
    a, b = ({w.casefold() for w in _WORD.findall(text)} for text in (one, other))
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def facts(text: str) -> frozenset[str]:
    """The dates (as 2026-11-23, however they are written), amounts (as 1234.50) and numbers or codes in a text."""
    found: set[str] = set()
    for pattern, order in ((_ISO, "ymd"), (_GERMAN, "dmy"), (_NAMED_DAY_FIRST, "dmy"), (_NAMED_MONTH_FIRST, "mdy")):
        text, days = _taken(text, pattern, order)
        found |= days
    for amount in _AMOUNT.findall(text):
        found.add(re.sub(r"[.,]", "", amount[:-3]) + "." + amount[-2:])
    codes = _CODE.findall(_AMOUNT.sub(" ", text))
    found |= {code.casefold() for code in codes if len(code) > 2 and _DIGIT.search(code)}
    return frozenset(found)


def _taken(text: str, pattern: re.Pattern[str], order: str) -> tuple[str, set[str]]:
    """The text without the dates that are written like this, and the dates."""
    days: set[str] = set()

    def note(match: re.Match[str]) -> str:
        day = _day(dict(zip(order, match.groups(), strict=True)))
        if day is None:
            return match.group()
        days.add(day)
        return " "

    return pattern.sub(note, text), days


def _day(parts: dict[str, Any]) -> str | None:
    month = parts["m"] if parts["m"].isdigit() else _MONTH.get(parts["m"].lower()[:3], 0)
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return date(year, int(month), int(parts["d"])).isoformat()
    except ValueError:
        return None


def _shared(wanted: Iterable[str], there: frozenset[str]) -> float | None:
    asked = set(wanted)
    return len(asked & there) / len(asked) if asked else None
