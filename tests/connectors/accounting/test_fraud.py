"""Invoices of fraudsters: none becomes a plain proposal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kontorist.core.clock import utcnow
from kontorist.core.errors import Rejected
from kontorist.core.filters import ZONE
from kontorist.einvoice.document import find_invoice
from scripts.sample.invoice import OTHER, Invoice, cii, ubl
from scripts.sample.page import pdf
from scripts.sample.vendors import german_vat_id
from tests.connectors.accounting.books import COMPANY, INVOICE, OTHER_IBAN, VENDOR, Books, page, stops


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


@pytest.mark.parametrize("syntax", [cii, ubl])
def test_a_proforma_invoice_stops_the_posting(books: Books, syntax: Callable[[Invoice], bytes]) -> None:
    assert stops(books.propose(syntax(replace(INVOICE, type_code="325")))) == ["proforma"]


def test_wrong_sums_are_refused(books: Books) -> None:
    with pytest.raises(Rejected, match="Rechenfehler"):
        books.propose(cii(replace(INVOICE, gross_in_xml="999.99")))


def test_other_data_than_in_the_document_are_a_stop(books: Books) -> None:
    document = cii(INVOICE)
    found = find_invoice("x", "", document)
    assert found is not None
    changed = found.invoice.as_dict() | {"number": "RE-9"}
    assert "differs-from-document" in stops(books.propose(document, invoice=changed))


def test_what_was_paid_already_is_told_as_germans_write_it(books: Books) -> None:
    document = cii(INVOICE)
    found = find_invoice("x", "", document)
    assert found is not None
    proposal = books.propose(document, invoice=found.invoice.as_dict() | {"prepaid": Decimal("1050.5")})
    assert "Angezahlt sind 1.050,50 EUR: gebucht" in " ".join(w.text for w in proposal.warnings)


def test_an_invoice_that_was_posted_is_a_stop_the_second_time(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    again = books.propose(ubl(replace(INVOICE, number=" re 1/2026")))
    assert "duplicate" in stops(again)
    (told,) = (w.text for w in again.warnings if w.code == "duplicate")
    assert told.startswith("Schon gebucht: RE-1/2026 vom 16.11.2026 über 140,40 in ")


def test_the_same_number_written_otherwise_is_the_same_business_fact(books: Books) -> None:
    keys = {books.propose(cii(replace(INVOICE, number=n))).business_key for n in ("RE-1/2026", "re-1/2026", "RE-1/2026 ")}
    assert len(keys) == 1


# accounts beside the data ---------------------------------------------------------

NO_BANK = re.sub(rb"<ram:SpecifiedTradeSettlementPaymentMeans>.*?</ram:SpecifiedTradeSettlementPaymentMeans>", b"", cii(INVOICE))
SHOWN = (VENDOR.name, f"Rechnung Nr. {INVOICE.number} vom 16.11.2026", "Gesamtbetrag 140,40 EUR")
SPACED = " ".join(OTHER_IBAN[i : i + 4] for i in range(0, 22, 4))
HIDDEN = {
    "plain": SPACED,
    "invisible": f"{OTHER_IBAN[:6]}\u200b{OTHER_IBAN[6:]}",
    "Cyrillic": f"D\u0415{OTHER_IBAN[2:]}",
    "dots": SPACED.replace(" ", "."),
}


def test_an_account_that_stands_only_on_the_page_stops_the_posting(books: Books) -> None:
    assert stops(books.propose(page(*SHOWN, f"IBAN {SPACED}", xml=NO_BANK))) == ["iban-elsewhere"]
    assert stops(books.propose(page(*SHOWN, f"IBAN {VENDOR.iban}", xml=NO_BANK))) == []


def test_a_second_account_on_the_page_stops_the_posting(books: Books) -> None:
    assert stops(books.propose(page(*SHOWN, f"IBAN {VENDOR.iban}", f"oder {SPACED}", xml=cii(INVOICE)))) == ["iban-elsewhere"]


@pytest.mark.parametrize("written", HIDDEN.values(), ids=HIDDEN)
def test_another_account_in_the_mail_alone_stops_the_posting(books: Books, written: str) -> None:
    proposal = books.propose(cii(INVOICE), mail={"text": f"Bitte diesmal auf {written} überweisen."})
    assert stops(proposal) == ["iban-elsewhere"]
    assert OTHER_IBAN in proposal.warnings[0].text
    assert VENDOR.iban in proposal.warnings[0].text


def test_another_account_in_an_attachment_beside_the_invoice_stops_the_posting(books: Books) -> None:
    letter = page("Wir haben die Bank gewechselt", f"IBAN {SPACED}")
    proposal = books.propose(cii(INVOICE), beside={"Info.pdf": letter})
    assert stops(proposal) == ["iban-elsewhere"]
    assert "Info.pdf" in proposal.warnings[0].text


@pytest.mark.parametrize("text", ["Bitte beachten Sie unsere neue Bankverbindung im Anhang.", "Our bank details have changed."])
def test_announced_bank_details_stop_the_posting_without_an_account(books: Books, text: str) -> None:
    assert stops(books.propose(cii(INVOICE), mail={"text": text})) == ["bank-change-announced"]


def test_the_accounts_of_the_vendor_and_of_ourselves_in_a_mail_are_no_reason_to_stop(books: Books) -> None:
    text = f"Neue Bankverbindung seit 2024: {VENDOR.iban}\n> Hansen & Brandt, IBAN {COMPANY['iban']}"
    assert stops(books.propose(cii(INVOICE), mail={"text": f"Anbei die Rechnung.\n{text}"})) == []


def test_words_about_direct_debit_do_not_hide_another_account(books: Books) -> None:
    lines = ("Netto 120,00 EUR", "USt 19 % 22,80 EUR", "Gesamtbetrag 142,80 EUR", "Empfänger: Hansen & Brandt Großhandel GmbH")
    words = "Kein Einzug per Lastschrift mehr möglich, bitte überweisen auf"
    document = page(*SHOWN[:2], *lines, f"USt-IdNr. {VENDOR.vat_id}", f"{words} IBAN {SPACED}")
    assert "iban-changed" in stops(books.propose(document))


def test_a_vendor_with_several_accounts_may_use_each(tmp_path: Path) -> None:
    head = "Kreditor;Name;USt-IdNr;IBAN"
    both = Books(tmp_path, f"{head}\n70001;Wellpappe Nord GmbH;{VENDOR.vat_id};{VENDOR.iban}, {SPACED}\n")
    assert stops(both.propose(cii(replace(INVOICE, iban=OTHER_IBAN)))) == []
    assert both.connector.look_up("vendors", [{"iban": SPACED}])[0]


# who sends, who is paid, who is meant -------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("wellpappe-n0rd.example", "sender-look-alike"),
        ("wellpappenord.example", "sender-look-alike"),
        ("wellpappe-nord.invalid", "sender-look-alike"),
        ("wellpappe-nord-rechnung.example", "sender-look-alike"),
        ("we\u0406lpappe-nord.example", "sender-look-alike"),
        ("invoices.example", "sender-domain"),
    ],
)
def test_a_sender_that_is_not_the_vendor_is_named_and_a_look_alike_stops(books: Books, domain: str, code: str) -> None:
    proposal = books.propose(cii(INVOICE), mail={"from": {"address": f"rechnung@{domain}"}})
    (warning,) = (one for one in proposal.warnings if one.code.startswith("sender"))
    assert (warning.code, warning.stop) == (code, code == "sender-look-alike")


@pytest.mark.parametrize("domain", ["groß-handel.example", "xn--gro-handel-73a.example"])
def test_a_domain_with_a_sharp_s_is_not_the_one_with_ss(tmp_path: Path, domain: str) -> None:
    ours = Books(
        tmp_path,
        f"Kreditor;Name;USt-IdNr;E-Mail-Domain;IBAN\n70001;Wellpappe;{VENDOR.vat_id};gross-handel.example;{VENDOR.iban}\n",
    )
    found = stops(ours.propose(cii(INVOICE), mail={"from": {"address": f"rechnung@{domain}"}}))
    assert found == ["sender-look-alike"]


@pytest.mark.parametrize("domain", ["wellpappe-nord.example", "Mail.Wellpappe-Nord.example", "hansen-brandt.example"])
def test_the_vendor_and_a_colleague_who_forwards_are_no_strangers(books: Books, domain: str) -> None:
    assert not [w for w in books.propose(cii(INVOICE), mail={"from": {"address": f"x@{domain}"}}).warnings if w.code != "iban"]


def test_a_look_alike_of_a_vendor_is_told_from_them(books: Books) -> None:
    twin = replace(VENDOR, name="Wellpape Nord GmbH", vat_id=german_vat_id("99912341"), account="0000999999", domain="x.example")
    proposal = books.propose(cii(replace(INVOICE, vendor=twin)))
    assert stops(proposal) == ["unknown-vendor"]
    assert "ähnelt Kreditor 70001 (Wellpappe Nord GmbH)" in proposal.warnings[0].text


def test_money_for_somebody_else_stops_the_posting(books: Books) -> None:
    payee = b"<ram:PayeeTradeParty><ram:Name>Factoring Ltd</ram:Name></ram:PayeeTradeParty>"
    mark = b"<ram:SpecifiedTradeSettlementPaymentMeans>"
    assert b"Factoring" in (document := cii(INVOICE).replace(mark, payee + mark, 1))
    assert stops(books.propose(document)) == ["other-payee"]


def test_an_invoice_of_our_own_stops_the_posting(books: Books) -> None:
    ours = replace(VENDOR, vat_id=COMPANY["vat_id"])
    assert "we-are-the-seller" in stops(books.propose(cii(replace(INVOICE, vendor=ours))))


# the same invoice once more -----------------------------------------------------------


@pytest.mark.parametrize("number", ["re-1/2026", "RE 1 2026", "RE-1/2026\u200b", "R\u0415-1/2026", "00RE-1/2026"])
def test_a_number_written_otherwise_is_a_duplicate(books: Books, number: str) -> None:
    books.post(books.propose(cii(INVOICE)))
    assert "duplicate" in stops(books.propose(ubl(replace(INVOICE, number=number, issued=date(2026, 12, 16)))))


def test_the_same_amount_within_a_week_is_asked_about(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    assert stops(books.propose(cii(replace(INVOICE, number="RE-9", issued=date(2026, 11, 19))))) == ["duplicate-amount"]
    assert stops(books.propose(cii(replace(INVOICE, number="RE-9", issued=date(2026, 12, 16))))) == []


@pytest.mark.parametrize(("days", "stop"), [(3, None), (20, False), (31, False), (32, True), (365, True)])
def test_an_invoice_dated_ahead_is_told_and_one_far_ahead_stops(books: Books, days: int, stop: bool | None) -> None:
    issued = utcnow().astimezone(ZONE).date() + timedelta(days=days)
    proposal = books.propose(cii(replace(INVOICE, issued=issued)))
    assert [w.stop for w in proposal.warnings if w.code == "date-ahead"] == ([] if stop is None else [stop])
    assert all("Vorsteuer" in w.text for w in proposal.warnings if w.code == "date-ahead")
    assert [c for c in stops(proposal) if c != "date-ahead"] == []
