"""Cells: from the text in a file to typed values, and from a value to the text that comparisons use."""

from __future__ import annotations

import functools
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?$")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_NO_DATE = {"00.00.0000", "0000-00-00", "00000000"}
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})$")
_CURRENCY = re.compile(r"^(?:€|EUR|CHF|USD|\$)|(?:€|EUR|CHF|USD|\$|%)$")
# a group of thousands never begins with a zero: 0.500 is half of one, whatever the other cells say
_COMMA = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:[.' ]\d{3})+|\d+)(?:,\d+)?$")
_POINT = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:[,' ]\d{3})+|\d+)(?:\.\d+)?$")
_SURELY_COMMA = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+,\d+|0,\d{3}|\d+,(?:\d{1,2}|\d{4,}))-?$")
_SURELY_POINT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+\.\d+|0\.\d{3}|\d+\.(?:\d{1,2}|\d{4,}))-?$")
_YES = {"ja", "j", "yes", "y", "true", "wahr", "1", "x"}
_NO = {"nein", "n", "no", "false", "falsch", "0"}
_ARTICLE = {"integer": "a whole number", "decimal": "a number", "date": "a date", "boolean": "yes or no"}


def not_a(kind: str) -> str:
    """`not a date`: the end of a sentence about a cell that does not fit its column."""
    return f"not {_ARTICLE.get(kind, kind)}"


@functools.lru_cache(maxsize=65536)
def parse_date(text: str) -> date | None:
    """The date in a cell (day first or ISO, a time behind it is left out); None for the ERP's zero date. Raises ValueError."""
    if text in _NO_DATE:
        return None
    if found := _DAY_FIRST.match(text):
        day, month, year = found.groups()
        return date(_full_year(year), int(month), int(day))
    if found := _YEAR_FIRST.match(text) or _COMPACT.match(text):
        year, month, day = found.groups()
        return date(int(year), int(month), int(day))
    raise ValueError(text)


def _full_year(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return int(year) + (2000 if int(year) < 70 else 1900)


def parse_decimal(text: str, mark: str) -> Decimal:
    """The number in a cell, with thousands separators, currency sign or trailing minus. Raises ValueError."""
    bare = _CURRENCY.sub("", text.replace("\xa0", " ").replace("\u202f", " ")).strip()
    if bare.endswith("-"):  # SAP writes the minus behind the number
        bare = "-" + bare[:-1].strip()
    if not bare.isascii() or not (_COMMA if mark == "," else _POINT).match(bare):
        raise ValueError(text)
    thousands = "." if mark == "," else ","
    return Decimal(bare.replace(thousands, "").replace("'", "").replace(" ", "").replace(mark, "."))


def parse_integer(text: str) -> int:
    """The whole number in a cell; one with leading zeros is an identifier and not a number. Raises ValueError."""
    if not text.isascii() or not _INTEGER.match(text):
        raise ValueError(text)
    return int(text)


def parse_boolean(text: str) -> bool:
    """Yes or no in the words that exports use. Raises ValueError."""
    word = text.casefold()
    if word not in _YES and word not in _NO:
        raise ValueError(text)
    return word in _YES


def parse(text: str, kind: str, mark: str) -> Any:
    """The typed value of a cell; None when it is empty. Raises ValueError."""
    if not text:
        return None
    if kind == "text":
        return text
    if kind == "date":
        return parse_date(text)
    if kind == "decimal":
        return parse_decimal(text, mark)
    return parse_integer(text) if kind == "integer" else parse_boolean(text)


def value_or_none(text: str, kind: str, mark: str) -> Any:
    """The typed value of a cell, None when it is empty or does not fit (that was reported when the file was read)."""
    try:
        return parse(text, kind, mark)
    except ValueError:
        return None


def has_shape(text: str, kind: str, mark: str) -> bool:
    """Whether a cell looks like this type, even if it is impossible: `31.02.2026` looks like a date."""
    if kind == "date":
        return bool(_DAY_FIRST.match(text) or _YEAR_FIRST.match(text))
    if kind == "boolean":
        return text.casefold() in {"ja", "nein", "j", "n", "true", "false", "wahr", "falsch", "yes", "no"}
    if kind == "decimal" and re.match(r"[+-]?0\d", text):
        return False
    try:
        parse(text, kind, mark)
    except ValueError:
        return False
    return True


def decimal_mark(texts: list[str], delimiter: str) -> str:
    """The decimal sign of a file, by the cells that can only be read one way; else by its delimiter."""
    comma = sum(1 for t in texts if _SURELY_COMMA.match(t))
    point = sum(1 for t in texts if _SURELY_POINT.match(t))
    if comma == point:
        return "." if delimiter == "," else ","
    return "," if comma > point else "."


@functools.lru_cache(maxsize=4096)
def same(text: str) -> str:
    """Text as comparisons see it: without case, outer blanks and differences of Unicode form.

    Not casefold(): that makes one of `ß` and `ss`, and two owners' addresses would find the same customer.
    """
    return unicodedata.normalize("NFC", text).strip().lower()


def comparable(text: str, kind: str, mark: str) -> str | None:
    """A cell as comparisons see it; None when it is empty or does not fit its column."""
    value = value_or_none(text, kind, mark)
    if value is None:
        return None
    return same(text) if kind == "text" else _canonical(value)


def _canonical(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)


def wanted(value: Any, kind: str, mark: str) -> str | None:
    """What a flow looks for, as comparisons see it; None when it can match nothing."""
    if value is None or value == "":
        return None
    if kind == "text":
        return same(str(value)) or None
    if isinstance(value, str):
        return _wanted_text(value.strip(), kind, mark)
    return _wanted_value(value, kind)


def _wanted_text(text: str, kind: str, mark: str) -> str | None:
    if kind == "decimal" and re.fullmatch(r"-?\d+\.\d+", text):  # a payload's way to write decimals
        return _canonical(Decimal(text))
    return comparable(text, kind, mark)


def _wanted_value(value: Any, kind: str) -> str | None:
    if kind == "date":
        value = value.date() if isinstance(value, datetime) else value
        return value.isoformat() if isinstance(value, date) else None
    if isinstance(value, bool) or kind == "boolean":
        return str(bool(value)) if kind == "boolean" else None
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        return _canonical(int(number) if kind == "integer" and number == int(number) else number)
    return None
