"""Posting an invoice: right accounts and keys, one batch once, nothing lost when something breaks in between."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounting import Accounting
from connectors.accounting.extf import day_of, read
from kontorist.core.errors import NotApproved, Rejected
from kontorist.core.values import sha256
from scripts.sample.invoice import Invoice, Line, cii, ubl
from scripts.sample.page import pdf
from tests.connectors.accounting.books import INVOICE, LINES, OTHER_IBAN, VENDOR, Books, page, stops

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


@pytest.mark.parametrize("title", ["Stornorechnung", "Gutschrift"])
def test_a_credit_note_on_paper_is_posted_the_other_way_round_with_a_minus_and_without(books: Books, title: str) -> None:
    for sign in ("", "-"):
        amounts = (f"Nettobetrag {sign}100,00 EUR", f"19 % USt {sign}19,00 EUR", f"Gesamtbetrag {sign}119,00 EUR")
        proposal = books.propose(page("Wellpappe Nord GmbH", f"{title} Nr. S-12", "Rechnungsdatum 20.11.2026", *amounts))
        (row,) = proposal.payload["rows"]
        assert (row["Umsatz (ohne Soll/Haben-Kz)"], row["Soll/Haben-Kennzeichen"]) == ("119,00", "H")
        assert "an Konto" in proposal.sentence


def test_an_invoice_for_nothing_is_told_from_one_without_an_amount(books: Books) -> None:
    with pytest.raises(Rejected, match=r"lautet auf 0,00: Es gibt nichts zu buchen"):
        books.propose(cii(replace(INVOICE, lines=[Line("Muster", "1", "0.00")])))


@pytest.mark.parametrize("syntax", [cii, ubl])
def test_a_credit_note_of_less_than_nothing_in_data_stops_the_posting(books: Books, syntax: Callable[[Invoice], bytes]) -> None:
    negative = [Line("Wellpappe", "-100", "1.00")]
    proposal = books.propose(syntax(replace(INVOICE, type_code="381", lines=negative)))
    (row,) = proposal.payload["rows"]
    assert (row["Soll/Haben-Kennzeichen"], stops(proposal)) == ("S", ["negative-credit-note"])
    assert "Konto 3200 an Kreditor" in proposal.sentence
    back = books.propose(syntax(replace(INVOICE, type_code="384", lines=negative)))
    assert (back.payload["rows"][0]["Soll/Haben-Kennzeichen"], stops(back)) == ("H", [])


@pytest.mark.parametrize(("category", "key"), [("AE", "94"), ("K", "19")])
def test_reverse_charge_and_purchases_within_the_eu_have_their_keys(books: Books, category: str, key: str) -> None:
    invoice = replace(INVOICE, lines=[Line("Leistung", "1", "500.00", rate="0", category=category)])
    (row,) = books.propose(cii(invoice)).payload["rows"]
    assert row["BU-Schlüssel"] == key


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
@pytest.mark.parametrize(("category", "rate", "key"), [("S", "19", "9"), ("S", "7", "8"), ("E", "0", ""), ("AE", "0", "94")])
def test_tax_keys_are_the_same_in_both_charts(tmp_path: Path, chart: str, category: str, rate: str, key: str) -> None:
    invoice = replace(INVOICE, lines=[Line("Leistung", "1", "500.00", rate=rate, category=category)])
    (row,) = Books(tmp_path, chart=chart).propose(cii(invoice), account="4980").payload["rows"]
    assert row.get("BU-Schlüssel", "") == key


@pytest.mark.skipif(not DATEV.exists(), reason="the real EXTF files are not beside this checkout")
def test_what_is_text_and_what_is_a_number_is_quoted_as_in_a_real_batch(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    theirs, ours = (path.read_bytes().decode("cp1252").split("\r\n")[2] for path in (DATEV, books.batches()[0]))
    assert [cell.startswith('"') for cell in cells(ours)] == [cell.startswith('"') for cell in cells(theirs)]


def cells(line: str) -> list[str]:
    return re.findall(r'("(?:[^"]|"")*"|[^;]*)(?:;|$)', line)[:-1]


def test_texts_keep_to_what_datev_takes(books: Books) -> None:
    long = replace(INVOICE, number="RE 2026_1#Ä" + "9" * 40, lines=LINES[:1])
    proposal = books.propose(cii(long), text='=1+1\n"Müller & Söhne"; ☃')
    books.post(proposal)
    (row,) = read(books.batches()[0].read_bytes()).rows
    assert re.fullmatch(r"[A-Za-z0-9_$%\-/]{1,36}", row["Belegfeld 1"])
    assert row["Buchungstext"] == """'=1+1 "Müller & Söhne"; ?"""
    assert [len(line.split(";")) > 100 for line in books.batches()[0].read_text("cp1252").splitlines()[1:]] == [True, True]


@pytest.mark.parametrize(("issued", "start"), [(date(2026, 6, 30), "20250701"), (date(2026, 7, 1), "20260701")])
def test_a_fiscal_year_may_start_in_july(tmp_path: Path, issued: date, start: str) -> None:
    books = Books(tmp_path, fiscal_year_start="07-01")
    books.post(books.propose(cii(replace(INVOICE, issued=issued))))
    batch = read(books.batches()[0].read_bytes())
    assert (batch.header[12], day_of(batch.rows[0], batch.year_start)) == (start, issued)


def test_the_sentence_says_what_is_posted_to_whom(books: Books) -> None:
    assert books.propose(cii(INVOICE)).sentence == (
        "Rechnung RE-1/2026 von Wellpappe Nord GmbH über 140,40 EUR buchen: "
        "Konto 3200 an Kreditor 70001 Wellpappe Nord GmbH, 119,00 (Steuerschlüssel 9), 21,40 (Steuerschlüssel 8)."
    )
    back = books.propose(cii(replace(INVOICE, type_code="381"))).sentence
    assert "Gutschrift RE-1/2026" in back
    assert "Kreditor 70001 Wellpappe Nord GmbH an Konto 3200" in back


def test_an_account_that_carries_its_tax_gets_no_key(books: Books) -> None:
    proposal = books.propose(cii(replace(INVOICE, lines=LINES[:1])), account="3400")
    assert "BU-Schlüssel" not in proposal.payload["rows"][0]
    assert "119,00 (Steuer über das Konto)" in proposal.sentence


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
