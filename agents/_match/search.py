"""The search: from a payment and open items to what it settles, with a score and the reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

from agents._match.items import OpenItem, Payment, belongs, core_mentioned, mentioned

_MOST = 14
"""Items of one customer of which every sum is tried: 16,000 of them."""
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Share:
    """What of a payment goes to an item."""

    item: OpenItem
    paid: Decimal
    discount: Decimal = Decimal("0.00")

    @property
    def rest(self) -> Decimal:
        """What stays open."""
        return self.item.open - self.paid - self.discount


@dataclass(frozen=True)
class Match:
    """What a payment settles."""

    state: str
    """exact, collective, discount, partial, overpaid, several or none."""
    score: float = 0.0
    shares: tuple[Share, ...] = ()
    by: str = ""
    """How the items were found: number, core, iban, party, name or amount."""
    quotes: dict[str, str] = field(default_factory=dict)
    """Item's number → how the payment writes it."""
    candidates: tuple[OpenItem, ...] = ()


@dataclass(frozen=True)
class Discount:
    """Which cash discounts are granted, and for how long."""

    percents: tuple[Decimal, ...] = ()
    days: int = 14
    grace: int = 3

    def of(self, item: OpenItem, payment: Payment) -> list[Decimal]:
        """The discounts that may be taken from an item with this payment; none after its time."""
        if item.issued and payment.day and payment.day > item.issued + timedelta(days=self.days + self.grace):
            return []
        return [(item.open * percent / 100).quantize(_CENT, ROUND_HALF_UP) for percent in self.percents]


def match(payment: Payment, items: Sequence[OpenItem], discount: Discount) -> Match:
    """What the payment settles."""
    every = [one for one in items if one.open > 0]
    for by, find in (("number", mentioned), ("core", core_mentioned)):
        quotes = {one.number: quote for one in every if (quote := find(one.number, payment.text))}
        named = [one for one in every if one.number in quotes]
        if named and (by == "number" or len({one.party for one in named}) == 1):
            return _named(payment, named, by, quotes, discount)
    theirs, by = belongs(payment, every)
    if theirs:
        return _of_party(payment, theirs, by, discount)
    alike = [one for one in every if one.open == payment.amount]
    if len(alike) == 1:
        return Match("exact", 0.5, (Share(alike[0], payment.amount),), "amount", candidates=tuple(alike))
    return Match("none" if not alike else "several", 0.0, (), "amount", candidates=tuple(alike[:10]))


def _named(payment: Payment, named: list[OpenItem], by: str, quotes: dict[str, str], discount: Discount) -> Match:
    """The payment names them: it settles all of them, one of them in part, or more than they are."""
    trust = 1.0 if by == "number" else 0.85
    total = sum((one.open for one in named), Decimal(0))
    if len({one.party for one in named}) > 1 and total != payment.amount:
        return Match("several", 0.4, (), by, quotes, tuple(named))
    if total == payment.amount:
        state = "exact" if len(named) == 1 else "collective"
        return Match(state, trust, tuple(Share(one, one.open) for one in named), by, quotes)
    if shares := _discounted(payment, named, discount):
        return Match("discount", trust * 0.95, shares, by, quotes)
    if payment.amount > total:
        return Match("overpaid", 0.5, tuple(Share(one, one.open) for one in named), by, quotes, tuple(named))
    if len(named) == 1:
        return Match("partial", trust * 0.9, (Share(named[0], payment.amount),), by, quotes)
    return Match("several", 0.4, (), by, quotes, tuple(named))


def _of_party(payment: Payment, theirs: list[OpenItem], by: str, discount: Discount) -> Match:
    """We know whose it is: the one item, or the only items, that make up the amount."""
    trust = {"iban": 0.95, "party": 0.95, "name": 0.85}[by]
    alike = [one for one in theirs if one.open == payment.amount]
    if len(alike) == 1:
        return Match("exact", trust, (Share(alike[0], payment.amount),), by)
    if len(alike) > 1:
        return Match("several", 0.4, (), by, candidates=tuple(alike))
    sums = _sums(payment.amount, theirs)
    if len(sums) == 1:
        return Match("collective", trust * 0.95, tuple(Share(one, one.open) for one in sums[0]), by)
    if len(sums) > 1:
        return Match("several", 0.4, (), by, candidates=tuple(theirs))
    reduced = [shares for one in theirs if (shares := _discounted(payment, [one], discount))]
    if len(reduced) == 1:
        return Match("discount", trust * 0.9, reduced[0], by)
    if len(theirs) == 1 and payment.amount < theirs[0].open:
        return Match("partial", 0.6, (Share(theirs[0], payment.amount),), by)
    return Match("several", 0.3, (), by, candidates=tuple(theirs))


def _sums(amount: Decimal, items: list[OpenItem]) -> list[tuple[OpenItem, ...]]:
    """The sets of two or more items that make up an amount; at most two of them, for one more than one proves nothing."""
    if len(items) > _MOST:
        total = sum((one.open for one in items), Decimal(0))
        return [tuple(items)] if total == amount else []
    found: list[tuple[OpenItem, ...]] = []
    for size in range(2, len(items) + 1):
        for some in combinations(items, size):
            if sum((one.open for one in some), Decimal(0)) == amount:
                found.append(some)
                if len(found) > 1:
                    return found
    return found


def _discounted(payment: Payment, items: list[OpenItem], discount: Discount) -> tuple[Share, ...]:
    """All of them with the same cash discount, if that makes up the amount to a cent an item."""
    for index in range(len(discount.percents)):
        reductions = [found[index] if (found := discount.of(one, payment)) else None for one in items]
        if None in reductions:
            continue
        cuts = [one for one in reductions if one is not None]
        short = sum((one.open for one in items), Decimal(0)) - payment.amount
        missing = short - sum(cuts, Decimal(0))
        if abs(missing) <= _CENT * len(items):  # rounded once over all, or an item at a time
            cuts[-1] += missing
            return tuple(Share(one, one.open - cut, cut) for one, cut in zip(items, cuts, strict=True))
    return ()
