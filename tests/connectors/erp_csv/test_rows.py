"""The trigger `rows`: new and changed rows become items, others do not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.erp_csv import ErpCsv
from connectors.erp_csv.options import RowsOptions
from kontorist.core.errors import NotReadable, Rejected
from kontorist.core.values import decode, encode

from .conftest import ORDERS


def test_only_new_and_changed_rows_become_items(opened, folder):
    erp, known = opened({"orders": {"file": "auftraege.csv", "key": "auftragsnummer"}}), set()

    def read():
        items = list(erp.read("rows", RowsOptions(table="orders"), lambda keys: keys & known))
        known.update(i.source_key for i in items)
        return [i.data["row"]["auftragsnummer"] for i in items]

    assert read() == ["4711", "4712", "4713"]
    assert read() == []
    head, *rows = ORDERS.splitlines()
    (folder / "auftraege.csv").write_text(
        "\n".join([head, rows[2], rows[1].replace("offen", "versandt"), rows[0], "4714;1;;;;;;;1,00;nein"]) + "\n"
    )
    assert read() == ["4712", "4714"]


def test_an_item_shows_where_it_stands_and_what_it_is(opened):
    erp = opened({"orders": {"file": "auftraege.csv", "key": "auftragsnummer"}})

    item = next(iter(erp.read("rows", RowsOptions(table="orders", where={"status": "OFFEN"}), lambda keys: set())))

    assert (item.title, item.source) == ("orders: 4712 · 10002 · Café Größenwahn", "auftraege.csv:3")
    assert item.data["table"] == "orders"
    assert decode(encode(item.data)) == item.data


def test_a_key_that_is_no_column_is_refused(opened):
    with pytest.raises(Rejected, match="no column 'nummer' to be its key"):
        list(opened().read("rows", RowsOptions(table="orders", key="nummer"), lambda keys: set()))


def test_a_file_given_by_hand_yields_an_item_a_row(folder):
    items = list(ErpCsv.from_file("rows", folder / "auftraege.csv", {}))

    assert [(i.source, str(i.data["row"]["gesamtbetrag"])) for i in items] == [
        ("auftraege.csv:2", "1234.50"),
        ("auftraege.csv:3", "89.90"),
        ("auftraege.csv:4", "-15.00"),
    ]


def test_rows_without_a_value_are_blank_and_those_that_do_not_fit_are_told(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Nummer;Kunde;Betrag\n1;A;2,00\n;;\n ; ;;\n;\n2;B\n3;C;4,00;zu viel\n4;D;5,00;\n")

    found = list(ErpCsv.from_file("rows", path, {}))

    assert [i.source for i in found if not isinstance(i, NotReadable)] == ["x.csv:2", "x.csv:8"]
    assert [str(i) for i in found if isinstance(i, NotReadable)] == [
        "x.csv:6: has 2 fields, the headings are 3; the row is left out.",
        "x.csv:7: has 4 fields, the headings are 3; the row is left out.",
    ]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes(range(256)) * 8])
def test_a_file_that_is_no_table_is_told_to_be_unreadable(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)

    with pytest.raises(NotReadable, match=r"x\.csv"):
        list(ErpCsv.from_file("rows", path, {}))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=400), st.text(alphabet='a"ä;,\n\r\t|1.0-', max_size=300).map(str.encode)))
def test_whatever_a_file_holds_it_gives_items_or_is_told_to_be_unreadable(tmp_path, data):
    path = tmp_path / "fuzz.csv"
    path.write_bytes(data)

    try:
        items = [i for i in ErpCsv.from_file("rows", path, {}) if not isinstance(i, NotReadable)]
    except NotReadable:
        return
    assert all(i.source.startswith("fuzz.csv:") for i in items)
    assert all(i.title for i in items)
