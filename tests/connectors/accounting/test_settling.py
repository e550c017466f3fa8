"""Payments that settle open items, and postings that are taken back: each once, as batches that DATEV imports."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.accounting import extf
from connectors.base import Context, Proposal
from kontorist.core.errors import Rejected
from kontorist.testing import carried_out
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE, Books

ENTRY = {
    "key": "ab" * 32,
    "amount": Decimal("218.90"),
    "currency": "EUR",
    "booking_date": date(2026, 11, 9),
    "counterparty": "Elektro Petersen",
    "purpose": "R26-3099",
    "iban": "DE02120300000000202051",
}
ITEMS = [{"number": "R26-3099", "paid": "218.90", "discount": "4.47", "rest": "0.00", "open": "223.37"}]


def proposal(books: Books, name: str, given: dict[str, Any]) -> Proposal:
    action = books.connector.actions[name]()
    return action.propose(books.connector, action.Payload.model_validate(given), Context(1, "test", {}, {}, "de"))


def settle(books: Books, **changes: Any) -> Proposal:
    return proposal(books, "settle", {"entry": ENTRY, "items": ITEMS, "party": "10008"} | changes)


def execute(books: Books, name: str, found: Proposal) -> Any:
    return carried_out(books.connector.actions[name](), books.connector, found.payload)


def test_a_payment_is_posted_from_the_bank_to_the_debtor_with_its_discount(books: Books) -> None:
    found = settle(books)
    receipt = execute(books, "settle", found)
    (row,) = extf.read((books.connector.output / receipt.evidence["file"]).read_bytes()).rows

    told = [
        row[c]
        for c in ("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "Skonto")
    ]
    assert told == ["218,90", "S", "1200", "10008", "4,47"]
    assert (row["Belegfeld 1"], row["Belegdatum"]) == ("R26-3099", "0911")
    assert found.sentence == "Zahlung von 218,90 EUR (Elektro Petersen) auf 10008 buchen: R26-3099, Skonto 4,47."


def test_money_that_went_out_is_posted_the_other_way_round(books: Books) -> None:
    found = settle(books, entry=ENTRY | {"amount": "-218.90"}, party="70001")
    assert found.payload["rows"][0]["Soll/Haben-Kennzeichen"] == "H"


def test_a_payment_is_settled_once(books: Books) -> None:
    first, second = settle(books), settle(books)
    assert first.business_key == second.business_key
    receipt = execute(books, "settle", first)
    action = books.connector.actions["settle"]()

    assert action.find(books.connector, first.payload, "other") == receipt
    assert "settled meanwhile" in action.check(books.connector, second.payload, second.rests_on)[0]
    with pytest.raises(Rejected, match="settled already"):
        settle(books)
    (books.connector.output / "movements.jsonl").unlink()
    with pytest.raises(Rejected, match="settled already"):  # the batch itself tells
        settle(books)


def test_a_second_payment_for_the_same_item_stops_and_voids_what_was_approved(books: Books) -> None:
    second = {"entry": ENTRY | {"key": "cd" * 32}}
    before = settle(books, **second)
    execute(books, "settle", settle(books))

    assert [(one.code, one.stop) for one in settle(books, **second).warnings] == [("paid-before", True)]
    changed = books.connector.actions["settle"]().check(books.connector, before.payload, before.rests_on)
    assert "Another payment for R26-3099 was posted meanwhile" in changed[0]


def test_what_is_settled_must_be_what_was_paid(books: Books) -> None:
    with pytest.raises(Rejected, match=r"take 100\.00 of a payment of 218\.90"):
        settle(books, items=[{"number": "R26-3099", "paid": "100.00"}])
    with pytest.raises(Rejected, match="no entry of a bank statement"):
        settle(books, entry={"amount": "1"})


def test_what_stays_open_is_said(books: Books) -> None:
    found = settle(books, items=[{"number": "R26-3099", "paid": "218.90", "rest": "4.47"}])
    assert [(one.code, one.text) for one in found.warnings] == [("partial", "Von R26-3099 bleiben 4,47 offen.")]


def test_a_settlement_is_not_taken_for_a_posted_invoice(books: Books) -> None:
    execute(books, "settle", settle(books))
    assert books.connector.posted() == []


def test_a_posting_is_taken_back_by_a_reversal_of_every_row_once(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    (posting,) = books.connector.posted()
    found = proposal(books, "reverse", {"posting": posting.key, "reason": "Falscher Kreditor"})
    receipt = execute(books, "reverse", found)
    original = extf.read((books.connector.output / posting.file).read_bytes()).rows
    taken = extf.read((books.connector.output / receipt.evidence["file"]).read_bytes()).rows

    assert [row | {"Generalumkehr": "1"} for row in original] == list(taken)
    assert "stornieren (Generalumkehr): Falscher Kreditor" in found.sentence
    with pytest.raises(Rejected, match="taken back already"):
        proposal(books, "reverse", {"posting": posting.key, "reason": "noch einmal"})
    with pytest.raises(Rejected, match="There is no posting"):
        proposal(books, "reverse", {"posting": "nobody", "reason": "falsch"})


def test_a_batch_that_was_changed_by_hand_or_taken_away_is_not_reversed_blindly(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    (posting,) = books.connector.posted()
    (books.connector.output / posting.file).unlink()
    with pytest.raises(Rejected, match="is not there any more"):
        proposal(books, "reverse", {"posting": posting.key, "reason": "falsch"})


def test_a_payment_names_the_open_items_that_it_settles(books: Books):
    assert list(settle(books).settles) == ["10008/R26-3099"]
