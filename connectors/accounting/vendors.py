"""The creditors of the office, from a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kontorist.core.errors import ConfigurationError, Unavailable
from kontorist.core.values import canonical, sha256
from kontorist.reading.parts import decoded

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
            "domain": lambda one: one.email_domain.strip().casefold() in {*domains} - {""},
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


def read_vendors(path: Path) -> Vendors:
    """The creditors in a file. Raises ConfigurationError when it is missing or has other columns."""
    try:
        text = decoded(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"The file of creditors {path} is not there; name it under `vendors` in connections.yaml."
        ) from error
    except OSError as error:
        raise Unavailable(f"The file of creditors {path} cannot be read now: {error.strerror}.") from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    header = [cell.strip() for cell in next(lines, [])]
    missing = [caption for key, caption in COLUMNS.items() if caption not in header and key in {"number", "name"}]
    if missing:
        raise ConfigurationError(f"{path.name}: the first line lacks the columns {', '.join(missing)}.")
    every: list[Vendor] = []
    problems: list[str] = []
    for cells in lines:
        if any(cell.strip() for cell in cells):
            place = f"{path.name}:{lines.line_num}"
            vendor = _vendor(dict(zip(header, map(str.strip, cells), strict=False)), place)
            trouble = [*_wrong(vendor, len(cells), len(header)), *_twice(vendor, every)]
            problems += [f"{place}: {sentence}" for sentence in trouble]
            if not trouble:
                every.append(vendor)
    return Vendors(tuple(every), tuple(problems))


def _vendor(row: dict[str, str], place: str) -> Vendor:
    values = {key: row.get(caption, "") for key, caption in COLUMNS.items()}
    return Vendor(**values, place=place)


def _wrong(vendor: Vendor, cells: int, columns: int) -> Iterator[str]:
    from schwifty import IBAN

    if cells != columns:
        yield f"has {cells} cells, the first line has {columns}; the line is left out."
    if not re.fullmatch(r"\d{5,9}", vendor.number):
        yield f"'{vendor.number}' is no creditor account; the line is left out."
    if not vendor.name:
        yield "the name is missing; the line is left out."
    for iban in vendor.ibans:
        if not IBAN(iban, allow_invalid=True).is_valid:
            yield f"'{iban}' is no IBAN; the line is left out."
    if vendor.expense_account and not re.fullmatch(r"\d{4,8}", vendor.expense_account):
        yield f"'{vendor.expense_account}' is no account; the line is left out."
    if vendor.payment_terms_days and not vendor.payment_terms_days.isdigit():
        yield f"'{vendor.payment_terms_days}' is no number of days; the line is left out."


def _twice(vendor: Vendor, known: list[Vendor]) -> Iterator[str]:
    other = next((one for one in known if one.number == vendor.number), None)
    if other is not None:
        yield f"the creditor {vendor.number} stands in {other.place} already; the line is left out."
