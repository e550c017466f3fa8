"""The action `import`: what stands in the file, that it appears once and whole, and that nothing in it runs."""

from __future__ import annotations

import csv
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Context
from connectors.erp_csv.imports import ImportFile, ImportPayload, content, harmless
from connectors.erp_csv.options import ImportTable
from kontorist.core.errors import AccessDenied, ConfigurationError, NotApproved, Rejected, Unavailable, Uncertain
from kontorist.testing import carried_out, permit_for

FORM = {
    "columns": {
        "number": "Auftragsnummer",
        "total": {"to": "Betrag", "type": "decimal"},
        "day": {"to": "Datum", "type": "date"},
        "note": "Notiz",
    }
}
ROWS = [
    {"number": "4711", "total": Decimal("1234.50"), "day": date(2026, 11, 3), "note": 'Über "Köln"; eilig'},
    {"number": "4712", "note": "=1+1"},
]
CONTEXT = Context(case_id=1, flow="orders", data={})


@pytest.fixture
def erp(opened):
    return opened(import_folder="data:erp-import", import_tables={"orders": FORM})


def proposed(erp, rows=ROWS, **more):
    return ImportFile().propose(erp, ImportPayload(table="orders", rows=rows, **more), CONTEXT)


def written(tmp_path):
    return sorted(p.name for p in (tmp_path / "data/erp-import").iterdir())


def test_the_file_holds_the_rows_in_the_erps_words_and_german_writing(erp, tmp_path):
    receipt = carried_out(ImportFile(), erp, proposed(erp).payload, key="a-1")

    assert (tmp_path / "data/erp-import/orders-a-1.csv").read_bytes().decode("utf-8-sig") == (
        'Auftragsnummer;Betrag;Datum;Notiz\r\n4711;1234,50;03.11.2026;"Über ""Köln""; eilig"\r\n4712;;;\'=1+1\r\n'
    )
    assert written(tmp_path) == ["orders-a-1.csv"]
    assert receipt.outputs == {"file": "orders-a-1.csv", "rows": 2}


def test_the_proposal_shows_exactly_what_will_stand_in_the_file_and_warns_of_formulas(erp):
    proposal = proposed(erp)

    assert proposal.payload["rows"][0] == {
        "number": "4711",
        "total": "1234,50",
        "day": "03.11.2026",
        "note": 'Über "Köln"; eilig',
    }
    assert proposal.sentence == "Importdatei „orders“ mit 2 Zeilen für das ERP in data:erp-import schreiben."
    assert [w.code for w in proposal.warnings] == ["formula"]
    again = ImportFile().propose(erp, ImportPayload.model_validate(proposal.payload), CONTEXT)
    assert (again.payload, again.business_key) == (proposal.payload, proposal.business_key)


def test_the_business_key_is_the_given_one_or_the_content(erp):
    assert proposed(erp, key="order-4711").business_key == "import:erp:orders:order-4711"
    assert proposed(erp).business_key == proposed(erp, name="other").business_key != proposed(erp, ROWS[:1]).business_key


def test_what_was_written_is_found_and_not_written_again(erp, tmp_path):
    payload = proposed(erp).payload
    action, typed = ImportFile(), ImportPayload.model_validate(payload)
    assert action.find(erp, typed, "k") is None

    first = action.execute(erp, permit_for(payload, key="k"))

    assert action.find(erp, typed, "k") == first == action.execute(erp, permit_for(payload, key="k"))
    assert action.find(erp, typed, "other") is None
    assert written(tmp_path) == ["orders-k.csv"]


def test_a_file_that_the_erp_took_away_still_counts_as_written(erp, tmp_path):
    payload = proposed(erp).payload
    first = ImportFile().execute(erp, permit_for(payload, key="k"))
    (tmp_path / "data/erp-import/orders-k.csv").unlink()

    assert ImportFile().find(erp, ImportPayload.model_validate(payload), "k") == first
    ImportFile().execute(erp, permit_for(payload, key="k"))
    assert written(tmp_path) == []


def test_a_stop_between_the_note_and_the_file_is_uncertain_and_not_repeated_by_guess(erp, tmp_path, monkeypatch):
    payload = proposed(erp).payload

    def power_cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("connectors._files.appear", power_cut)
    with pytest.raises(KeyboardInterrupt):
        ImportFile().execute(erp, permit_for(payload, key="k"))
    monkeypatch.undo()

    with pytest.raises(Uncertain, match="Look in the ERP whether it was imported"):
        ImportFile().find(erp, ImportPayload.model_validate(payload), "k")
    ImportFile().execute(erp, permit_for(payload, key="k"))
    assert written(tmp_path) == ["orders-k.csv"]


def test_nothing_appears_when_the_fence_refuses(erp, tmp_path):
    payload = proposed(erp).payload

    def refuse():
        raise NotApproved("stopped")

    with pytest.raises(NotApproved):
        ImportFile().execute(erp, permit_for(payload, key="k", fence=refuse))

    assert written(tmp_path) == []
    assert ImportFile().find(erp, ImportPayload.model_validate(payload), "k") is None


def test_the_file_does_not_exist_before_the_fence_is_passed(erp, tmp_path):
    seen = []
    permit = permit_for(
        proposed(erp).payload, key="k", fence=lambda: seen.append([n for n in written(tmp_path) if n.endswith(".csv")])
    )

    ImportFile().execute(erp, permit)

    assert seen == [[]]


def test_another_file_under_the_name_is_never_overwritten(erp, tmp_path):
    (tmp_path / "data/erp-import").mkdir(parents=True)
    other = tmp_path / "data/erp-import/orders-k.csv"
    other.write_text("of somebody else")

    with pytest.raises(Rejected, match="is there already with other content"):
        ImportFile().execute(erp, permit_for(proposed(erp).payload, key="k"))
    assert other.read_text() == "of somebody else"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told_as_denied(erp, tmp_path):
    (tmp_path / "data/erp-import").mkdir(parents=True)
    (tmp_path / "data/erp-import").chmod(0o500)

    with pytest.raises(AccessDenied, match="Give this user the right"):
        ImportFile().execute(erp, permit_for(proposed(erp).payload, key="k"))


def test_a_file_where_the_folder_should_be_is_told(erp, tmp_path):
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data/erp-import").write_text("")

    with pytest.raises(Unavailable, match="erp-import"):
        ImportFile().execute(erp, permit_for(proposed(erp).payload, key="k"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"nummer": "1"}, "unknown column 'nummer', did you mean 'number'"),
        ({"total": "zwölf"}, "'zwölf' is not a number; 'Betrag' needs one"),
        ({"total": "NaN"}, "not a number"),
        ({"day": "31.02.2026"}, "'31.02.2026' is not a date; 'Datum' needs one"),
    ],
)
def test_a_row_that_cannot_be_written_is_refused_before_anybody_is_asked(erp, row, said):
    with pytest.raises(Rejected, match=said):
        proposed(erp, [row])


def test_a_sign_the_encoding_lacks_is_refused(opened):
    erp = opened(import_folder="data:i", import_tables={"orders": {**FORM, "encoding": "cp1252"}})

    with pytest.raises(Rejected, match="cp1252, which has no '→'"):
        proposed(erp, [{"note": "→"}])


def test_a_missing_import_folder_is_told(opened):
    with pytest.raises(ConfigurationError, match="no 'import_folder'"):
        proposed(opened(import_tables={"orders": FORM}))


def test_content_cannot_choose_the_folder_of_the_file(erp, tmp_path):
    receipt = ImportFile().execute(erp, permit_for(proposed(erp, name="../../../etc/passwd").payload, key="../k"))

    assert Path(receipt.evidence["file"]).parent == tmp_path / "data/erp-import"
    assert receipt.outputs["file"].startswith("etc-passwd-")


def hostile_cells():
    place = Path(__file__).parents[4] / "shared/data/hostile/csv/Intruder/csv-payload.txt"
    return place.read_text(encoding="utf-8").splitlines() if place.exists() else []


@pytest.mark.skipif(not hostile_cells(), reason="the collection of hostile cells is not here")
def test_hostile_cells_of_others_come_out_harmless():
    form = ImportTable.model_validate({"columns": {"a": "A", "b": "B"}, "encoding": "utf-8"})
    rows = [{"a": cell, "b": "x"} for cell in hostile_cells()]

    back = list(csv.reader(content(form, rows).decode().splitlines(), delimiter=";"))[1:]

    assert [len(r) for r in back] == [2] * len(rows)
    assert all(not r[0].startswith(tuple("=+-@\t\r")) for r in back)
    assert [r[0].removeprefix("'") for r in back] == hostile_cells()


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 221 1", "-1+1", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", "-2,5e9", "\x00=1", "\n@x"]
)
def test_whatever_begins_like_a_formula_gets_an_apostrophe(cell):
    assert harmless(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-12,50", "12,50", "0", "Müller", "a=b", "'x", ""])
def test_numbers_and_ordinary_text_stay_as_they_are(cell):
    assert harmless(cell) == cell


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"a": st.text(), "b": st.decimals(allow_nan=False, allow_infinity=False, places=2), "c": st.dates()}
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_written_is_read_back_cell_for_cell(rows):
    form = ImportTable.model_validate(
        {"columns": {"a": "A", "b": {"to": "B", "type": "decimal"}, "c": {"to": "C", "type": "date"}}, "encoding": "utf-8"}
    )

    data = content(form, rows).decode()
    back = list(csv.reader(data.splitlines(keepends=True), delimiter=";"))[1:]

    assert data.count("\r\n") == len(rows) + 1 == data.count("\r") == data.count("\n")
    assert [(r[0], Decimal(r[1].replace(",", ".")), r[2]) for r in back] == [
        (harmless(row["a"]), row["b"], row["c"].strftime("%d.%m.%Y")) for row in rows
    ]
    assert all(not r[0].startswith(tuple("=+@\t\r\n")) for r in back)


def test_an_import_folder_that_is_not_mounted_is_not_made_up(opened, tmp_path):
    erp = opened(import_folder="../share/erp", import_tables={"orders": FORM})

    with pytest.raises(Unavailable, match=r"share/erp is not there. Create or mount it"):
        ImportFile().execute(erp, permit_for(proposed(erp).payload, key="k"))
    assert not (tmp_path / "share").exists()


def test_dates_and_numbers_that_came_as_plain_json_are_written_the_german_way(opened, tmp_path):
    form = {
        "columns": {
            "number": "Nr",
            "total": {"to": "Betrag", "type": "decimal"},
            "day": "Datum",
            "code": "Code",
            "count": "Anzahl",
        }
    }
    erp = opened(import_folder="data:erp-import", import_tables={"orders": form})
    rows = [{"number": "0815", "total": "-12.30", "day": "2026-11-03", "code": "10.20", "count": 3}]

    ImportFile().execute(erp, permit_for(proposed(erp, rows).payload, key="k"))

    assert (tmp_path / "data/erp-import/orders-k.csv").read_text("utf-8-sig").splitlines()[1] == "0815;-12,30;03.11.2026;10.20;3"
