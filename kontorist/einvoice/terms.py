"""Payment terms in words: the due date if it is unambiguous, and the cash discount."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DATE = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b|\b(\d{4})-(\d{2})-(\d{2})\b")
_DAYS = re.compile(
    r"\b(?:innerhalb|binnen|in|within|net(?:to)?|zahlungsziel:?)\s+(?:von\s+|of\s+)?(\d{1,3})\s+(?:kalender)?(?:tage?n?|days?)\b"
    r"|\b(\d{1,3})\s+(?:tage|days)\s+(?:netto|net)\b",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\b(sofort|upon receipt|immediately|ohne frist)\b", re.IGNORECASE)
_DISCOUNT = re.compile(r"skonto|cash discount|#SKONTO#|early payment", re.IGNORECASE)


def due_date(terms: str | None, issued: date | None) -> date | None:
    """The day the whole amount is due, only if the words leave no doubt: one date or one period outside any cash discount."""
    pieces = [piece for piece in _clauses(terms or "") if not _DISCOUNT.search(piece)]
    written = {day for piece in pieces for day in _dates(piece)}
    if written:
        return written.pop() if len(written) == 1 else None
    periods = {int(a or b) for piece in pieces for a, b in _DAYS.findall(piece)}
    if issued is None or len(periods) > 1:
        return None
    if periods:
        return issued + timedelta(days=periods.pop())
    return issued if any(_AT_ONCE.search(piece) for piece in pieces) else None


def discount(terms: str | None) -> str | None:
    """The clauses that grant a cash discount, as written; None when there is none."""
    found = [piece.strip() for piece in _clauses(terms or "") if _DISCOUNT.search(piece) and "ohne skonto" not in piece.lower()]
    return "; ".join(found) or None


def _clauses(terms: str) -> list[str]:
    return [piece for piece in re.split(r"[;\n]|,\s(?=\d)|\.\s", terms) if piece.strip()]


def _dates(piece: str) -> set[date]:
    found = set()
    for day, month, year, year2, month2, day2 in _DATE.findall(piece):
        try:
            found.add(date(int(year or year2), int(month or month2), int(day or day2)))
        except ValueError:
            continue
    return found
