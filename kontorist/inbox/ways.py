"""Amounts and days as readers of a language write them, also where they stand in a sentence that was written in German."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

AMOUNT = "#,##0.00##"
_GERMAN_AMOUNT = re.compile(r"(-?(?:\d{1,3}(?:\.\d{3})+|\d{1,15}),\d{2,8})(?: ([A-Z]{3}))?")
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})( \d{2}:\d{2})?")


@cache
def locale_of(language: str) -> Locale:
    """Read once: a page asks for it several hundred times."""
    return Locale.parse(language)


def day(value: date, language: str) -> str:
    """`28.11.2026` in German, `28 Nov 2026` in English: no reader takes the month for the day."""
    return str(format_date(value, "d MMM yyyy" if language == "en" else "medium", locale=locale_of(language)))


def money(value: Any, currency: str, language: str) -> str:
    """An amount with its currency; what is none stays as it is."""
    try:
        amount = Decimal(str(value))
        return str(format_currency(amount, currency or "EUR", locale=locale_of(language)))
    except (InvalidOperation, ValueError):
        return str(value)


def rewritten(value: str, kind: str, language: str) -> str:
    """A value of a German sentence as this reader writes it, `1.234,56 EUR` as `€1,234.56`; what is no such value stays as it is."""
    if language == "de":
        return value
    return _amount(value, language) if kind == "amount" else _day(value, language) if kind == "day" else value


def _amount(value: str, language: str) -> str:
    found = _GERMAN_AMOUNT.fullmatch(value)
    if not found:
        return value
    amount = Decimal(found[1].replace(".", "").replace(",", "."))
    return money(amount, found[2], language) if found[2] else str(format_decimal(amount, AMOUNT, locale=locale_of(language)))


def _day(value: str, language: str) -> str:
    found = _GERMAN_DAY.fullmatch(value)
    try:
        return day(date(int(found[3]), int(found[2]), int(found[1])), language) + (found[4] or "") if found else value
    except ValueError:
        return value
