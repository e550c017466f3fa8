"""Posting an invoice: right accounts and keys, one batch once, nothing lost when something breaks in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounting import Accounting
from connectors.accounting.extf import read
from kontorist.core.errors import NotApproved, Rejected
from kontorist.core.values import sha256
from scripts.sample.invoice import Invoice, Line, cii, ubl
from scripts.sample.page import pdf
from tests.connectors.accounting.books import INVOICE, LINES, OTHER_IBAN, VENDOR, Books, stops

DATEV = Path(__file__).resolve().parents[3] / "../shared/data/datev/EXTF_Buchungsstapel.csv"


def test_each_rate_of_vat_is_a_posting_and_together_they_are_the_gross_amount(books: Books) -> None:
    rows = books.propose(cii(INVOICE)).payload["rows"]
    assert [(r["Umsatz (ohne Soll/Haben-Kz)"], r["BU-Schlüssel"]) for r in rows] == [("119,00", "9"), ("21,40", "8")]
    assert sum(Decimal(r["Umsatz (ohne Soll/Haben-Kz)"].replace(",", ".")) for r in rows) == INVOICE.gross


@pytest.mark.parametrize("made", [cii, ubl, pdf], ids=["CII", "UBL", "ZUGFeRD"])
def test_the_same_invoice_is_posted_the_same_from_every_syntax(books: Books, made: Callable[[Invoice], bytes]) -> None:
    proposal = books.propose(made(INVOICE))
    assert stops(proposal) == []
    assert [r["Umsatz (ohne Soll/Haben-Kz)"] for r in proposal.payload["rows"]] == ["119,00", "21,40"]
    assert proposal.payload["vendor"] == "70001"


def test_the_batch_is_what_datev_imports(books: Books) -> None:
    proposal = books.propose(cii(INVOICE))
    receipt = books.post(proposal)
    (file,) = books.batches()
    data = file.read_bytes()
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    head, *_ = data.decode("cp1252").split("\r\n")
    assert head.startswith('"EXTF";700;21;"Buchungsstapel"')
    (first, second) = read(data).rows
    assert (first["Belegfeld 1"], first["Belegdatum"], first["Konto"]) == ("RE-1/2026", "1611", "3200")
    assert sha256(cii(INVOICE)) in second.values()
    archived = books.folder / "var/books/belege" / receipt.evidence["archived"]
    assert archived.read_bytes() == cii(INVOICE)


@pytest.mark.skipif(not DATEV.exists(), reason="the real EXTF files are not beside this checkout")
def test_the_columns_are_those_of_a_real_batch(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    theirs = DATEV.read_bytes().decode("cp1252").replace("\r\n", "\n").split("\n")[1]
    ours = books.batches()[0].read_bytes().decode("cp1252").split("\r\n")[1]
    assert ours == theirs


def test_a_credit_note_is_posted_the_other_way_round(books: Books) -> None:
    (row,) = books.propose(cii(replace(INVOICE, type_code="381", lines=LINES[:1]))).payload["rows"]
    assert (row["Umsatz (ohne Soll/Haben-Kz)"], row["Soll/Haben-Kennzeichen"]) == ("119,00", "H")


@pytest.mark.parametrize(("category", "key"), [("AE", "94"), ("K", "19")])
def test_reverse_charge_and_purchases_within_the_eu_have_their_keys(books: Books, category: str, key: str) -> None:
    invoice = replace(INVOICE, lines=[Line("Leistung", "1", "500.00", rate="0", category=category)])
    (row,) = books.propose(cii(invoice)).payload["rows"]
    assert row["BU-Schlüssel"] == key


def test_an_account_that_carries_its_tax_gets_no_key(books: Books) -> None:
    (row,) = books.propose(cii(replace(INVOICE, lines=LINES[:1])), account="3400").payload["rows"]
    assert "BU-Schlüssel" not in row


def test_an_account_that_carries_another_tax_is_refused(books: Books) -> None:
    with pytest.raises(Rejected, match="3300 rechnet selbst mit S/7"):
        books.propose(cii(replace(INVOICE, lines=LINES[:1])), account="3300")


def test_a_rate_that_nobody_knows_is_refused_with_what_to_add(books: Books) -> None:
    with pytest.raises(Rejected, match=r"tax_keys.*S/16"):
        books.propose(cii(replace(INVOICE, lines=[Line("x", "1", "100.00", rate="16")])))


# between approval and execution ---------------------------------------------


def test_a_changed_master_record_voids_what_was_approved(books: Books) -> None:
    proposal = books.propose(cii(INVOICE))
    payload = books.action.Payload.model_validate(proposal.payload)
    assert list(books.action.check(books.connector, payload, proposal.rests_on)) == []
    path = books.folder / "vendors.csv"
    path.write_text(path.read_text().replace(VENDOR.iban, OTHER_IBAN))
    fresh = Books.__new__(Books)
    fresh.__dict__ |= books.__dict__ | {"connector": Accounting(books.connector.config, books.connector.surroundings)}
    assert "geändert" in books.action.check(fresh.connector, payload, proposal.rests_on)[0]


def test_an_invoice_that_was_posted_meanwhile_is_not_posted_again(books: Books) -> None:
    proposal = books.propose(cii(INVOICE))
    books.post(books.propose(ubl(INVOICE)), key="other")
    payload = books.action.Payload.model_validate(proposal.payload)
    assert "inzwischen gebucht" in books.action.check(books.connector, payload, proposal.rests_on)[0]


def test_a_closed_fence_leaves_no_batch(books: Books) -> None:
    def closed() -> None:
        raise NotApproved("stopped")

    proposal = books.propose(cii(INVOICE))
    with pytest.raises(NotApproved):
        books.post(proposal, fence=closed)
    assert books.batches() == []
    assert books.action.find(books.connector, proposal.payload, "k1") is None


def test_a_file_of_that_name_with_other_postings_is_not_replaced(books: Books) -> None:
    first = books.propose(cii(INVOICE))
    books.post(first)
    other = books.propose(cii(replace(INVOICE, number="RE-2")))
    (file,) = books.batches()
    before = file.read_bytes()
    with pytest.raises(Rejected, match="other postings"):
        books.post(other)
    assert file.read_bytes() == before
