"""What a bank says about an account: statements with their entries, whatever format they came in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from kontorist.core.values import canonical, sha256

STATEMENT, REPORT, NOTIFICATION = "statement", "report", "notification"
"""Booked and final (camt.053, MT940, CSV); of the day and not final (camt.052, MT942); details of one entry (camt.054)."""


@dataclass(frozen=True)
class Balance:
    """What was on the account on a day; negative when it was overdrawn."""

    amount: Decimal
    currency: str
    day: date | None = None


@dataclass(frozen=True)
class Entry:
    """One movement on an account. A collective entry whose details the bank gives is as many entries as it has details."""

    amount: Decimal
    """Negative when the money went out."""
    currency: str
    booking_date: date | None = None
    value_date: date | None = None
    account: str = ""
    """Our own account: an IBAN where the bank gives one."""
    counterparty: str = ""
    iban: str = ""
    """The counterparty's account as the bank gives it; not every bank gives an IBAN."""
    bic: str = ""
    purpose: str = ""
    end_to_end_id: str = ""
    mandate: str = ""
    creditor_id: str = ""
    customer_reference: str = ""
    bank_reference: str = ""
    kind: str = ""
    """What sort of movement it is, in the bank's words or code."""
    reversal: bool = False
    pending: bool = False
    place: str = ""
    """Where it stands in its file, for a person: `line 12`, `entry 3, line 40`."""
    twin: int = 1
    """Counts entries of one statement that are alike in every respect."""

    @property
    def key(self) -> str:
        """The same for one movement in every statement and format that tells it alike."""
        told = [_flat(self.account), self.amount.normalize() + 0, self.currency, self.booking_date or self.value_date, self.twin]
        said = [_flat(one) for one in (self.iban, self.end_to_end_id, self.mandate, self.purpose)]
        return sha256(canonical({"told": told, "said": said if any(said) else [_flat(self.bank_reference)]}))

    def as_dict(self) -> dict[str, Any]:
        """Journal values, with the key."""
        return {name: value for name, value in asdict(self).items() if name != "twin"} | {"key": self.key}


@dataclass(frozen=True)
class Statement:
    """One statement of one account."""

    format: str
    """`camt.053.001.08`, `MT940`, `CSV (Sparkasse)`."""
    account: str = ""
    id: str = ""
    number: str = ""
    currency: str = ""
    message: str = STATEMENT
    opening: Balance | None = None
    closing: Balance | None = None
    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = field(default=())
    """What does not fit in it, as sentences; the entries can still be read."""

    def sound(self) -> Statement:
        """With its entries counted where they are alike, and told when they do not add up to the closing balance."""
        wrong = self._sum()
        return replace(self, entries=tuple(_counted(self.entries)), problems=(*self.problems, *([wrong] if wrong else [])))

    def _sum(self) -> str:
        first, last = self.opening, self.closing
        if first is None or last is None or first.currency != last.currency:
            return ""
        booked = [one for one in self.entries if not one.pending]
        if any(one.currency != first.currency for one in booked):
            return ""
        total = first.amount + sum((one.amount for one in booked), Decimal(0))
        if total == last.amount:
            return ""
        return (
            f"The statement {self.id or self.number} does not add up: {first.amount} and its entries make {total}, "
            f"its closing balance is {last.amount}. Entries may be missing; get it from the bank again."
        )


def counted(statements: list[Statement]) -> list[Statement]:
    """The statements of one file with entries that are alike counted over all of them.

    Pages of one day may each hold such an entry. The same bank reference in another statement, or a whole statement
    once more, is the same entry again.
    """
    if len(statements) < 2:
        return statements
    twins: dict[tuple[str, str], dict[tuple[str, int], int]] = {}
    seen: dict[Statement, int] = {}
    for number, one in enumerate(statements):
        bare = replace(one, entries=tuple(replace(entry, place="", twin=1) for entry in one.entries), problems=())
        first = seen.setdefault(bare, number)
        statements[number] = replace(one, entries=tuple(_among(one, first, twins)))
    return statements


def _among(statement: Statement, number: int, twins: dict[tuple[str, str], dict[tuple[str, int], int]]) -> Iterable[Entry]:
    """Each entry with its place among those of the file that are alike; `twins` keeps what tells them apart."""
    here: Counter[tuple[str, str]] = Counter()
    for entry in statement.entries:
        alike = replace(entry, twin=1).key
        known = twins.setdefault((statement.message, alike), {})
        told = _flat(entry.bank_reference) or f"-{number}"
        here[alike, told] += 1
        sign = (told, here[alike, told])
        yield replace(entry, twin=known.setdefault(sign, len(known) + 1))


def _counted(entries: Iterable[Entry]) -> Iterable[Entry]:
    seen: Counter[str] = Counter()
    for one in entries:
        alike = replace(one, twin=1).key
        seen[alike] += 1
        yield replace(one, twin=seen[alike])


def _flat(text: str) -> str:
    """Without blanks and punctuation: formats wrap and pad the same text differently."""
    return re.sub(r"[\W_]+", "", text).upper()
