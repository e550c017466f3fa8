"""Invoices of fraudsters: none becomes a plain proposal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kontorist.core.errors import Rejected
from kontorist.einvoice.document import find_invoice
from scripts.sample.invoice import OTHER, cii, ubl
from scripts.sample.page import pdf
from scripts.sample.vendors import german_vat_id
from tests.connectors.accounting.books import INVOICE, OTHER_IBAN, VENDOR, Books, stops


@pytest.mark.parametrize("iban", [OTHER_IBAN, " ".join(OTHER_IBAN[i : i + 4] for i in range(0, 22, 4)), OTHER_IBAN.lower()])
def test_a_changed_bank_account_stops_the_posting_and_names_both(books: Books, iban: str) -> None:
    proposal = books.propose(cii(replace(INVOICE, iban=iban)))
    assert stops(proposal) == ["iban-changed"]
    text = next(w.text for w in proposal.warnings if w.code == "iban-changed")
    assert OTHER_IBAN in text
    assert VENDOR.iban in text


def test_an_account_with_foreign_letters_is_not_taken_for_ours(books: Books) -> None:
    for odd in (VENDOR.iban.replace("D", "Ｄ"), VENDOR.iban[:4] + "\u200b" + VENDOR.iban[4:-1] + "1"):
        try:
            found = stops(books.propose(cii(replace(INVOICE, iban=odd))))
        except Rejected:
            continue
        assert "iban-changed" in found


def test_a_page_that_shows_another_account_than_the_data_is_refused(books: Books) -> None:
    with pytest.raises(Rejected, match="IBAN"):
        books.propose(pdf(replace(INVOICE, shown_iban=OTHER_IBAN)))


def test_a_page_that_shows_another_amount_than_the_data_is_refused(books: Books) -> None:
    with pytest.raises(Rejected, match="Bruttobetrag"):
        books.propose(pdf(replace(INVOICE, shown_gross="14.04")))


def test_an_unknown_vendor_stops_the_posting(books: Books) -> None:
    stranger = replace(
        VENDOR, name="Wellpappe Süd GmbH", vat_id=german_vat_id("99912341"), account="0000999999", domain="other.example"
    )
    proposal = books.propose(cii(replace(INVOICE, vendor=stranger)))
    assert stops(proposal) == ["unknown-vendor"]
    with pytest.raises(Rejected, match="no creditor"):
        books.post(proposal)


def test_a_vendor_of_the_same_name_with_another_vat_id_is_not_ours(books: Books) -> None:
    twin = replace(VENDOR, vat_id=german_vat_id("99912341"), account="0000999999", domain="wellpappe-n0rd.example")
    assert stops(books.propose(cii(replace(INVOICE, vendor=twin))))


def test_an_invoice_to_somebody_else_stops_the_posting(books: Books) -> None:
    assert stops(books.propose(cii(replace(INVOICE, buyer=OTHER)))) == ["not-our-company"]


def test_wrong_sums_are_refused(books: Books) -> None:
    with pytest.raises(Rejected, match="Rechenfehler"):
        books.propose(cii(replace(INVOICE, gross_in_xml="999.99")))


def test_other_data_than_in_the_document_are_a_stop(books: Books) -> None:
    document = cii(INVOICE)
    found = find_invoice("x", "", document)
    assert found is not None
    changed = found.invoice.as_dict() | {"number": "RE-9"}
    assert "differs-from-document" in stops(books.propose(document, invoice=changed))


def test_an_invoice_that_was_posted_is_a_stop_the_second_time(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    again = books.propose(ubl(replace(INVOICE, number=" re 1/2026")))
    assert "duplicate" in stops(again)


def test_the_same_number_written_otherwise_is_the_same_business_fact(books: Books) -> None:
    keys = {books.propose(cii(replace(INVOICE, number=n))).business_key for n in ("RE-1/2026", "re-1/2026", "RE-1/2026 ")}
    assert len(keys) == 1
