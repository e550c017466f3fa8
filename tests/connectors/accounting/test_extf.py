"""DATEV files: what we write reads back equal, what others wrote is read, what is no such file is refused with its line."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounting import extf
from connectors.accounting.extf_files import party_captions, read_file, write_parties
from connectors.accounting.extf_rules import RULES, fits, problems
from connectors.base import Context
from kontorist.core.errors import ConfigurationError, NotReadable, Rejected
from kontorist.testing import carried_out
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE, VENDOR, Books

DATEV = Path(__file__).resolve().parents[3] / "../shared/data/datev"
needs_data = pytest.mark.skipif(not DATEV.is_dir(), reason="the real EXTF files are not beside this checkout")
HEAD = extf.Head(
    1001, 456, date(2026, 1, 1), 4, date(2026, 11, 1), date(2026, 11, 30), "Probe", datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
)
HOSTILE = [
    "Müller & Söhne „GmbH“",
    'Sag "ja"; nein',
    "zwei\r\nZeilen",
    "=1+1",
    "+49 451",
    "@SUM(A1)",
    "-2+3",
    "Tab\there",
    "Ω≈ç",
    "…",
    "a;b;c",
    '"',
]

KOST = ["", "100", "Vertrieb", "4 711"]


def postings(count: int) -> list[dict[str, str]]:
    chance = random.Random(7)
    made = []
    for number in range(count):
        row = {
            "Umsatz (ohne Soll/Haben-Kz)": extf.amount(Decimal(chance.randint(1, 10**9)) / 100),
            "Soll/Haben-Kennzeichen": chance.choice("SH"),
            "Konto": str(chance.randint(1000, 9999)),
            "Gegenkonto (ohne BU-Schlüssel)": str(chance.randint(70000, 79999)),
            "BU-Schlüssel": chance.choice(["", "9", "8", "94", "19"]),
            "Belegdatum": f"{date(2026, chance.randint(1, 12), chance.randint(1, 28)):%d%m}",
            "Belegfeld 1": f"R-{number}",
            "Buchungstext": chance.choice(HOSTILE),
            "Beleglink": 'BEDI "6f1f2a6e-0000-4000-8000-000000000000"',
            "KOST1 – Kostenstelle": chance.choice(KOST),
        }
        made.append({caption: value for caption, value in row.items() if value})
    return made


def test_a_thousand_postings_read_back_equal_with_every_hostile_text():
    rows = postings(1000)

    data = extf.write(HEAD, rows)
    found = read_file(data)

    assert len(found.rows) == 1000
    for row, read in zip(rows, found.rows, strict=True):
        wanted = {c: extf.clean(v, extf._TEXTS[c]) if c in extf._TEXTS else v for c, v in row.items()}
        assert extf.plain_row(read) == {c: v.encode("cp1252", "replace").decode("cp1252") for c, v in wanted.items() if v}
    assert (found.consultant, found.client, found.year_start, found.account_length) == (1001, 456, date(2026, 1, 1), 4)
    assert data.count(b"\r\n") == 1002
    assert not re.search(rb'(^|;)"[=+@\-]', data), "no cell begins as a formula does"


def test_another_reader_of_csv_sees_the_same_cells():
    rows = postings(50)
    lines = list(csv.reader(io.StringIO(extf.write(HEAD, rows).decode("cp1252"), newline=""), delimiter=";"))
    assert {len(line) for line in lines[1:]} == {len(extf.CAPTIONS)}
    assert [line[0] for line in lines[2:]] == [row["Umsatz (ohne Soll/Haben-Kz)"] for row in rows]


@needs_data
def test_every_file_of_others_is_read():
    found = {path.name: read_file(path.read_bytes()) for path in DATEV.glob("*.csv")}

    assert {name: (one.category, one.version, len(one.rows)) for name, one in found.items()} == {
        "EXTF_Buchungsstapel.csv": (21, 9, 2),
        "EXTF_Stammdaten.csv": (16, 5, 4),
        "EXTF_Kontenbeschriftungen.csv": (20, 2, 3),
    }
    assert found["EXTF_Kontenbeschriftungen.csv"].rows[2]["Kontenbeschriftung"] == "Girokonto"
    assert tuple(party_captions()) == found["EXTF_Stammdaten.csv"].captions
    assert extf.value_of(found["EXTF_Buchungsstapel.csv"].rows[0]) == Decimal("-24.95")


@needs_data
def test_files_of_others_written_again_are_the_same_but_for_who_wrote_them():
    theirs = (DATEV / "EXTF_Stammdaten.csv").read_bytes().replace(b"\r\n", b"\n").split(b"\n")
    rows = [{c: v for c, v in row.items() if v} for row in read_file((DATEV / "EXTF_Stammdaten.csv").read_bytes()).rows]
    ours = write_parties(HEAD, [row | {"Straße": row.get("Straße", "")} for row in rows]).replace(b"\r\n", b"\n").split(b"\n")
    assert ours[1] == theirs[1]
    assert [read.split(b";")[0] for read in ours[2:6]] == [read.split(b";")[0] for read in theirs[2:6]]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"EXTF"', b'"TEXT"', "does not begin with EXTF"),
        (b";21;", b";99;", "category 99"),
        (b"20260101", b"2026", "line 1: the header is not one"),
        (b'"S"', b'"X"', "line 3: neither debit"),
        (b"119,00", b"119.00", "line 3: '119.00' is no amount"),
        (b";1611;", b";3113;", "line 3: '3113' is no day"),
        (b'"RE-1"', b'"RE-1', "quotation mark"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_line(old, new, reason):
    row = {
        "Umsatz (ohne Soll/Haben-Kz)": "119,00",
        "Soll/Haben-Kennzeichen": "S",
        "Konto": "4980",
        "Gegenkonto (ohne BU-Schlüssel)": "70001",
        "Belegdatum": "1611",
        "Belegfeld 1": "RE-1",
    }
    data = extf.write(HEAD, [row])
    assert old in data
    with pytest.raises(NotReadable, match=reason):
        read_file(data.replace(old, new, 1))


def test_creditors_are_exported_and_read_back_as_master_data(books: Books, tmp_path: Path):
    action = books.connector.actions["export_vendors"]()
    found = action.propose(books.connector, action.Payload(), Context(1, "test", {}, {}, "de"))
    receipt = carried_out(action, books.connector, found.payload)
    exported = (books.connector.output / receipt.evidence["file"]).read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    again = Books(other)
    (other / "vendors.csv").write_bytes(exported)

    (ours,), (theirs,) = books.connector.vendors().every, again.connector.vendors().every

    assert (theirs.number, theirs.name, theirs.vat_id, theirs.ibans) == (ours.number, ours.name, ours.vat_id, ours.ibans)
    assert theirs.ibans == (VENDOR.iban,)
    assert action.find(books.connector, found.payload, "k") == receipt


@needs_data
def test_creditors_come_from_datevs_own_export(tmp_path: Path):
    books = Books(tmp_path)
    (tmp_path / "vendors.csv").write_bytes((DATEV / "EXTF_Stammdaten.csv").read_bytes())

    assert [(one.number, one.name) for one in books.connector.vendors().every] == [
        ("70001", "Meyer GmbH"),
        ("70002", "Schulze GmbH"),
        ("70003", "Scary Kitten AG"),
    ]
    (tmp_path / "vendors.csv").write_bytes((DATEV / "EXTF_Buchungsstapel.csv").read_bytes())
    with pytest.raises(ConfigurationError, match="export Debitoren/Kreditoren"):
        books.connector.vendors()


def test_every_cell_of_a_thousand_postings_is_what_datev_publishes_for_its_column():
    lines = extf.write(HEAD, postings(1000)).decode("cp1252").split("\r\n")[2:-1]
    assert len(lines) == 1000
    for line in lines:
        cells = re.findall(r'(?:^|;)("(?:[^"]|"")*"|[^;"]*)', line)
        assert len(cells) == len(extf.CAPTIONS)
        for caption, cell in zip(extf.CAPTIONS, cells, strict=True):
            is_text = caption in extf._TEXTS
            assert cell.startswith('"') is is_text, f"{caption}: {cell}"
            plain = cell[1:-1].replace('""', '"') if is_text else cell
            assert fits(caption, plain), f"{caption}: {cell}"
        row = dict(zip(extf.CAPTIONS, (cell.strip('"') for cell in cells), strict=True))
        assert list(problems({caption: cell for caption, cell in row.items() if cell})) == []


def test_the_rules_are_about_all_columns_in_their_order_and_know_the_texts_lengths():
    assert tuple(RULES) == extf.CAPTIONS
    for caption, length in extf._TEXTS.items():
        assert not fits(caption, "9" * (length + 1)), caption


WRONG = {
    "Umsatz (ohne Soll/Haben-Kz)": ["0,00", "-1,00", "1.000,00", "12345678901,00", "1,5"],
    "Soll/Haben-Kennzeichen": ["X", "s"],
    "WKZ Umsatz": ["EURO", "eur", "€"],
    "Konto": ["0000", "1234567890", "12A"],
    "BU-Schlüssel": ["12345", "9a"],
    "Belegdatum": ["3213", "0013", "161126"],
    "Belegfeld 1": ["RE 1", "RE.1", "RÄ1", "1;2"],
    "KOST1 – Kostenstelle": ["10-20", "=1+1"],
    "Beleglink": ["x" * 211],
    "Fälligkeit": ["16112026x", "32122026", "16111926"],
    "Generalumkehr": ["2", "J"],
    "EU-Steuersatz": ["7,00", "119,00"],
    "Land": ["Deutschland"],
}


@pytest.mark.parametrize(("caption", "cell"), [(c, one) for c, cells in WRONG.items() for one in cells])
def test_what_datev_would_refuse_is_not_written(caption: str, cell: str):
    assert not fits(caption, cell)
    if caption not in (
        "Beleglink",
        "Soll/Haben-Kennzeichen",
        "Land",
        "Generalumkehr",
        "WKZ Umsatz",
        "BU-Schlüssel",
    ):  # cut to their length
        with pytest.raises(ValueError, match=re.escape(caption)):
            extf.write(HEAD, [{**postings(1)[0], caption: cell}])


def test_a_cost_centre_that_datev_does_not_take_is_refused_before_anybody_is_asked(books: Books):
    with pytest.raises(Rejected, match="KOST1 – Kostenstelle"):
        books.propose(cii(INVOICE), cost_center="10-20")


@pytest.mark.parametrize(
    ("caption", "cell"), [("EU-Land", "Deutschland"), ("EU-USt-IdNr.", "1" * 14), ("IBAN 1", "DE1"), ("Konto", "7000A")]
)
def test_master_data_that_datev_would_refuse_are_not_written(caption: str, cell: str):
    row = {"Konto": "70001", "Name (Adressatentyp Unternehmen)": '=Müller "& Söhne"; ' + "x" * 60, "Kurzbezeichnung": "Müller"}
    found = read_file(write_parties(HEAD, [row])).rows[0]
    assert found["Name (Adressatentyp Unternehmen)"] == ('\'=Müller "& Söhne"; ' + "x" * 60)[:50]
    with pytest.raises(ValueError, match=re.escape(caption)):
        write_parties(HEAD, [row | {caption: cell}])
