"""The exports of the sample office fit the tables in its connections.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv

OFFICE = Path(__file__).parents[3] / "config"


@pytest.fixture
def erp(tmp_path):
    if not (OFFICE / "erp").is_dir():
        pytest.skip("the sample office has no exports yet")
    configured = yaml.safe_load((OFFICE / "connections.yaml").read_text(encoding="utf-8"))["erp"]
    configured.pop("connector")
    opened = ErpCsv(ErpCsv.Config.model_validate(configured), Surroundings("erp", OFFICE, tmp_path))
    yield opened
    opened.close()


def test_every_table_is_there_with_rows_and_without_problems(erp):
    health = erp.try_out()

    assert health.ok, health.message
    assert list(erp.problems()) == []
    assert {name for name in erp.tables() if not erp.look_up(name, [{}])[0]} == set()


def test_rows_find_each_other_over_all_tables(erp):
    orders, lines = erp.look_up("orders", [{}])[0], erp.look_up("order_lines", [{}])[0]

    customers = erp.look_up("customers", [{"number": o.values["customer_number"]} for o in orders])
    of_order = erp.look_up("orders", [{"number": line.values["order_number"]} for line in lines])
    articles = erp.look_up("articles", [{"number": line.values["article_number"]} for line in lines])

    assert [o.place for o, found in zip(orders, customers, strict=True) if len(found) != 1] == []
    assert [line.place for line, found in zip(lines, of_order, strict=True) if len(found) != 1] == []
    assert [line.place for line, found in zip(lines, articles, strict=True) if len(found) != 1] == []
