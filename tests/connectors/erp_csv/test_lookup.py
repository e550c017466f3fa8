"""Look-ups: what matches, what never does, what a person reads when something is missing, and files that change."""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.base import Column, Surroundings
from connectors.erp_csv import ErpCsv, cells
from kontorist.core.errors import ConfigurationError, Rejected, Unavailable

from .conftest import ORDERS


def numbers(rows):
    return [r.values["auftragsnummer"] for r in rows]


@pytest.mark.parametrize(
    "where",
    [
        {"auftragsnummer": "4711"},
        {"auftragsnummer": 4711},
        {"auftragsnummer": " 4711 ", "e_mail": "EINKAUF@mueller.EXAMPLE"},
        {"kunde": "mÜLLER & sÖHNE gmbh"},
        {"kunde": "Mu\u0308ller & So\u0308hne GmbH"},
        {"gesamtbetrag": Decimal("1234.5")},
        {"gesamtbetrag": "1234.50"},
        {"gesamtbetrag": "1.234,50"},
        {"bestelldatum": date(2026, 11, 3)},
        {"bestelldatum": "2026-11-03"},
        {"bestelldatum": "3.11.2026"},
        {"bezahlt": True},
    ],
)
def test_a_row_is_found_by_any_column_in_any_writing(opened, where):
    assert numbers(opened().look_up("orders", [where])[0]) == ["4711"]


@pytest.mark.parametrize(
    "where",
    [
        {"auftragsnummer": None},
        {"auftragsnummer": ""},
        {"auftragsnummer": "  "},
        {"versanddatum": None},
        {"auftragsnummer": "4711", "e_mail": "jemand@anders.example"},
        {"kundennummer": "1003"},
        {"bestelldatum": "gestern"},
        {"gesamtbetrag": "NaN"},
        {"auftragsnummer": "4711' OR '1'='1"},
        {"kunde": "%"},
    ],
)
def test_nothing_is_found_by_an_empty_other_or_hostile_value(opened, where):
    assert opened().look_up("orders", [where]) == [[]]


def test_many_look_ups_are_answered_in_their_order(opened):
    found = opened().look_up("orders", [{"auftragsnummer": n} for n in ("4713", "0000", "4711")])

    assert [numbers(rows) for rows in found] == [["4713"], [], ["4711"]]


def test_an_unknown_column_or_table_is_refused_with_the_likely_one(opened):
    with pytest.raises(Rejected, match="no column 'auftragsnumer', did you mean 'auftragsnummer'"):
        opened().look_up("orders", [{"auftragsnumer": "1"}])
    with pytest.raises(Rejected, match="erp has no table 'order', did you mean 'orders'"):
        opened().look_up("order", [{}])


def test_a_missing_heading_names_the_file_the_heading_and_those_that_are_there(opened):
    erp = opened({"orders": {"file": "auftraege.csv", "columns": {"number": "Auftrags-Nr", "name": "Kunde"}}})

    with pytest.raises(ConfigurationError) as caught:
        erp.look_up("orders", [{"number": "1"}])

    assert "auftraege.csv: the column 'Auftrags-Nr' (for number) is not there, did you mean 'Auftragsnummer'?" in str(
        caught.value
    )
    assert "The headings of the file are: Auftragsnummer, Kundennummer, Kunde" in str(caught.value)


def test_a_missing_file_names_the_folder_and_the_likely_file(opened, folder):
    with pytest.raises(
        Unavailable, match=r"auftrag\.csv of the table 'orders' is not in .*, did you mean 'auftraege.csv'\? Run the ERP"
    ):
        opened({"orders": {"file": "auftrag.csv"}}).look_up("orders", [{}])


def test_check_hears_of_every_broken_table_at_once(opened):
    erp = opened(
        {
            "a": {"file": "a.csv"},
            "b": {"file": "auftraege.csv", "key": "nr"},
            "c": {"file": "auftraege.csv", "columns": {"x": "X"}},
        }
    )

    with pytest.raises(ConfigurationError) as caught:
        erp.tables()

    assert len(str(caught.value).splitlines()) == 3
    assert erp.try_out().ok is False


def test_tables_tells_names_and_types(opened):
    erp = opened(
        {"orders": {"file": "auftraege.csv", "key": "number", "columns": {"number": "AUFTRAGSNUMMER ", "total": "Gesamtbetrag"}}}
    )

    assert erp.tables() == {"orders": [Column("number", "text"), Column("total", "decimal")]}


def test_trying_out_tells_how_each_file_is_written(opened):
    health = opened().try_out()

    assert health.ok
    assert {k: health.details["orders"][k] for k in ("encoding", "delimiter", "decimal", "rows")} == {
        "encoding": "cp1252",
        "delimiter": ";",
        "decimal": ",",
        "rows": 3,
    }


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(opened, folder, monkeypatch):
    erp = opened()
    erp.look_up("orders", [{}])
    (folder / "auftraege.csv").write_text(ORDERS.replace("offen", "versandt"), encoding="utf-8")
    assert erp.look_up("orders", [{"auftragsnummer": "4712"}])[0][0].values["status"] == "versandt"

    monkeypatch.setattr("connectors.erp_csv.table.profile", lambda *_: pytest.fail("read again without need"))
    other = opened()

    assert numbers(other.look_up("orders", [{}])[0]) == ["4711", "4712", "4713"]


@pytest.mark.parametrize(
    "torn", [b"", ORDERS.split("\n")[0].encode() + b"\n", (ORDERS[: ORDERS.index("4712") + 20]).encode(), b"\0" * 50]
)
def test_a_half_written_export_leaves_the_state_before_in_use(opened, folder, torn):
    erp = opened()
    erp.look_up("orders", [{}])
    (folder / "auftraege.csv").write_bytes(torn)

    assert numbers(erp.look_up("orders", [{}])[0]) == ["4711", "4712", "4713"]
    (problem,) = erp.problems()
    assert problem.startswith("auftraege.csv: ")
    assert problem.endswith("the state before is used until the export is whole")

    (folder / "auftraege.csv").write_text(ORDERS.replace("4713", "4714"), encoding="utf-8")
    assert numbers(erp.look_up("orders", [{}])[0]) == ["4711", "4712", "4714"]
    assert list(erp.problems()) == []


def test_a_file_that_changes_while_it_is_read_is_not_taken(opened, folder, monkeypatch):
    erp = opened()
    erp.look_up("orders", [{}])
    path = folder / "auftraege.csv"
    path.write_text(ORDERS.replace("4711", "9999"), encoding="utf-8")
    real = cells.parse

    def parse_and_append(*args):
        with path.open("a") as file:
            file.write("\n")
        return real(*args)

    monkeypatch.setattr(cells, "parse", parse_and_append)

    assert numbers(erp.look_up("orders", [{}])[0]) == ["4711", "4712", "4713"]
    assert "changed while it was read" in next(iter(erp.problems()))


def test_a_shrunken_export_is_used_once_it_has_been_quiet(opened, folder):
    erp = opened()
    erp.look_up("orders", [{}])
    path = folder / "auftraege.csv"
    path.write_text("".join(ORDERS.splitlines(keepends=True)[:2]), encoding="utf-8")
    assert len(erp.look_up("orders", [{}])[0]) == 3

    os.utime(path, (time.time() - 10, time.time() - 10))

    assert numbers(erp.look_up("orders", [{}])[0]) == ["4711"]


def test_a_new_file_beside_the_old_ones_is_used_when_the_name_has_wildcards(opened, folder):
    erp = opened({"orders": {"file": "auftraege*.csv"}})
    erp.look_up("orders", [{}])
    newer = folder / "auftraege_20261123.csv"
    newer.write_text(ORDERS.replace("4711", "5000"), encoding="utf-8")
    os.utime(newer, (time.time() + 5, time.time() + 5))

    (row,) = erp.look_up("orders", [{"auftragsnummer": "5000"}])[0]

    assert row.place == "auftraege_20261123.csv:2"


def test_a_damaged_cache_is_made_again(opened, folder, tmp_path):
    first = opened()
    first.look_up("orders", [{}])
    first.close()
    (tmp_path / "data/cache/erp_csv-erp.sqlite").write_bytes(b"this is no database" * 1000)

    assert numbers(opened().look_up("orders", [{}])[0]) == ["4711", "4712", "4713"]


def test_two_programs_can_read_at_once_while_the_export_changes(opened, folder):
    one, other = opened(), opened()
    for n in range(5):
        (folder / "auftraege.csv").write_text(ORDERS.replace("4711", f"5{n}"), encoding="utf-8")
        assert numbers(one.look_up("orders", [{}])[0])[0] == numbers(other.look_up("orders", [{}])[0])[0] == f"5{n}"


def count_rows_of_4711(place: Path) -> int:
    erp = ErpCsv(
        ErpCsv.Config.model_validate({"folder": "erp", "tables": {"orders": {"file": "auftraege.csv"}}}),
        Surroundings("erp", place / "office", place / "data"),
    )
    return len(erp.look_up("orders", [{"auftragsnummer": "4711"}])[0])


def test_processes_that_start_together_share_one_cache(folder, tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(count_rows_of_4711, [tmp_path] * 8, chunksize=1) == [1] * 8


def test_large_tables_are_found_by_index_and_changed_types_are_seen(opened, folder):
    (folder / "auftraege.csv").write_text(
        "Nr;Ort;Betrag\n" + "".join(f"{n};Köln;{n},50\n" for n in range(20_000)), encoding="utf-8"
    )
    erp = opened()
    assert [r.values["nr"] for r in erp.look_up("orders", [{"betrag": "777,50", "ort": "KÖLN"}])[0]] == ["777"]

    relation = erp.table("orders").fresh()
    plan = erp.cache._run(
        f"EXPLAIN QUERY PLAN SELECT * FROM t{relation.id} WHERE as_text_comma(c1) = 'x' AND as_decimal_comma(c2) = '1'"
    )

    assert f"USING INDEX i{relation.id}_1_2" in str(plan.fetchall())


def test_more_rows_than_anybody_can_look_at_are_refused_and_not_cut_off(opened, folder, monkeypatch):
    monkeypatch.setattr("connectors.erp_csv.table.MOST_ROWS", 2)

    with pytest.raises(Rejected, match="finds more than 2 rows"):
        opened().look_up("orders", [{}])


def test_an_address_at_a_domain_with_a_sharp_s_is_another_one(opened):
    found = opened().look_up("orders", [{"e_mail": "ROT@Weiss.example"}, {"e_mail": "rot@weiß.example"}])
    assert [len(rows) for rows in found] == [1, 0]
