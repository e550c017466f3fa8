"""Invoices that are only words on a page, as different vendors print them, with one rate of VAT and with two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kontorist.einvoice.document import find_invoice
from kontorist.einvoice.plain import read_pages
from kontorist.reading.pdf import Page
from scripts.sample.invoice import Invoice, Line
from scripts.sample.page import pdf
from scripts.sample.vendors import VENDORS
from tests.einvoice.inputs import make_pdf

LINES = [Line("Wellpappe", "100", "1.00"), Line("Fachbuch", "2", "10.00", rate="7")]


@pytest.mark.parametrize("lines", [LINES, LINES[:1], LINES[1:]], ids=["two rates", "19 %", "7 %"])
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.number)
def test_a_page_gives_what_the_vendor_printed(vendor, lines):
    printed = Invoice("RE-1/2026", vendor, date(2026, 11, 16), lines)
    found = find_invoice("x.pdf", "", pdf(printed), ignore_xml=True).invoice
    assert (found.number, found.issue_date, found.due_date) == (printed.number, printed.issued, printed.due)
    assert (found.net, found.tax, found.gross) == (printed.net, printed.tax, printed.gross)
    assert (found.seller.name, found.seller.vat_id or "", found.ibans) == (vendor.name, vendor.vat_id, (vendor.iban,))
    rows = {(row.rate, row.base, row.tax) for row in found.vat_breakdown}
    assert rows == {(Decimal(rate), base, tax) for _, rate, base, tax in printed.vat()}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("Gutschrift Nr. G-17", "zur Rechnung R-12"), "381"),
        (("Rechnungskorrektur G-17", "Rechnung R-12"), "381"),
        (("Credit note no. G-17",), "381"),
        (("Rechnung Nr. G-17", "Ihre Gutschrift vom Mai ist verrechnet"), "380"),
    ],
)
def test_a_credit_note_is_told_by_its_title(lines, code):
    found = find_invoice("x.pdf", "", make_pdf("Nord GmbH", *lines, "Gesamtbetrag 119,00 EUR")).invoice
    assert (found.number, found.type_code) == ("G-17", code)


@pytest.mark.parametrize(
    "lines",
    [
        ("Gutschrift Nr. G-17", "Datum: 20.11.2026", "zu Rechnung R-12 vom 01.11.2026"),
        ("Gutschrift Nr. G-17 vom 20.11.2026", "zu unserer Rechnung R-12 vom 01.11.2026"),
        ("Stornorechnung Nr. G-17", "Storno zur Rechnung R-12 vom 01.11.2026", "Datum: 20.11.2026"),
        ("Gutschrift Nr. G-17", "Ursprungsrechnung R-12 vom 01.11.2026   Datum: 20.11.2026"),
        ("Credit note no. G-17", "to invoice R-12 dated 01.11.2026", "Date: 20.11.2026"),
        ("Rechnung Nr. G-17 vom 20.11.2026", "Zahlbar ohne Abzug"),
    ],
)
def test_the_day_of_the_invoice_that_a_credit_note_is_about_is_not_its_own(lines):
    found = find_invoice("x.pdf", "", make_pdf("Nord GmbH", *lines, "Gesamtbetrag 119,00 EUR")).invoice
    assert (found.number, found.issue_date) == ("G-17", date(2026, 11, 20))


@pytest.mark.parametrize(
    "title", ["Mahnung", "2. Mahnung", "Dritte Mahnung", "Letzte Zahlungsaufforderung", "Payment reminder", "Final reminder"]
)
def test_a_reminder_is_no_invoice(title):
    about = ("Unsere Rechnung Nr. R-12 vom 01.10.2026 ist noch offen.", "Mahngebühr 5,00 EUR", "Gesamtbetrag 124,00 EUR")
    assert find_invoice("x.pdf", "", make_pdf("Nord GmbH", title, *about)) is None


@pytest.mark.parametrize(
    "between", ["USt-IdNr.: DE811123413", "Steuer-Nr. 20/123/45678", "Tel. 0431 123456", "info@nord.example"]
)
def test_the_senders_own_numbers_are_not_the_buyers_name(between):
    above = ("Nord GmbH", "Am Kai 1, 24103 Kiel", between, "Bankhaus Kontor GmbH", "Kaiserstraße 12", "23552 Lübeck")
    found = find_invoice("x.pdf", "", make_pdf(*above, "Rechnung Nr. R-1", "Gesamtbetrag 119,00 EUR"))
    assert (found.invoice.seller.name, found.invoice.buyer.name) == ("Nord GmbH", "Bankhaus Kontor GmbH")
    assert [one.quote for one in found.evidence["buyer.name"]] == ["Bankhaus Kontor GmbH"]


def read(*lines):
    """The invoice on a page of these lines."""
    text = "\n".join(("Nord GmbH", "Rechnung Nr. G-17", *lines, ""))
    return read_pages([Page(1, 595, 842, text, ())]).invoice


@pytest.mark.parametrize(
    ("line", "gross"),
    [
        ("Gesamtbetrag 119,00 EUR inkl. 19% MwSt 19,00 EUR", "119.00"),
        ("Summe: 119,00 € (inkl. MwSt. 19,00 €)", "119.00"),
        ("Rechnungsbetrag 119,00 EUR, bei Zahlung bis 25.01.2026 abzgl. 2 % Skonto 116,62 EUR", "119.00"),
        ("Gesamt   100,00   19,00   119,00", "119.00"),
        ("Gesamtbetrag CHF 2’702.50", "2702.50"),
        ("Gesamtbetrag 2 975,00 EUR", "2975.00"),
        ("Gesamtbetrag 119,00- EUR", "-119.00"),
        ("Gesamtbetrag −119,00 EUR", "-119.00"),
        ("Gesamtbetrag 100,00 EUR zzgl. MwSt 19,00 EUR", None),
        ("Gesamtbetrag 119,00 EUR   130,00 USD", None),
    ],
)
def test_of_several_amounts_on_the_line_of_the_total_the_right_one_is_read_or_none(line, gross):
    found = read(line)
    assert (found.gross, found.payable) == (gross and Decimal(gross),) * 2


@pytest.mark.parametrize(
    ("lines", "totals"),
    [
        (("Nettobetrag 2 500,00", "MwSt 19 % 475,00", "Gesamtbetrag 2 975,00"), ("2500.00", "475.00", "2975.00")),
        (("Nettobetrag 1.000,00", "MwSt 19 190,00", "Gesamtbetrag 1.190,00"), ("1000.00", "190.00", "1190.00")),
        (("Nettobetrag 100,00-", "MwSt 19 % 19,00-", "Gesamtbetrag 119,00-"), ("-100.00", "-19.00", "-119.00")),
        (("Netto 100,00   MwSt 19,00   Brutto 119,00",), ("100.00", "19.00", "119.00")),
    ],
)
def test_amounts_that_add_up_are_read_however_they_are_grouped_and_signed(lines, totals):
    found = read(*lines)
    assert (found.net, found.tax, found.gross) == tuple(map(Decimal, totals))


@pytest.mark.parametrize(
    ("lines", "prepaid", "payable"),
    [
        (("abzgl. Anzahlung 500,00", "Noch zu zahlen 690,00"), "500.00", "690.00"),
        (("abzgl. Anzahlung vom 01.01.2026   -500,00", "Restbetrag   690,00"), "500.00", "690.00"),
        (
            ("abzgl. 1. Abschlagsrechnung   200,00", "abzgl. 2. Abschlagsrechnung   300,00", "Zahlbetrag 690,00"),
            "500.00",
            "690.00",
        ),
        (("Bereits bezahlt 1190,00", "Noch zu zahlen 0,00"), "1190.00", "0.00"),
        (("Erhaltene Anzahlungen", "Zahlbetrag 1190,00"), None, "1190.00"),
        (("Die Anzahlung ist schon abgezogen.",), None, None),
        (("Es wurde keine Anzahlung geleistet.",), None, "1190.00"),
        (("Sollten Sie bereits bezahlt haben, betrachten Sie dies als gegenstandslos.",), None, "1190.00"),
        (("If you have already paid, please ignore this.",), None, "1190.00"),
        (("Keine Anzahlung nötig. Bereits bezahlt mit PayPal",), None, None),
        (("Wenn die Anzahlung abgezogen ist, bleibt der Rest.",), None, None),
        (("Bereits bezahlt mit PayPal",), None, None),
        (("abzgl. Anzahlung 400,00", "Noch zu zahlen 690,00"), None, None),
        (("Zahlbetrag 690,00",), None, None),
        (("Vielen Dank.",), None, "1190.00"),
    ],
)
def test_what_is_left_to_pay_is_read_where_the_gross_explains_it_or_not_at_all(lines, prepaid, payable):
    sums = ("Nettobetrag 1000,00", "MwSt 19 % 190,00", "Gesamtbetrag 1190,00")
    found = read(*sums, *lines)
    assert (found.gross, found.prepaid, found.payable) == (1190, prepaid and Decimal(prepaid), payable and Decimal(payable))


def test_the_rest_is_not_taken_for_the_gross_where_nothing_else_explains_it():
    found = read("Gesamtbetrag 1.190,00", "abzgl. Anzahlung 500,00", "Noch zu zahlen 690,00")
    assert (found.gross, found.prepaid, found.payable) == (1190, 500, 690)


@pytest.mark.parametrize(
    "earlier", ["abzgl. Abschlagsrechnung 26 vom 01.10.2026 -590,00", "Abschlagsrechnung 26 vom 01.10.2026   590,00"]
)
def test_the_day_of_an_earlier_invoice_that_is_taken_off_is_not_that_of_the_final_one(earlier):
    lines = ("Schlussrechnung Nr. 27", "Datum 20.11.2026", "Netto 1.000,00", "19 % USt 190,00", "Brutto 1.190,00", earlier)
    assert find_invoice("x.pdf", "", make_pdf("Nord GmbH", *lines)).invoice.issue_date == date(2026, 11, 20)


def test_the_day_in_a_sentence_with_the_whole_amount_is_that_of_the_invoice():
    lines = ("Rechnung Nr. 27 vom 20.11.2026 über 119,00 EUR", "Gesamtbetrag 119,00 EUR")
    assert find_invoice("x.pdf", "", make_pdf("Nord GmbH", *lines)).invoice.issue_date == date(2026, 11, 20)


def test_half_an_amount_is_no_invoice_number():
    found = find_invoice(
        "x.pdf", "", make_pdf("Nord GmbH", "Rechnung", "Datum 20.11.2026", "Rechnungsbetrag 1.142,40 EUR")
    ).invoice
    assert (found.number, found.gross) == (None, Decimal("1142.40"))
