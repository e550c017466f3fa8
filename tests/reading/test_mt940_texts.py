"""What banks write behind a reference or into the purpose of MT940 is told apart from these."""

from __future__ import annotations

import pytest

from kontorist.reading.bank import Entry, read_statements


def entry(line: str, text: str) -> Entry:
    data = f":20:A\n:25:DE89370400440532013000\n:28C:1\n:60F:C261101EUR143,00\n{line}\n:86:{text}\n:62F:C261103EUR0,00\n-\n"
    return read_statements("auszug.sta", data.encode())[0].entries[0]


def test_the_original_amount_behind_a_reference_is_neither_reference_nor_name():
    found = entry(":61:2611031103D143,00NRTINONREF/OCMT/EUR140,00/CHGS/EUR3,00", "109?00RETOURE?20SVWZ+Rg 99")
    assert (found.customer_reference, found.counterparty, found.purpose) == ("", "", "Rg 99")


@pytest.mark.parametrize("mark", ["USTD//", "/USTD//", "STRD/", ""])
def test_how_a_purpose_is_structured_is_no_part_of_it(mark):
    found = entry(":61:2611031103D143,00NTRFNONREF", f"/ORDP//NAME/Muster AG/REMI/{mark}Inv 12/2026")
    assert found.purpose == "Inv 12/2026"
