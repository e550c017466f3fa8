"""Exports as ERP systems write them: encodings, delimiters, quotes, numbers, dates, and what is wrong with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.erp_csv import cells
from connectors.erp_csv.dialect import detect

from .conftest import ORDERS


def test_a_german_export_is_read_without_any_options(opened):
    (row,) = opened().look_up("orders", [{"auftragsnummer": "4711"}])[0]

    assert row.place == "auftraege.csv:2"
    assert row.values == {
        "auftragsnummer": "4711",
        "kundennummer": "10001",
        "kunde": "Müller & Söhne GmbH",
        "e_mail": "Einkauf@Mueller.example",
        "bestelldatum": date(2026, 11, 3),
        "status": "versandt",
        "versanddatum": date(2026, 11, 12),
        "liefertermin": date(2026, 11, 13),
        "gesamtbetrag": Decimal("1234.50"),
        "bezahlt": True,
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_every_encoding_and_delimiter_gives_the_same_rows(opened, folder, encoding, delimiter):
    written = "".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n"
        for row in [["Name", "Ort", "Betrag"], ["Jürgen Groß", "Köln", "1.234,50"], ["Änne; Öz, | x", "Lünen", "7,25"]]
    )
    (folder / "auftraege.csv").write_bytes(written.encode(encoding))

    rows = opened().look_up("orders", [{}])[0]

    assert [list(r.values.values()) for r in rows] == [
        ["Jürgen Groß", "Köln", Decimal("1234.50")],
        ["Änne; Öz, | x", "Lünen", Decimal("7.25")],
    ]


def test_a_late_umlaut_decides_the_encoding_of_a_large_file(folder):
    path = folder / "gross.csv"
    path.write_bytes(b"a;b\n" + b"eins;zwei\n" * 200_000 + "Köln;Müßig\n".encode("cp1252"))

    assert detect(path).encoding == "cp1252"


def test_titles_above_the_headings_and_excels_first_line_are_passed_over(opened, folder):
    (folder / "auftraege.csv").write_text(
        "sep=;\nAuftragsliste vom 12.11.2026;;\n\nNummer;Ort;Betrag\n1;Köln;2,50\n", encoding="utf-8"
    )

    (row,) = opened().look_up("orders", [{}])[0]

    assert row.values == {"nummer": "1", "ort": "Köln", "betrag": Decimal("2.50")}
    assert row.place == "auftraege.csv:5"


def test_numbers_with_leading_zeros_stay_text(opened, folder):
    (folder / "auftraege.csv").write_text("Ort;Vorwahl;Menge\nKöln;0221;5\nBonn;0228;7\n", encoding="utf-8")

    rows = opened().look_up("orders", [{}])[0]

    assert [r.values for r in rows] == [
        {"ort": "Köln", "vorwahl": "0221", "menge": 5},
        {"ort": "Bonn", "vorwahl": "0228", "menge": 7},
    ]


def test_an_identifier_far_down_that_is_no_number_is_not_lost(opened, folder):
    lines = "".join(f"{n};x\n" for n in range(1, 5001))
    (folder / "auftraege.csv").write_text("Menge;Ort\n" + lines + "47-A;Köln\n", encoding="utf-8")

    erp = opened()

    assert [r.values["menge"] for r in erp.look_up("orders", [{"menge": "47-a"}])[0]] == ["47-A"]
    assert list(erp.problems()) == []


def test_bad_rows_are_told_with_file_and_line_and_the_others_are_read(opened, folder):
    bad = (
        ORDERS
        + "4714;10004;Zu kurz\n4715;10005;Da;d@x.example;31.02.2026;offen;;;12,00;nein\n4716;1;B;b@x.example;01.11.2026;o;;;zwölf;nein\n"
    )
    (folder / "auftraege.csv").write_text(bad, encoding="utf-8")
    columns = {
        "number": "Auftragsnummer",
        "ordered_on": {"from": "Bestelldatum", "type": "date"},
        "total": {"from": "Gesamtbetrag", "type": "decimal"},
    }
    erp = opened({"orders": {"file": "auftraege.csv", "columns": columns}})

    rows = {r.values["number"]: r.values for r in erp.look_up("orders", [{}])[0]}

    assert list(rows) == ["4711", "4712", "4713", "4715", "4716"]
    assert rows["4715"] == {"number": "4715", "ordered_on": None, "total": Decimal("12.00")}
    assert rows["4716"] == {"number": "4716", "ordered_on": date(2026, 11, 1), "total": None}
    assert list(erp.problems()) == [
        "auftraege.csv:5: has 3 fields, the headings are 10; the row is left out",
        "auftraege.csv:6: 'Bestelldatum' is '31.02.2026', not a date",
        "auftraege.csv:7: 'Gesamtbetrag' is 'zwölf', not a number",
    ]


def test_an_impossible_date_does_not_turn_a_found_date_column_into_text(opened, folder):
    (folder / "auftraege.csv").write_text("Nr;Versanddatum\n1;30.11.2026\n2;31.02.2026\n", encoding="utf-8")
    erp = opened()

    assert [r.values["versanddatum"] for r in erp.look_up("orders", [{}])[0]] == [date(2026, 11, 30), None]
    assert list(erp.problems()) == ["auftraege.csv:3: 'Versanddatum' is '31.02.2026', not a date"]


def test_stray_quotation_marks_do_not_swallow_the_rows_between_them(opened, folder):
    rows = ['1;"Zoll-Rohr;5,00', "2;Rohr;6,00", "3;Blech;7,00", '4;"Zoll-Blech;8,00', "5;Ende;9,00"]
    (folder / "auftraege.csv").write_text("Nr;Artikel;Preis\n" + "\n".join(rows) + "\n", encoding="utf-8")

    found = opened().look_up("orders", [{}])[0]

    assert [(r.values["nr"], r.values["artikel"], r.place) for r in found] == [
        ("1", '"Zoll-Rohr', "auftraege.csv:2"),
        ("2", "Rohr", "auftraege.csv:3"),
        ("3", "Blech", "auftraege.csv:4"),
        ("4", '"Zoll-Blech', "auftraege.csv:5"),
        ("5", "Ende", "auftraege.csv:6"),
    ]


def test_a_cell_may_hold_several_lines(opened, folder):
    (folder / "auftraege.csv").write_text('Nr;Text;Ort\n1;"erste\nzweite";Köln\n2;x;Bonn\n', encoding="utf-8")

    rows = opened().look_up("orders", [{}])[0]

    assert [(r.values["text"], r.place) for r in rows] == [("erste\nzweite", "auftraege.csv:2"), ("x", "auftraege.csv:4")]


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1.234,50", ",", "1234.50"),
        ("1234,5", ",", "1234.5"),
        ("12,50-", ",", "-12.50"),
        ("€ 1.000", ",", "1000"),
        ("99,90 EUR", ",", "99.90"),
        ("1'234.50", ".", "1234.50"),
        ("1,234.50", ".", "1234.50"),
        ("1 234,50", ",", "1234.50"),
    ],
)
def test_numbers_are_read_as_they_are_meant(text, mark, number):
    assert cells.parse_decimal(text, mark) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1.23", ","),
        ("1,23", "."),
        ("1.2345,0", ","),
        ("0.500", ","),
        ("0,500", "."),
        ("01.234", ","),
        ("zwölf", ","),
        ("١٢", ","),
        ("NaN", "."),
    ],
)
def test_a_number_that_could_be_misread_is_refused(text, mark):
    with pytest.raises(ValueError):
        cells.parse_decimal(text, mark)


@pytest.mark.parametrize(
    ("cells_", "values"), [(("0.500", "1.234"), ("0.500", "1.234")), (("0,500", "1.234,00"), ("0.500", "1234"))]
)
def test_a_number_below_one_shows_the_decimal_sign_of_the_file(opened, folder, cells_, values):
    (folder / "auftraege.csv").write_text("Ort;Gewicht\n" + "".join(f"Köln;{one}\n" for one in cells_), encoding="utf-8")

    assert [r.values["gewicht"] for r in opened().look_up("orders", [{}])[0]] == [Decimal(one) for one in values]


def test_one_broken_byte_in_a_file_of_utf_8_is_told_with_its_line_and_harms_nothing_else(opened, folder):
    lines = [f"{n};Müller" for n in range(1, 501)]
    data = ("Nr;Kunde\n" + "\n".join(lines) + "\n").encode()
    (folder / "auftraege.csv").write_bytes(data.replace("7;Müller".encode(), b"7;M\xc3ller", 1))
    erp = opened()

    names = [r.values["kunde"] for r in erp.look_up("orders", [{}])[0]]

    assert names.count("Müller") == 499
    assert names[6] == "M\ufffdller"
    assert list(erp.problems()) == ["auftraege.csv:8: a character is broken (not utf-8) and stands as \ufffd"]


@pytest.mark.parametrize("cell", ["x" * 1_200_000, '"' + "x" * 1_200_000 + '"', '"' + '""' * 600_000])
def test_a_cell_without_an_end_is_told_with_its_line_and_the_other_rows_are_read(opened, folder, cell):
    (folder / "auftraege.csv").write_text(f"Nr;Text;Ort\n1;a;Köln\n2;{cell};Bonn\n3;c;Kiel\n", encoding="utf-8")
    erp = opened()

    assert [r.values["ort"] for r in erp.look_up("orders", [{}])[0]] == ["Köln", "Kiel"]
    assert list(erp.problems()) == ["auftraege.csv:3: has a cell of more than 1 MB; the row is left out"]


@pytest.mark.parametrize("text", ["3.11.2026", "03.11.26", "2026-11-03", "2026-11-03 14:05:00", "03.11.2026 14:05", "20261103"])
def test_dates_are_read_in_every_usual_form(text):
    assert cells.parse_date(text) == date(2026, 11, 3)


def test_real_datev_files_of_others_are_read(opened, folder):
    data = Path(__file__).parents[4] / "shared/data/datev/EXTF_Stammdaten.csv"
    if not data.exists():
        pytest.skip("the collection of real files is not here")
    erp = opened({"vendors": {"file": str(data)}})

    rows = erp.look_up("vendors", [{}])[0]

    assert len(rows) > 1
    assert all(r.values["konto"].isdigit() for r in rows)
    assert any("ü" in str(v) for r in rows for v in r.values.values()) or "Name (Adressatentyp natürl. Person)" in str(
        [c.heading for c in erp.table("vendors").fresh().columns]
    )
