"""Invoices that are only words on a page, as different vendors print them, with one rate of VAT and with two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kontorist.einvoice.document import find_invoice
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
