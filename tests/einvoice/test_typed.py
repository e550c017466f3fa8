"""Invoices as text and HTML files: read like those on a page, and only when nothing is missing or left to guess."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kontorist.einvoice.document import find_invoice
from kontorist.reading.typed import typed_page

TEXT = """Kistenbau Möller GmbH - Werftstr. 8 - 24143 Kiel
Hansen & Brandt Großhandel GmbH
Kaiserstraße 12
23552 Lübeck

Rechnung
Rechnungsnummer: 2026-0815
Rechnungsdatum: 24.11.2026
USt-IdNr.: DE136695976

Pos. 1  Transportkisten 20 Stk  à 48,00   960,00
Nettobetrag   960,00 EUR
zzgl. 19 % MwSt   182,40 EUR
Rechnungsbetrag   1.142,40 EUR
Zahlbar bis 08.12.2026 ohne Abzug
IBAN DE02 1203 0000 0000 2020 51
"""
TABLE = (
    "<html><body><p>Kistenbau Möller GmbH</p><p>USt-IdNr. DE136695976</p><h2>Rechnung 2026-0815</h2><p>Rechnungsdatum: 24.11.2026</p>"
    "<table><tr><td>Netto</td><td>960,00 &euro;</td></tr><tr><td>19 % MwSt</td><td>182,40 &euro;</td></tr>"
    "<tr><td>Gesamtbetrag</td><td>1.142,40 &euro;</td></tr></table></body></html>"
)


@pytest.mark.parametrize(
    ("name", "data"),
    [("r.txt", TEXT.encode("cp1252")), ("r.txt", TEXT.replace("\n", "\r\n").encode()), ("r.html", TABLE.encode())],
    ids=["Windows-1252", "UTF-8", "HTML"],
)
def test_an_invoice_that_came_as_text_is_read_with_the_place_of_each_value(name, data):
    found = find_invoice(name, "", data)

    assert (found.invoice.number, found.invoice.issue_date) == ("2026-0815", date(2026, 11, 24))
    assert (found.invoice.net, found.invoice.tax, found.invoice.gross) == (
        Decimal("960.00"),
        Decimal("182.40"),
        Decimal("1142.40"),
    )
    assert found.invoice.seller.name == "Kistenbau Möller GmbH"
    assert [(one.quote, one.part, one.page) for one in found.evidence["number"]] == [("2026-0815", "text", None)]


def test_the_address_block_of_a_text_is_the_buyer():
    buyer = find_invoice("r.txt", "", TEXT.encode()).invoice.buyer
    assert (buyer.name, buyer.city) == ("Hansen & Brandt Großhandel GmbH", "Lübeck")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Rechnungsbetrag   1.142,40", "Rechnungsbetrag   1.143,40"),
        ("Rechnungsdatum: 24.11.2026\n", ""),
        ("Rechnungsnummer: 2026-0815\n", ""),
        ("\nRechnung\n", "\n2. Mahnung\n"),
        ("\nRechnung\n", "\nAuftragsbestätigung\n"),
        ("zzgl. 19 % MwSt   182,40 EUR\n", ""),
    ],
)
def test_a_text_that_is_no_whole_invoice_is_none(old, new):
    assert find_invoice("r.txt", "", TEXT.replace(old, new).encode()) is None


@pytest.mark.parametrize("name", ["r.eml", "r.csv", "r.ics"])
def test_mails_rows_and_appointments_are_no_invoice_whatever_they_say(name):
    assert find_invoice(name, "", TEXT.encode()) is None


def test_a_row_of_number_day_and_customer_is_no_sender():
    text = (
        "Wellpappe Nord GmbH\nUSt-IdNr. DE811123413\n\nRechnungsnr.   Rechnungsdatum   Kundennr.\nRE-77          20.11.2026       10022\n"
        "\nNetto        MwSt      Brutto\n100,00       19,00     119,00\n"
    )
    assert find_invoice("r.txt", "", text.encode()).invoice.seller.name == "Wellpappe Nord GmbH"


def test_words_below_each_other_and_cells_behind_tabs_stand_in_columns():
    page = typed_page("Netto   MwSt\n1,00    0,19\nBrutto\t1,19\nx\t2,00")
    place = {word.text: word for word in page.words}

    assert place["MwSt"].x0 == place["0,19"].x0
    assert place["1,19"].x0 == place["2,00"].x0
    assert all(page.text[word.start : word.end] == word.text for word in page.words)
