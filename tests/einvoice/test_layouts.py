"""Invoices of many layouts, German and English, are read from the words on their pages; each value is marked where it stands."""

from __future__ import annotations

import re

import pytest
from fpdf import FPDF

from kontorist.einvoice.document import read_pdf
from kontorist.einvoice.onpage import written
from kontorist.einvoice.problems import problems
from tests.einvoice.layouts import FORMS, invoice


@pytest.mark.parametrize("form", range(len(FORMS)), ids=lambda n: FORMS[n].number)
def test_every_value_of_a_layout_is_read_and_marked(form: int) -> None:
    for seed in range(form, 40, len(FORMS)):
        data, truth = invoice(seed)
        found = read_pdf(data)
        assert found is not None
        got = found.invoice.as_dict() | {"iban": found.invoice.ibans[0], "seller.name": found.invoice.seller.name}
        got |= {"seller.vat_id": found.invoice.seller.vat_id}
        assert {key: got[key] for key in truth} == truth
        for key, value in truth.items():
            place = found.evidence[key][0]
            page = next(p for p in found.pages if p.number == place.page)
            x0, top, x1, bottom = place.box or (0, 0, 0, 0)
            under = " ".join(
                w.text for w in page.words if x0 <= (w.x0 + w.x1) / 2 <= x1 and top <= (w.top + w.bottom) / 2 <= bottom
            )
            hit = re.search("|".join(written(value)), under, re.IGNORECASE)
            assert hit, f"{key} of {seed}: {under!r} is marked for {value!r}"
            assert len(under) <= len(hit.group()) + 12


def test_what_is_called_iban_and_has_wrong_check_digits_is_shown_with_a_warning() -> None:
    page = FPDF()
    page.add_page()
    page.set_font("helvetica", size=11)
    for line in (
        "Rechnung Nr. 2026-11",
        "Datum 01.11.2026",
        "Gesamtbetrag 119,00 EUR",
        "IBAN: DE89 3704 0044 0532 0130 01 BIC: INGDDEFFXXX",
    ):
        page.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    found = read_pdf(bytes(page.output()))
    assert found is not None
    assert found.invoice.ibans == ("DE89370400440532013001",)
    assert found.evidence["iban"][0].quote == "DE89 3704 0044 0532 0130 01"
    assert "DE89370400440532013001 is no valid IBAN." in [one.text_en for one in problems(found)]
