"""Invoices of many layouts, German and English, are read from the words on their pages; each value is marked where it stands."""

from __future__ import annotations

import re

import pytest

from kontorist.einvoice.document import read_pdf
from kontorist.einvoice.onpage import written
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
