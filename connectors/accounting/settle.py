"""The action `settle`: an entry of the bank statement settles open items, as a DATEV batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.accounting import batches, extf
from connectors.base import Action, Context, Payload, Proposal, Receipt, Warn
from kontorist.core.errors import NotReadable, Rejected
from kontorist.core.filters import format_amount
from kontorist.core.open_items import item_keys
from kontorist.core.permit import Permit

if TYPE_CHECKING:
    from connectors.accounting import Accounting

KIND = "Zahlung"


class Settled(BaseModel):
    """One open item and what of the payment goes to it."""

    model_config = ConfigDict(extra="forbid")
    number: str = Field(min_length=1, description="The invoice's number.")
    paid: Decimal = Field(ge=0, decimal_places=2, description="What was paid for it.")
    discount: Decimal = Field(Decimal(0), ge=0, decimal_places=2, description="The cash discount that was taken, gross.")
    rest: Decimal | None = Field(None, description="What stays open; for people.")
    open: Decimal | None = Field(None, description="What was open; for people.")


class SettlePayload(Payload):
    """A settlement. A flow gives `entry`, `items` and `party`; the rest was resolved."""

    entry: dict[str, Any] = Field(description="The entry of the bank statement, as the connector `bank` gives it.")
    items: list[Settled] = Field(min_length=1, max_length=500, description="What it settles, as the agent `match` gives it.")
    party: str = Field(pattern=r"^\d{4,9}$", description="The debtor's or creditor's account.")
    rows: list[dict[str, str]] = Field(default=[], description="Resolved: the postings, column by column.")


_KEPT = (
    "key",
    "amount",
    "currency",
    "booking_date",
    "counterparty",
    "iban",
    "purpose",
    "end_to_end_id",
    "account",
    "file",
    "place",
)


class Settle(Action):
    """Posts a payment against the open items it settles, for the import into DATEV."""

    Payload = SettlePayload
    recipients = ("party",)
    # the batch may have been imported and taken away: a missing file proves nothing
    authoritative_find = False

    def propose(self, connector: Accounting, payload: SettlePayload, context: Context) -> Proposal:
        """The postings. Raises Rejected when they are not the payment, or it was settled already."""
        entry = {key: payload.entry.get(key) for key in _KEPT}
        fact, amount, day = _facts(entry)
        if before := batches.known(connector.output, KIND, fact):
            raise Rejected(f"This entry of the bank statement was settled already, in {before.file}.")
        paid = sum((one.paid for one in payload.items), Decimal(0))
        if paid != abs(amount):
            raise Rejected(
                f"The items take {paid} of a payment of {abs(amount)}; they must be equal. Correct them, or post it by hand."
            )
        others = _others(connector, payload)
        rows = [_row(connector, one, payload.party, amount, day, entry) for one in payload.items]
        stored = payload.model_copy(update={"entry": entry, "rows": rows}).model_dump(mode="json")
        return Proposal(
            payload=stored,
            sentence=_sentence(payload, amount, entry, context.language),
            business_key=f"settle:{fact}",
            warnings=[*_signs(payload, context.language), *_twice(others, context.language)],
            rests_on={"entry": fact, "others": others},
            settles=item_keys(payload.party, [one.number for one in payload.items]),
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """Nobody may have settled it meanwhile."""
        before = batches.known(connector.output, KIND, str(rests_on["entry"]))
        if before:
            return [f"The payment was settled meanwhile, in {before.file}."]
        typed = payload if isinstance(payload, SettlePayload) else SettlePayload.model_validate(payload)
        new = [one for one in _others(connector, typed) if one not in rests_on.get("others", [])]
        return [f"Another payment for {number} was posted meanwhile, in {file}." for number, file in new]

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Write the batch."""
        payload = SettlePayload.model_validate(permit.payload)
        fact, _, day = _facts(payload.entry)
        data = batches.content(connector, day, "Zahlungen", payload.rows)
        place = batches.target(connector, KIND, day, fact)
        return batches.write(connector, place, data, payload.rows, permit, (KIND, fact))

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The batch about this entry, or its line in the ledger."""
        typed = payload if isinstance(payload, SettlePayload) else SettlePayload.model_validate(payload)
        found = batches.known(connector.output, KIND, _facts(typed.entry)[0])
        return batches.receipt(found) if found else None

    def outputs(self, connector: Accounting, payload: SettlePayload, key: str) -> Mapping[str, Any]:
        """The batch's file."""
        fact, _, day = _facts(payload.entry)
        return {"file": batches.target(connector, KIND, day, fact).name}


def _facts(entry: Mapping[str, Any]) -> tuple[str, Decimal, date]:
    try:
        day = entry["booking_date"]
        fact, amount = str(entry["key"]), Decimal(str(entry["amount"]))
        return fact, amount, day if isinstance(day, date) else date.fromisoformat(str(day))
    except (KeyError, ValueError, ArithmeticError) as error:
        raise Rejected(f"That is no entry of a bank statement with key, amount and booking date ({error}).") from error


def _row(connector: Accounting, one: Settled, party: str, amount: Decimal, day: date, entry: Mapping[str, Any]) -> dict[str, str]:
    currency = str(entry.get("currency") or "EUR")
    cells = {
        "Umsatz (ohne Soll/Haben-Kz)": extf.amount(one.paid),
        "Soll/Haben-Kennzeichen": "S" if amount > 0 else "H",
        "WKZ Umsatz": "" if currency == "EUR" else currency,
        "Konto": connector.config.bank(),
        "Gegenkonto (ohne BU-Schlüssel)": party,
        "Belegdatum": f"{day:%d%m}",
        "Belegfeld 1": extf.number_of_document(one.number),
        "Skonto": extf.amount(one.discount) if one.discount else "",
        "Buchungstext": extf.clean(f"{entry.get('counterparty') or ''} {one.number}", 60),
    }
    return {caption: value for caption, value in cells.items() if value}


def _others(connector: Accounting, payload: SettlePayload) -> list[list[str]]:
    """Earlier payments for the same items, as [number, file]: the ERP's list of open items may not know them yet."""
    numbers = {extf.number_of_document(one.number) for one in payload.items}
    found = []
    for path in sorted(connector.output.glob(f"EXTF_{KIND}_*.csv")):
        try:
            rows = extf.read(path.read_bytes()).rows
        except (OSError, NotReadable):
            continue
        told = {row["Belegfeld 1"] for row in rows if row.get("Gegenkonto (ohne BU-Schlüssel)") == payload.party}
        found += [[number, path.name] for number in sorted(told & numbers)]
    return found


def _twice(others: list[list[str]], language: str) -> list[Warn]:
    german = language.startswith("de")
    return [
        Warn(
            "paid-before",
            f"Auf {number} wurde schon eine Zahlung gebucht: {file}."
            if german
            else f"A payment for {number} was posted already: {file}.",
            stop=True,
        )
        for number, file in others
    ]


def _sentence(payload: SettlePayload, amount: Decimal, entry: Mapping[str, Any], language: str) -> str:
    numbers = ", ".join(one.number for one in payload.items)
    cut = sum((one.discount for one in payload.items), Decimal(0))
    german = language.startswith("de")
    money = f"{format_amount(abs(amount), 'de' if german else 'en')} {entry.get('currency') or 'EUR'}"
    who = str(entry.get("counterparty") or "?")
    if german:
        less = f", Skonto {format_amount(cut)}" if cut else ""
        return f"Zahlung von {money} ({who}) auf {payload.party} buchen: {numbers}{less}."
    return f"Post the payment of {money} ({who}) to {payload.party}: {numbers}{f', cash discount {cut:.2f}' if cut else ''}."


def _signs(payload: SettlePayload, language: str) -> list[Warn]:
    german, found = language.startswith("de"), []
    for one in payload.items:
        if one.rest:
            text = (
                f"Von {one.number} bleiben {extf.amount(one.rest)} offen."
                if german
                else f"{one.rest:.2f} of {one.number} stay open."
            )
            found.append(Warn("partial", text))
    return found
