"""Open items as the search sees them, and what of them a payment mentions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

_LEGAL = re.compile(r"\b(gmbh|ag|kg|ohg|ug|mbh|gbr|e ?k|e ?v|co|und|and|haftungsbeschrankt|ltd|inc|se|oy|bv|sa|sarl|srl)\b")


@dataclass(frozen=True)
class OpenItem:
    """One open item of a customer or vendor."""

    number: str
    open: Decimal
    party: str = ""
    name: str = ""
    iban: str = ""
    issued: date | None = None
    due: date | None = None


@dataclass(frozen=True)
class Payment:
    """An entry on the account, the amount without its sign."""

    amount: Decimal
    text: str = ""
    name: str = ""
    iban: str = ""
    day: date | None = None
    place: str = ""


def money(value: Any) -> Decimal | None:
    """An amount; None when it is none."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        return None


def mentioned(number: str, text: str) -> str:
    """The place where a text names a number, whatever stands between its signs; empty when it does not.

    A number within a longer one is another number: R26-310 is not in R26-3100.
    """
    signs = re.findall(r"[A-Za-z]|\d", number)
    if len(signs) < 3:
        return ""
    pattern = r"[\s\-/._]{0,2}".join(map(re.escape, signs))
    found = re.search(rf"(?<![A-Za-z0-9]){pattern}(?![0-9])", text, re.IGNORECASE)
    return found.group() if found else ""


def core_mentioned(number: str, text: str) -> str:
    """The same for the digits at the end of a number alone, which many people write; at least four of them."""
    found = re.search(r"\d{4,}$", number)
    return mentioned(found.group(), text) if found and found.group() != number else ""


def same_party(one: str, other: str) -> bool:
    """Whether two names are one company's, without legal form, case and accents; banks cut names off."""
    first, second = _bare(one), _bare(other)
    if min(len(first), len(second)) < 4:
        return False
    short, long = sorted((first, second), key=len)
    return long.startswith(short) or SequenceMatcher(None, first, second).ratio() >= 0.88


def _bare(name: str) -> str:
    flat = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
    words = re.sub(r"[^a-z0-9 ]+", " ", "".join(c for c in flat if not unicodedata.combining(c)))
    return "".join(_LEGAL.sub(" ", " ".join(words.split())).split())


def belongs(payment: Payment, items: Iterable[OpenItem]) -> tuple[list[OpenItem], str]:
    """The items of whoever paid, and by what that is known: iban, party (a number in the text) or name."""
    every = list(items)
    by_iban = [one for one in every if one.iban and _flat(one.iban) == _flat(payment.iban)]
    if by_iban:
        return by_iban, "iban"
    by_number = [one for one in every if len(one.party) >= 4 and mentioned(one.party, payment.text)]
    if by_number:
        return by_number, "party"
    by_name = [one for one in every if same_party(one.name, payment.name)]
    # two customers of one name: nobody can tell whose it is
    return (by_name, "name") if len({one.party for one in by_name}) == 1 else ([], "")


def _flat(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
