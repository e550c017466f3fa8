"""An order with its lines, their articles and its customer in one look-up."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv
from kontorist.core.errors import ConfigurationError

FILES = {
    "orders": "number;customer\n4711;K1\n4712;K9\n",
    "lines": "order;article;quantity\n4711;A1;2,00\n4711;A2;1,50\n4711;A9;1,00\n",
    "articles": "number;name\nA1;Karton\nA2;Folie\n",
    "customers": "number;name\nK1;Nordwind\n",
}
RELATIONS: dict[str, Any] = {
    "orders": {
        "lines": {"table": "lines", "on": {"order": "number"}, "many": True},
        "buyer": {"table": "customers", "on": {"number": "customer"}},
    },
    "lines": {"item": {"table": "articles", "on": {"number": "article"}}, "of": {"table": "orders", "on": {"number": "order"}}},
}


def erp(folder: Path, relations: dict[str, Any] = RELATIONS) -> ErpCsv:
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text)
    tables = {
        name: {"file": f"{name}.csv", "relations": relations.get(name, {}), "decimal": ",", "columns": _columns(text)}
        for name, text in FILES.items()
    }
    return ErpCsv(
        ErpCsv.Config.model_validate({"folder": ".", "tables": tables}), Surroundings("erp", folder, folder / "var", {})
    )


def _columns(text: str) -> dict[str, Any]:
    types = {"quantity": "decimal"}
    return {name: {"from": name, "type": types.get(name, "text")} for name in text.split("\n", maxsplit=1)[0].split(";")}


def test_an_order_brings_its_lines_their_articles_and_its_customer(tmp_path):
    (order,) = erp(tmp_path).look_up("orders", [{"number": "4711"}])[0]

    assert order.values["buyer"] == {"number": "K1", "name": "Nordwind"}
    assert [(one["quantity"], one["item"] and one["item"]["name"]) for one in order.values["lines"]] == [
        (Decimal("2.00"), "Karton"),
        (Decimal("1.50"), "Folie"),
        (Decimal("1.00"), None),
    ]
    assert "of" not in order.values["lines"][0], "never back to where it came from"


def test_what_has_no_relative_has_none(tmp_path):
    (order,) = erp(tmp_path).look_up("orders", [{"number": "4712"}])[0]
    assert (order.values["lines"], order.values["buyer"]) == ([], None)


def test_the_columns_name_the_relations_so_that_check_knows_them(tmp_path):
    columns = {one.name: one.type for one in erp(tmp_path).tables()["orders"]}
    assert (columns["lines"], columns["buyer"]) == ("list", "row")


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        ({"x": {"table": "line", "on": {"order": "number"}}}, "names the table 'line'"),
        ({"x": {"table": "lines", "on": {"oder": "number"}}}, "has no column 'oder'"),
        ({"x": {"table": "lines", "on": {"order": "nummer"}}}, "has no column 'nummer'"),
        ({"customer": {"table": "lines", "on": {"order": "number"}}}, "has the name of a column"),
    ],
)
def test_a_slip_in_a_relation_is_said(tmp_path, relation, words):
    with pytest.raises(ConfigurationError, match=words):
        erp(tmp_path, {"orders": relation}).tables()
