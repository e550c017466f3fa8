"""Posting an invoice: right accounts and keys, one batch once, and everything that should stop a person first."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from schwifty import IBAN

from connectors.accounting import Accounting
from connectors.accounting.extf import read
from connectors.base import Context, Proposal, Surroundings
from kontorist.core.errors import ConfigurationError, NotApproved, Rejected
from kontorist.core.values import sha256
from kontorist.einvoice.document import find_invoice
from kontorist.testing import permit_for
from scripts.sample.invoice import OTHER, Invoice, Line, cii, ubl
from scripts.sample.page import pdf
from scripts.sample.vendors import Vendor, german_vat_id

DATEV = Path(__file__).resolve().parents[3] / "../shared/data/datev/EXTF_Buchungsstapel.csv"
COMPANY = {"name": "Hansen & Brandt Großhandel GmbH", "vat_id": "DE136695976"}
OTHER_IBAN = str(IBAN.generate("DE", bank_code="10010010", account_code="0666123456"))
VENDOR = Vendor("70001", "Wellpappe Nord GmbH", german_vat_id("81112341"), "", "20050550", "1234567890", "wellpappe-nord.example", "3200", 14, "Papierstraße 1", "21107", "Hamburg")  # fmt: skip
LINES = [Line("Wellpappe", "100", "1.00"), Line("Fachbuch", "2", "10.00", rate="7")]
INVOICE = Invoice("RE-1/2026", VENDOR, date(2026, 11, 16), LINES)


class Books:
    """A connection to the books, and what a flow and the gate do with it."""

    def __init__(self, folder: Path, vendors: str = "", **config: Any) -> None:
        self.folder = folder
        head = "Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle"
        row = f"70001;Wellpappe Nord GmbH;{VENDOR.vat_id};;{VENDOR.iban};wellpappe-nord.example;3200;14;"
        (folder / "vendors.csv").write_text(vendors or f"{head}\n{row}\n", encoding="cp1252")
        given = {"consultant_number": 1001, "client_number": 456, "vendors": "vendors.csv"} | config
        surroundings = Surroundings("books", folder, folder / "var", {"company": COMPANY, "languages": ["de"]})
        self.connector = Accounting(Accounting.Config.model_validate(given), surroundings)
        self.action = self.connector.actions["post"]()

    def propose(self, document: bytes, **more: Any) -> Proposal:
        found = find_invoice("rechnung", "", document)
        assert found is not None
        digest = sha256(document)
        place = self.folder / "var/documents" / digest[:2] / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(document)
        payload = self.action.Payload.model_validate({"invoice": found.invoice.as_dict(), "document": digest} | more)
        return self.action.propose(self.connector, payload, Context(1, "test", {}, {digest: document}, "de"))

    def post(self, proposal: Proposal, key: str = "k1", fence: Callable[[], None] | None = None) -> Any:
        return self.action.execute(self.connector, permit_for(proposal.payload, key=key, fence=fence))

    def batches(self) -> list[Path]:
        return sorted((self.folder / "var/books").glob("EXTF_*.csv"))


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def stops(proposal: Proposal) -> list[str]:
    return [w.code for w in proposal.warnings if w.stop]


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
    with pytest.raises(Rejected, match="3300 carries S/7 itself"):
        books.propose(cii(replace(INVOICE, lines=LINES[:1])), account="3300")


def test_a_rate_that_nobody_knows_is_refused_with_what_to_add(books: Books) -> None:
    with pytest.raises(Rejected, match=r"tax_keys.*S/16"):
        books.propose(cii(replace(INVOICE, lines=[Line("x", "1", "100.00", rate="16")])))


# signs of fraud -------------------------------------------------------------


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


def test_a_second_attempt_after_a_crash_leaves_one_batch(books: Books) -> None:
    proposal = books.propose(cii(INVOICE))
    books.post(proposal)
    assert books.action.find(books.connector, proposal.payload, "k1")
    books.post(proposal)
    assert len(books.batches()) == 1


def test_a_crash_right_before_the_batch_appears_leaves_none(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = books.propose(cii(INVOICE))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", crash)
    with pytest.raises(KeyboardInterrupt):
        books.post(proposal)
    monkeypatch.undo()
    assert books.batches() == []
    assert books.action.find(books.connector, proposal.payload, "k1") is None
    books.post(proposal)
    assert len(books.batches()) == 1


def test_a_file_of_that_name_with_other_postings_is_not_replaced(books: Books) -> None:
    first = books.propose(cii(INVOICE))
    books.post(first)
    other = books.propose(cii(replace(INVOICE, number="RE-2")))
    (file,) = books.batches()
    before = file.read_bytes()
    with pytest.raises(Rejected, match="other postings"):
        books.post(other)
    assert file.read_bytes() == before


# what an admin gets wrong -----------------------------------------------------


@pytest.mark.parametrize(
    ("vendors", "sentence"),
    [("Kreditor;Nahme\n1;x\n", "Nahme|Name"), ("x", "Kreditor")],
)
def test_a_vendor_file_with_other_columns_is_named(tmp_path: Path, vendors: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Books(tmp_path, vendors).propose(cii(INVOICE))


def test_a_missing_vendor_file_is_a_sentence(tmp_path: Path) -> None:
    books = Books(tmp_path)
    (tmp_path / "vendors.csv").unlink()
    health = books.connector.try_out()
    assert not health.ok
    assert "vendors.csv" in health.message


def test_vendors_and_postings_can_be_looked_up(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    ((vendor,),) = books.connector.look_up("vendors", [{"number": "70001"}])
    assert vendor.values["name"] == "Wellpappe Nord GmbH"
    assert books.connector.look_up("postings", [{"number": "RE-1/2026"}])[0]
