"""Filters that an office needs in its templates: dates, money, greetings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from kontorist.core import workdays

ZONE = ZoneInfo("Europe/Berlin")
_WEEKDAYS = {
    "de": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def as_date(value: Any) -> date:
    """A date from a date, a time (in the office's zone) or ISO text. Raises ValueError."""
    if isinstance(value, datetime):
        return value.astimezone(ZONE).date() if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10])


def format_date(value: Any, language: str = "de") -> str:
    """`20.11.2026` in German, `20 November 2026` in English; empty for nothing."""
    if value in (None, ""):
        return ""
    day = as_date(value)
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def as_decimal(value: Any) -> Decimal:
    """A Decimal from a number, its text, or a money value {amount, currency}. Raises ValueError."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"'{value}' is not an amount") from error
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise ValueError(f"'{value}' is not an amount")
    return amount


def format_money(value: Any, currency: str = "", language: str = "de") -> str:
    """`1.234,50 EUR` in German, `EUR 1,234.50` in English; rounds half up to cents."""
    if value in (None, ""):
        return ""
    unit = currency or (value.get("currency") if isinstance(value, Mapping) else "") or "EUR"
    text = format_amount(value, language)
    return f"{text} {unit}" if language == "de" else f"{unit} {text}"


def format_amount(value: Any, language: str = "de") -> str:
    """`1.234,50` in German, `1,234.50` in English; rounds half up to cents."""
    text = f"{as_decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP):,.2f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def weekday(value: Any, language: str = "de") -> str:
    """The name of the day of the week."""
    return _WEEKDAYS.get(language, _WEEKDAYS["en"])[as_date(value).weekday()]


def days_until(value: Any, today: Any = None) -> int:
    """Days from today to a date, negative in the past."""
    return (as_date(value) - (as_date(today) if today else datetime.now(ZONE).date())).days


_TITLED = {
    "herr": ("Sehr geehrter Herr", "Dear Mr"),
    "herrn": ("Sehr geehrter Herr", "Dear Mr"),
    "frau": ("Sehr geehrte Frau", "Dear Ms"),
    "mr": ("Sehr geehrter Herr", "Dear Mr"),
    "ms": ("Sehr geehrte Frau", "Dear Ms"),
    "mrs": ("Sehr geehrte Frau", "Dear Mrs"),
}
_DEGREES = {"dr.", "prof.", "dr", "prof"}
_WORDS_OF_A_NAME, _LONGEST_NAME = 7, 60
_LETTERS_OF_A_NAME = re.compile(r"(?!.*\.\w\w)[\w .,&+'’()-]+")  # no sentence, no address
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f\x85\u2028\u2029<>@"\\]')
_TO_BE_QUOTED = re.compile(r"[(),:;\[\]]")
"""What would end a name, or begin something else, in an address field (RFC 5322)."""
_PARTICLES = {"von", "van", "de", "der", "den", "zu", "zum", "zur", "vom", "ten", "ter", "del", "della", "di", "le", "la"}


def salutation(name: Any, language: str = "de") -> str:
    """A greeting that offends nobody: by title where one is given, else neutral by full name, which does not tell."""
    text = " ".join(str(name or "").split())
    text = text if is_name(text) else ""
    if text.count(",") == 1:  # address books write the family name first
        family, _, given = text.partition(",")
        text = f"{given.strip()} {family.strip()}".strip()
    title, _, rest = text.partition(" ")
    if rest and (greeting := _TITLED.get(title.lower().rstrip("."))):
        return f"{greeting[0 if language == 'de' else 1]} {_family(rest)},"
    if language == "de":
        return f"Guten Tag {text}," if text else "Guten Tag,"
    return f"Dear {text}," if text else "Hello,"


def named(address: Any, name: Any) -> str:
    """A mail address with the name of whom it belongs to, `Muster GmbH <info@muster.example>`; the address alone where there is none."""
    bare, text = str(address or "").strip(), " ".join(_NOT_IN_A_NAME.sub(" ", str(name or "")).split())[:200]
    if not bare or not text or "<" in bare:
        return bare
    return f'"{text}" <{bare}>' if _TO_BE_QUOTED.search(text) else f"{text} <{bare}>"


def is_name(text: str) -> bool:
    """Whether a text can be what people call somebody. Senders may call themselves anything, such as an order to whoever reads it on."""
    words = text.split()
    if not words or len(words) > _WORDS_OF_A_NAME or len(text) > _LONGEST_NAME or not _LETTERS_OF_A_NAME.fullmatch(text):
        return False
    small = [w for w in words if w.islower() and w.lower() not in _PARTICLES | _DEGREES | {"und", "and", "geb."}]
    return not small or (len(words) <= 2 and len(small) == len(words))  # some write their whole name in small letters


def _family(name: str) -> str:
    """Degrees and the family name with its particles."""
    words = name.split()
    degrees = [w for w in words if w.lower() in _DEGREES]
    names = [w for w in words if w.lower() not in _DEGREES]
    start = len(names) - 1
    while start > 0 and names[start - 1].lower() in _PARTICLES:
        start -= 1
    return " ".join([*degrees, *names[max(start, 0) :]])


def iban(value: Any) -> str:
    """An IBAN in groups of four."""
    text = "".join(str(value or "").split()).upper()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def is_iban(value: Any) -> bool:
    """Whether a text is an IBAN whose check digits are right."""
    from stdnum import iban as checked

    return bool(checked.is_valid(str(value or "")))


def is_working_day(value: Any, state: str = "", country: str = "DE") -> bool:
    """Whether an office works on this day: no weekend, no public holiday."""
    return workdays.is_workday(as_date(value), state, country)


def add_working_days(value: Any, count: Any, state: str = "", country: str = "DE") -> date:
    """The day so many working days later; behind the count a German state may stand, as `BY`."""
    return workdays.add_workdays(as_date(value), count, state, country)


def working_days_until(value: Any, start: Any = None, state: str = "", country: str = "DE") -> int:
    """Working days from today, or from `start`, to a date."""
    return workdays.workdays_until(as_date(value), as_date(start) if start else datetime.now(ZONE).date(), state, country)


def holiday(value: Any, state: str = "", country: str = "DE") -> str:
    """The name of the public holiday on a day, or nothing."""
    return workdays.holiday_name(as_date(value), state, country)


def similarity(value: Any, other: Any) -> float:
    """How alike two texts are, from 0 to 1: case, punctuation, umlauts and the order of words do not count."""
    import difflib

    return round(difflib.SequenceMatcher(None, _folded(value), _folded(other), autojunk=False).ratio(), 3)


def closest(value: Any, choices: Any, at_least: float = 0.75, attribute: str = "") -> Any:
    """The entry of a list that is most like a text, or nothing where none is alike enough; of rows, the column `attribute` counts."""
    rated = [(similarity(value, c.get(attribute, "") if attribute else c), -i, c) for i, c in enumerate(choices or ())]
    best = max(rated, key=lambda r: r[:2], default=(0.0, 0, None))
    return best[2] if best[0] >= at_least else None


_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _folded(value: Any) -> str:
    text = str(value or "")[:500].casefold().translate(_FOLD)
    return " ".join(sorted("".join(c if c.isalnum() else " " for c in text).split()))


def as_rows(entries: Any, columns: Mapping[str, str], **same: Any) -> list[dict[str, Any]]:
    """A row for each entry of a list: its values under the columns' names (`{column: name in the entry}`), and what is the same in every row."""
    try:
        return [{**same, **{column: entry[name] for column, name in columns.items()}} for entry in entries]
    except KeyError as error:
        raise ValueError(f"an entry of the list has no {error}") from error


FILTERS: dict[str, Callable[..., Any]] = {
    "date": format_date,
    "money": format_money,
    "weekday": weekday,
    "days_until": days_until,
    "salutation": salutation,
    "named": named,
    "iban": iban,
    "is_iban": is_iban,
    "is_working_day": is_working_day,
    "add_working_days": add_working_days,
    "working_days_until": working_days_until,
    "holiday": holiday,
    "similarity": similarity,
    "closest": closest,
    "as_rows": as_rows,
}
