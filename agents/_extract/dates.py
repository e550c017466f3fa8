"""Dates as people write them in German and English, also relative to the day the mail was written."""

# ruff: noqa: SIM905 - lists of words read better as text

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from agents._extract.candidates import Candidate

_MONTHS = {
    stem: number
    for number, stems in enumerate(
        ("jan jän", "feb", "mär mar mrz", "apr", "mai may", "jun", "jul", "aug", "sep", "okt oct", "nov", "dez dec"), start=1
    )
    for stem in stems.split()
}
_MONTH = (
    r"(?:jan(?:uar|uary)?|jänner|feb(?:ruar|ruary)?|märz|mär|mrz|mar(?:ch)?|apr(?:il)?|mai|may|juni?|june|juli?|july|aug(?:ust)?"
    r"|sept?(?:ember)?|okt(?:ober)?|oct(?:ober)?|nov(?:ember)?|dez(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAYS = {
    name: number
    for number, names in enumerate(
        (
            "montag monday",
            "dienstag tuesday",
            "mittwoch wednesday",
            "donnerstag thursday",
            "freitag friday",
            "samstag sonnabend saturday",
            "sonntag sunday",
        )
    )
    for name in names.split()
}
_DAY = "|".join(_DAYS)
_COUNTS = {
    **dict(zip("eine zwei drei vier fünf sechs sieben acht neun zehn".split(), range(1, 11), strict=True)),
    **dict(zip("one two three four five six seven eight nine ten".split(), range(1, 11), strict=True)),
    "einem": 1,
    "einer": 1,
    "a": 1,
}
_COUNT = r"\d{1,3}|" + "|".join(_COUNTS)
_RELATIVE = {
    "vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "übermorgen": 2,
    "yesterday": -1, "today": 0, "tomorrow": 1,
}  # fmt: skip

Reader = Callable[[re.Match[str], date], date | None]


def dates(text: str, today: date, *, with_digits: bool = False) -> Iterator[Candidate]:
    """Dates in the text; `today` is the day it was written. Overlapping readings: the first form wins."""
    taken: list[tuple[int, int]] = []
    for pattern, reader, confidence in _WITH_DIGITS if with_digits else _FORMS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            value = _safely(reader, match, today)
            if value is not None:
                taken.append(match.span())
                yield Candidate(value, match.start(), match.end(), confidence)


def _safely(reader: Reader, match: re.Match[str], today: date) -> date | None:
    try:
        return reader(match, today)
    except (ValueError, OverflowError):  # 31.02. is no date
        return None


def _year(written: str | None, month: int, day: int, today: date) -> int:
    """The year as written; without one, that which puts the day nearest to the day of writing."""
    if written:
        return int(written) + (2000 if len(written) == 2 else 0)
    years = [today.year - 1, today.year, today.year + 1]
    return min(years, key=lambda y: abs((date(y, month, min(day, 28)) - today).days))


def _month(written: str) -> int:
    return _MONTHS[written[:3].lower()]


def _numeric(match: re.Match[str], today: date) -> date:
    day, month = int(match["d"]), int(match["m"])
    if month > 12 >= day and "/" in match.group():
        day, month = month, day
    return date(_year(match["y"], month, day, today), month, day)


def _named(match: re.Match[str], today: date) -> date:
    month, day = _month(match["m"]), int(match["d"])
    return date(_year(match["y"], month, day, today), month, day)


def _iso(match: re.Match[str], _today: date) -> date:
    return date(int(match["y"]), int(match["m"]), int(match["d"]))


def _near(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=_RELATIVE[match[1].lower()])


def _weekday(match: re.Match[str], today: date) -> date:
    wanted, which = _DAYS[match["day"].lower()], (match["which"] or "").lower()
    if which.startswith(("letzte", "vergangene", "last", "vorige")):
        return today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _span(match: re.Match[str], today: date) -> date:
    count = match["n"].lower()
    days = (int(count) if count.isdigit() else _COUNTS[count]) * (7 if match["unit"][0] in "wW" else 1)
    back = (match["vor"] or "").lower() == "vor" or (match["ago"] or "").lower() == "ago"
    return today + timedelta(days=-days if back else days)


def _week(match: re.Match[str], today: date) -> date:
    return date.fromisocalendar(int(match["y"] or today.year), int(match["w"]), 1)


def _month_end(_match: re.Match[str], today: date) -> date:
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return first - timedelta(days=1)


def _named_month_end(match: re.Match[str], today: date) -> date:
    month = _month(match["m"])
    year = _year(match["y"], month, 28, today)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _week_end(match: re.Match[str], today: date) -> date:
    """The Friday of this week or the next: offices are closed after it."""
    later = 7 if match["which"].lower().startswith(("nächste", "kommende", "next", "coming")) else 0
    return today - timedelta(days=today.weekday()) + timedelta(days=4 + later)


def _form(pattern: str, reader: Reader, confidence: float) -> tuple[re.Pattern[str], Reader, float]:
    return re.compile(pattern, re.IGNORECASE), reader, confidence


_FORMS = (
    _form(r"(?<![\d.-])(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?![\d-])", _iso, 0.97),
    _form(r"(?<![\d.,/])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>(?:19|20)\d\d|\d\d)(?!\d|[.,/]\d)", _numeric, 0.95),
    _form(r"(?<![\d.,/])(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>(?:19|20)\d\d|\d\d)(?!\d|[.,/]\d)", _numeric, 0.8),
    _form(
        rf"(?<![\d.,/])(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)? ?(?:of )?(?P<m>{_MONTH}),? ?(?P<y>(?:19|20)\d\d)?(?!\d)", _named, 0.93
    ),
    _form(rf"\b(?P<m>{_MONTH}) (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.:]\d)(?:,? (?P<y>(?:19|20)\d\d))?", _named, 0.9),
    _form(r"(?<![\d.,/])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>)(?!\d)", _numeric, 0.85),
    _form(rf"\b(?:ende|end of) (?P<m>{_MONTH})(?: (?P<y>(?:19|20)\d\d))?", _named_month_end, 0.7),
    _form(
        r"\bend(?:e| of) (?:der |the )?(?P<which>nächster|nächsten|kommender|kommenden|dieser|next|this|coming) (?:woche|week)\b",
        _week_end,
        0.7,
    ),
    _form(rf"\b(?:heute|today) (?P<vor>in) (?P<n>{_COUNT}) (?P<unit>tage?n?|wochen?|days?|weeks?)(?P<ago>)\b", _span, 0.7),
    _form(
        r"\b(vorgestern|gestern|heute|übermorgen|(?<!guten )morgen|yesterday|today|tomorrow)\b(?! (?:früh )?zusammen)", _near, 0.8
    ),
    _form(
        rf"\b(?:(?P<which>nächste[nrm]?|kommende[nrm]?|diese[nrm]?|letzte[nrm]?|vergangene[nrm]?|vorige[nrm]?|next|this|last|coming) "
        rf"|(?:am|bis|on|by|until) )(?P<day>{_DAY})\b",
        _weekday,
        0.7,
    ),
    _form(
        rf"\b(?P<vor>in|vor|innerhalb von|within) (?P<n>{_COUNT}) (?P<unit>tage?n?|wochen?|days?|weeks?)(?P<ago>)\b", _span, 0.7
    ),
    _form(rf"\b(?P<vor>)(?P<n>{_COUNT}) (?P<unit>days?|weeks?) (?P<ago>ago)\b", _span, 0.7),
    _form(r"\b(?:KW|Kalenderwoche|week) ?(?P<w>\d{1,2})(?:[/ ](?P<y>20\d\d))?\b", _week, 0.7),
    _form(r"\b(?:ende des monats|zum monatsende|bis monatsende|end of (?:the|this) month)\b", _month_end, 0.7),
)
_WITH_DIGITS = tuple(form for form in _FORMS if r"\d" in form[0].pattern)
