"""Payment terms in words: the due date if it is unambiguous, and the cash discount."""

from __future__ import annotations

import re
from datetime import date, timedelta

from kontorist.einvoice.labels import DATE, as_date

_BEFORE_DATE = re.compile(
    r"(?:\b(?:bis|am|zum|oder|or|by|on|until|before)|f[äa]llig(?:keit(?:sdatum)?)?|\bdue(?:\s+date)?)[\s:]*(?:(?:zum|am|den|dem|sp[äa]testens|the|is|ist|latest|\w{2,10}tag,?|\w{3,6}day,?)\s+)*$",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"\b(?:innerhalb|binnen|in|within|net(?:to)?|zahlungsziel:?)\s+(?:von\s+|of\s+)?(?P<a>\d{1,3})\s+(?:kalender)?(?:tage?n?|days?)\b"
    r"|\b(?P<b>\d{1,3})\s+(?:tage|days)\s+(?:netto|net)\b",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\b(sofort|upon receipt|immediately|ohne frist)\b", re.IGNORECASE)
_DISCOUNT = re.compile(r"skonto|cash discount|#SKONTO#|early payment", re.IGNORECASE)
_REDUCED = re.compile(
    r"(?<!ohne )(?<!jeden )(?<!jeglichen )(?:abz[üu]?gl|\bminus\b|\babzug\b|nachlass|rabatt|\bless\b)", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"(?P<other>mandat|bestell|auftrag|\border|leistung|liefer|deliver|zeitraum|period|g[üu]ltig|erstellt|ausgestellt|ger[üu]gt|reklam)"
    r"|zahl|f[äa]llig|\bdue\b|\bpay|begleich|[üu]berweis|einz[ui]|eingezogen|abgebucht|abbuch|lastschrift|netto|\bnet\b",
    re.IGNORECASE,
)
_OFF = timedelta(days=1)  # some senders count the day of the invoice as the first


def due_date(terms: str | None, issued: date | None) -> date | None:
    """The day the whole amount is due, only if the words leave no doubt: one date, one period or both alike, outside any cash discount."""
    pieces = [piece for piece in _clauses(terms or "") if not _reduces(piece)]
    written = {day for piece in pieces for day in _dates(piece)}
    periods = {days for piece in pieces for days in _periods(piece)}
    if len(written) > 1 or len(periods) > 1:
        return None
    counted = _after(issued, periods.pop()) if issued and periods else None
    if written:
        day = written.pop()
        agree = counted is None or abs(day - counted) <= _OFF
        return day if agree and (issued is None or day >= issued) else None
    if counted or periods or issued is None:
        return counted
    return issued if any(_AT_ONCE.search(piece) for piece in pieces) else None


def is_due(line: str, start: int) -> bool:
    """Whether a date at that place of a line can be the day the whole amount is due: not of a delivery, an order or a cash discount."""
    clause = next((line[a:b] for a, b in _spans(line) if a <= start < b), line)
    return not _reduces(clause) and not _of_another(line[:start])


def discount(terms: str | None) -> str | None:
    """The clauses that grant a cash discount, as written; None when there is none."""
    found = [piece.strip() for piece in _clauses(terms or "") if _reduces(piece) and "ohne skonto" not in piece.lower()]
    return "; ".join(found) or None


def _reduces(piece: str) -> bool:
    """Whether a clause is about a lower amount for earlier payment."""
    return bool(_DISCOUNT.search(piece)) or ("%" in piece and bool(_REDUCED.search(piece)))


def _clauses(terms: str) -> list[str]:
    return [terms[start:end] for start, end in _spans(terms) if terms[start:end].strip()]


def _spans(terms: str) -> list[tuple[int, int]]:
    cuts = list(
        re.finditer(
            r"[;\n]|(?<!tag),\s(?=\d)(?!\d{4}\b)|(?<!abzgl)(?<!zzgl)(?<!inkl)(?<!\d)\.\s|(?<=\d{4})\.\s", terms, re.IGNORECASE
        )
    )
    return list(zip([0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(terms)], strict=True))


def _of_another(before: str) -> bool:
    """Whether the words before a date or period speak of something else than payment, like a delivery or a mandate."""
    named = list(_SUBJECT.finditer(before))
    return bool(named) and named[-1]["other"] is not None


def _dates(piece: str) -> set[date]:
    """The days behind a word like `bis` or `due`; a date of the invoice, a mandate or a delivery is no due date."""
    found = set()
    for match in DATE.finditer(piece):
        before = piece[: match.start()]
        if _BEFORE_DATE.search(before[-60:]) and not _of_another(before) and (day := as_date(match)) is not None:
            found.add(day)
    return found


def _periods(piece: str) -> set[int]:
    return {int(match["a"] or match["b"]) for match in _DAYS.finditer(piece) if not _of_another(piece[: match.end()])}


def _after(issued: date, days: int) -> date | None:
    try:
        return issued + timedelta(days=days)
    except OverflowError:  # the last day of the year 9999
        return None
