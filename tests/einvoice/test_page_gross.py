"""Pages that print only what is to be paid: their VAT is read where the law or the page says it, and never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kontorist.einvoice.document import find_invoice
from tests.einvoice.inputs import make_pdf

HEAD = ("Nord GmbH, Am Wall 3, 28195 Bremen", "Rechnung Nr. 17", "Datum 20.11.2026")


def read(*lines):
    found = find_invoice("x.pdf", "", make_pdf(*HEAD, *lines)).invoice
    return (found.net, found.tax, found.gross), [(row.category, row.rate) for row in found.vat_breakdown]


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("Gemäß § 19 UStG wird keine Umsatzsteuer berechnet.", "E"),
        ("Kleinunternehmer, daher ohne Umsatzsteuer", "E"),
        ("Steuerschuldnerschaft des Leistungsempfängers nach § 13b UStG", "AE"),
        ("Steuerfreie innergemeinschaftliche Lieferung", "K"),
    ],
)
def test_what_is_said_to_be_without_vat_has_none(reason, category):
    amounts, rows = read("Gesamtbetrag 350,00 EUR", reason, "Bei Zahlung binnen 10 Tagen 2 % Skonto")
    assert amounts == (Decimal("350.00"), Decimal("0.00"), Decimal("350.00"))
    assert rows == [(category, Decimal(0))]


@pytest.mark.parametrize(
    ("lines", "amounts"),
    [
        (("Gesamtbetrag 119,00 EUR inkl. 19 % MwSt.",), ("100.00", "19.00", "119.00")),
        (("Gesamt 23,80 EUR", "enthaltene MwSt 19 % 3,80 EUR"), ("20.00", "3.80", "23.80")),
        (("Gesamtbetrag 1.190,00 EUR", "darin enthalten 19 % MwSt 190,00 EUR"), ("1000.00", "190.00", "1190.00")),
    ],
)
def test_vat_that_is_contained_is_taken_out(lines, amounts):
    assert read(*lines) == (tuple(map(Decimal, amounts)), [("S", Decimal(19))])


@pytest.mark.parametrize(
    "lines",
    [
        ("Gesamtbetrag 1.190,00 EUR inkl. 19 % MwSt.",),  # not small: the tax has to be printed
        ("Gesamtbetrag 119,00 EUR inkl. 7 % und 19 % MwSt.",),
        ("Gesamtbetrag 119,00 EUR", "enthaltene MwSt 19 % 12,00 EUR"),
        ("Gesamtbetrag 119,00 EUR", "zzgl. 19 % MwSt."),
        ("Gesamtbetrag 119,00 EUR", "Position 1 19 %", "Für Kleinunternehmer gilt § 19 UStG"),
        ("Gesamtbetrag 119,00 EUR",),
    ],
)
def test_what_would_be_a_guess_is_left_open(lines):
    (net, tax, _), rows = read(*lines)
    assert (net, tax, rows) == (None, None, [])
