"""What an admin gets wrong about the books is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.base import Health
from kontorist.core.errors import ConfigurationError
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE, Books


def health(folder: Path, vendors: str | bytes) -> Health:
    books = Books(folder)
    (folder / "vendors.csv").write_bytes(vendors if isinstance(vendors, bytes) else vendors.encode())
    return books.connector.try_out()


@pytest.mark.parametrize(
    ("vendors", "sentence"),
    [
        ("Kreditor;Nahme\n70001;x\n", "vendors.csv:1: there is no such column: 'Nahme', did you mean 'Name'?"),
        ("Kreditor;Name;IBAM\n70001;x;\n", "'IBAM', did you mean 'IBAN'?"),
        ("Kreditor;Ort\n70001;x\n", "lacks the column Name: there are Kreditor, Ort."),
        ("Kreditor,Name\n70001,x\n", "must be separated by semicolons"),
        ("", "lacks the columns Kreditor, Name: it is empty."),
        ('Kreditor;Name\n70001;"x\n' + "y" * 2_000_000, "vendors.csv:2: a quotation mark is not closed"),
        ('Kreditor;Name\n70002;y\n70001;"x\n70003;z\n', "vendors.csv:3: a quotation mark is not closed"),
        ("Kreditor;Name\n7;x\n", "There is no creditor in vendors.csv"),
    ],
)
def test_a_faulty_file_of_creditors_is_a_sentence(tmp_path: Path, vendors: str, sentence: str) -> None:
    found = health(tmp_path, vendors)
    assert not found.ok
    assert sentence in found.message


@pytest.mark.parametrize("text", ["Kreditor;Name;Ort\n70001;Bär;Kiel\n", " KREDITOR ;name; ustidnr \n70001;Bär;\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_captions_and_encodings_may_vary(tmp_path: Path, text: str, encoding: str) -> None:
    assert health(tmp_path, text.encode(encoding)).ok
    assert Books(tmp_path, text).connector.vendors().every[0].name == "Bär"


def test_a_line_that_is_left_out_is_named_with_its_reason(tmp_path: Path) -> None:
    books = Books(tmp_path, "Kreditor;Name;IBAN;USt-IdNr\n70001;x;DE00;\n70002;y;;\n70002;z;;\n7;;\n")
    assert [one.number for one in books.connector.vendors().every] == ["70002"]
    text = "\n".join(books.connector.problems())
    for part in (
        "vendors.csv:2: 'DE00' is no IBAN",
        "vendors.csv:4: the creditor 70002 stands in vendors.csv:3",
        "vendors.csv:5: has 3",
    ):
        assert part in text


def test_missing_columns_that_guard_against_fraud_are_a_problem(tmp_path: Path) -> None:
    assert "no column IBAN" in "\n".join(Books(tmp_path, "Kreditor;Name\n70001;x\n").connector.problems())


def test_a_missing_file_of_creditors_is_a_sentence(tmp_path: Path) -> None:
    books = Books(tmp_path)
    (tmp_path / "vendors.csv").unlink()
    assert "vendors.csv is not there" in books.connector.try_out().message
    with pytest.raises(ConfigurationError, match="under `vendors`"):
        books.propose(cii(INVOICE))
    (tmp_path / "vendors.csv").mkdir()
    assert "is a folder" in books.connector.try_out().message


def test_a_file_of_creditors_that_may_not_be_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> bytes:  # root may read everything, so that the mode of the file says nothing
        raise PermissionError(13, "Permission denied")

    books = Books(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert "give this program the right to read it" in books.connector.try_out().message


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books, folder = Books(tmp_path), tmp_path / "var/books"
    folder.parent.mkdir()
    folder.write_text("x")
    assert "is a file, not a folder" in books.connector.try_out().message
    folder.unlink()
    folder.symlink_to(tmp_path / "nowhere")
    assert "a link to nowhere" in books.connector.try_out().message
    folder.unlink()

    def read_only(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    assert "cannot be written (Read-only file system)" in books.connector.try_out().message


def test_trying_the_connection_changes_nothing(books: Books) -> None:
    before = sorted(books.folder.rglob("*"))
    assert books.connector.try_out().ok
    assert sorted(books.folder.rglob("*")) == before


@pytest.mark.parametrize("start", ["02-29", "13-01", "04-31"])
def test_a_fiscal_year_starts_on_a_day_of_every_year(tmp_path: Path, start: str) -> None:
    with pytest.raises(ValidationError, match="no month and day of every year"):
        Books(tmp_path, fiscal_year_start=start)


def test_vendors_and_postings_can_be_looked_up(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    ((vendor,),) = books.connector.look_up("vendors", [{"number": "70001"}])
    assert vendor.values["name"] == "Wellpappe Nord GmbH"
    assert books.connector.look_up("postings", [{"number": "RE-1/2026"}])[0]
