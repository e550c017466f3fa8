"""Finds the open items that a payment settles: by the numbers it names, by whose it is, by what adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from agents._match.items import OpenItem, Payment, money
from agents._match.search import Discount, Match, Share, match
from agents.base import Agent, Options, Result, Setting, Task
from kontorist.core.evidence import Evidence

_STATES = {
    "exact": ("Der Betrag ist der offene Betrag.", "The amount is the open amount."),
    "collective": ("Der Betrag ist die Summe der genannten Posten.", "The amount is the sum of these items."),
    "discount": ("Der Betrag ist der offene Betrag abzüglich Skonto.", "The amount is the open amount less cash discount."),
    "partial": ("Der Betrag ist ein Teil des offenen Betrags.", "The amount is a part of the open amount."),
    "overpaid": ("Es wurde mehr gezahlt, als offen ist.", "More was paid than is open."),
    "several": ("Mehrere Posten kommen in Frage.", "Several items could be meant."),
    "none": ("Kein offener Posten passt.", "No open item fits."),
}
_BY = {
    "number": ("Die Zahlung nennt die Rechnungsnummer.", "The payment names the invoice number."),
    "core": ("Die Zahlung nennt das Ende der Rechnungsnummer.", "The payment names the end of the invoice number."),
    "iban": ("Das Konto ist das des Kunden.", "The account is the customer's."),
    "party": ("Die Zahlung nennt die Kundennummer.", "The payment names the customer number."),
    "name": ("Der Name ist der des Kunden.", "The name is the customer's."),
    "amount": ("Nur der Betrag ist gleich.", "Only the amount is the same."),
}


class MatchOptions(Options):
    """Options of the step."""

    entry: str = Field(description='The entry of the bank statement, usually "{{ row }}"')
    items: str = Field(description='The open items, usually from a look-up with `many: true`: "{{ open }}"')
    number: str = Field("number", description="The items' column with the number of the invoice")
    open: str = Field("open", description="The items' column with the open amount")
    party: str = Field("customer_number", description="The items' column with the customer or vendor")
    name: str = Field("customer_name", description="The items' column with their name")
    iban: str = Field("iban", description="The items' column with their account, if there is one")
    issued: str = Field("invoice_date", description="The items' column with the date of the invoice")
    discounts: list[Decimal] = Field([], description="Cash discounts that are granted, in percent: [2, 3]")
    discount_days: int = Field(
        14, ge=0, description="Days from the invoice's date in which they may be taken; three more are forgiven"
    )
    at_least: float = Field(0.8, ge=0, le=1, description="The score below which a person decides")


class MatchPayment(Agent):
    """Says which open items a payment settles."""

    Options = MatchOptions
    templates = ("entry", "items")
    version = "1"

    def run(self, tasks: Sequence[Task], setting: Setting) -> list[Result | Exception]:
        """One result a case."""
        german = str(next(iter(setting.languages), "de")).startswith("de")
        return [_one(task, german) for task in tasks]

    def outputs(self, options: Any) -> Mapping[str, str]:
        """The fields of the result."""
        return {"state": "text", "score": "decimal", "items": "list", "party": "text", "name": "text", "reasons": "list"}


def _one(task: Task, german: bool) -> Result:
    options, entry = task.options, task.rendered.get("entry")
    entry = entry if isinstance(entry, Mapping) else {}
    given = task.rendered.get("items")
    items = [one for row in given if (one := _item(row, options))] if isinstance(given, list | tuple) else []
    payment = _payment(entry)
    found = match(payment, items, Discount(tuple(options.discounts), options.discount_days))
    sentences = [_say(_BY[found.by], german)] if found.by and found.state != "none" else []
    sentences.append(_say(_STATES[found.state], german))
    parties = {share.item.party for share in found.shares}
    output = {
        "state": found.state,
        "score": Decimal(f"{found.score:.2f}"),
        "items": [_share(one) for one in found.shares],
        "party": parties.pop() if len(parties) == 1 else "",
        "name": found.shares[0].item.name if found.shares else "",
        "reasons": sentences,
    }
    unclear = "" if found.score >= options.at_least else " ".join([*sentences, *_candidates(found, german)])
    return Result(output, _evidence(found, payment), found.score, unclear, model="built-in/match-1")


def _payment(entry: Mapping[str, Any]) -> Payment:
    said = [str(entry.get(key) or "") for key in ("purpose", "end_to_end_id", "customer_reference")]
    day = entry.get("booking_date")
    return Payment(
        abs(money(entry.get("amount")) or Decimal(0)),
        " · ".join(one for one in said if one),
        str(entry.get("counterparty") or ""),
        str(entry.get("iban") or ""),
        day if isinstance(day, date) else None,
        f"{entry.get('file') or ''}: {entry.get('place') or ''}".strip(": "),
    )


def _item(row: Any, options: MatchOptions) -> OpenItem | None:
    if not isinstance(row, Mapping):
        return None
    amount, number, issued = money(row.get(options.open)), str(row.get(options.number) or ""), row.get(options.issued)
    if amount is None or not number:
        return None
    party, name, iban = (str(row.get(column) or "") for column in (options.party, options.name, options.iban))
    return OpenItem(number, amount, party, name, iban, issued if isinstance(issued, date) else None)


def _share(share: Share) -> dict[str, Any]:
    item = share.item
    return {"number": item.number, "paid": share.paid, "discount": share.discount, "rest": share.rest, "open": item.open}


def _say(pair: tuple[str, str], german: bool) -> str:
    return pair[0] if german else pair[1]


def _candidates(found: Match, german: bool) -> list[str]:
    if not found.candidates:
        return []
    numbers = ", ".join(f"{one.number} ({one.open:f})" for one in found.candidates[:10])
    return [f"In Frage kommen: {numbers}." if german else f"Candidates: {numbers}."]


def _evidence(found: Match, payment: Payment) -> dict[str, list[Evidence]]:
    """Where the payment names an item, and which item it is."""
    evidence = {}
    for index, share in enumerate(found.shares):
        number = share.item.number
        places = [Evidence(str(share.item.open), table="open_items", row=number, column="open")]
        if number in found.quotes:
            places.insert(0, Evidence(found.quotes[number], table="entries", row=payment.place, column="purpose"))
        evidence[f"items[{index}]"] = places
    return evidence
