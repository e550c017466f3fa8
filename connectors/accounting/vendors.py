"""The creditors of the office, and which one an invoice is from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from kontorist.core.values import canonical, sha256

COLUMNS = {
    "number": "Kreditor",
    "name": "Name",
    "vat_id": "USt-IdNr",
    "tax_number": "Steuernummer",
    "iban": "IBAN",
    "email_domain": "E-Mail-Domain",
    "expense_account": "Aufwandskonto",
    "payment_terms_days": "Zahlungsziel",
    "cost_center": "Kostenstelle",
}


@dataclass(frozen=True)
class Vendor:
    """One creditor; `place` is its line in the file."""

    number: str
    name: str
    vat_id: str = ""
    tax_number: str = ""
    iban: str = ""
    email_domain: str = ""
    expense_account: str = ""
    payment_terms_days: str = ""
    cost_center: str = ""
    place: str = ""

    @property
    def ibans(self) -> tuple[str, ...]:
        """The accounts, as letters and digits; several may stand in one cell, with commas or slashes."""
        return tuple(flat(one) for one in re.split(r"[,/|]", self.iban) if flat(one))

    def values(self) -> dict[str, Any]:
        """The columns of the look-up table."""
        found = asdict(self)
        del found["place"]
        days = self.payment_terms_days
        return found | {"payment_terms_days": int(days) if days else None}

    def digest(self) -> str:
        """Changes when anything about the creditor changes."""
        return sha256(canonical({key: value for key, value in asdict(self).items() if key != "place"}))


@dataclass(frozen=True)
class Vendors:
    """All creditors that could be read, and what is wrong with the other lines."""

    every: tuple[Vendor, ...]
    problems: tuple[str, ...] = ()

    def by_number(self, number: str | None) -> Vendor | None:
        """The creditor with an account."""
        return next((one for one in self.every if one.number == number), None)

    def match(self, seller: Mapping[str, Any], ibans: Sequence[str], domains: Sequence[str] = ()) -> tuple[Vendor | None, str]:
        """The one creditor with the seller's VAT id, else tax number, IBAN, name, mail domain; and by which. Two are none."""
        names = {plain_name(seller.get("name"))}
        tests: dict[str, Callable[[Vendor], bool]] = {
            "vat_id": lambda one: _same(one.vat_id, seller.get("vat_id")),
            "tax_number": lambda one: _same(one.tax_number, seller.get("tax_number")),
            "iban": lambda one: bool({*one.ibans} & {flat(iban) for iban in ibans}),
            "name": lambda one: plain_name(one.name) in names - {""},
            "domain": lambda one: one.email_domain.strip().lower() in {*domains} - {""},
        }
        for key, fits in tests.items():
            hits = [one for one in self.every if fits(one)]
            if hits:
                return (hits[0], key) if len(hits) == 1 else (None, key)
        return None, ""

    def similar(self, name: object) -> Vendor | None:
        """The creditor whose name could be taken for this one."""
        wanted = plain_name(name)
        close = get_close_matches(wanted, [plain_name(one.name) for one in self.every], n=1, cutoff=0.85) if wanted else []
        return next((one for one in self.every if plain_name(one.name) in close), None)


def _same(one: object, other: object) -> bool:
    return bool(flat(one)) and flat(one) == flat(other)


def flat(text: object) -> str:
    """Letters and digits in upper case."""
    return re.sub(r"[^A-Z0-9]", "", str(text or "").upper())


def plain_name(text: object) -> str:
    """A name without case, blanks and punctuation; legal forms stay, since they tell companies apart."""
    return re.sub(r"[\W_]+", "", str(text or "").casefold())
