"""What an admin gets wrong about the books is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontorist.core.errors import ConfigurationError
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE, Books


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
