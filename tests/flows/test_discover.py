"""Discover finds the kinds of request of a mailbox whose truth is known, and changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv
from flows.discover import Found, discover
from flows.discover_erp import Erp
from flows.discover_figures import figures
from flows.discover_flow import first_flow
from kontorist.core.check import check
from kontorist.core.office import load_office
from scripts.past_mailbox import Truth, make
from tests.flows.past import adjusted_rand_index
from tests.flows.test_simulate import everything_in, mined  # noqa: F401 - a fixture

MAILS = 2_000 if os.environ.get("LONG_TESTS") else 400


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    folder = tmp_path_factory.mktemp("past")
    return folder, {one.message_id: one for one in make(folder, MAILS, seed=5)}


@pytest.fixture(scope="module")
def found(past: tuple[Path, dict[str, Truth]]) -> Found:
    return discover(load_office(past[0] / "office"), past[0] / "data", "mailbox", "60d")


def test_the_kinds_of_request_are_found(past: tuple[Path, dict[str, Truth]], found: Found) -> None:
    kinds = [past[1][one.letter.message_id].kind for one in found.asked]
    assert adjusted_rand_index(kinds, list(found.groups)) >= 0.8
    assert found.automatic == sum(one.kind == "newsletter" for one in past[1].values())


def test_look_ups_are_seen_in_the_answers(past: tuple[Path, dict[str, Truth]], found: Found) -> None:
    wrong = [one for one in found.asked if bool(one.looked_up) != past[1][one.letter.message_id].looked_up]
    assert wrong == []


def test_the_estimate_shows_its_arithmetic(found: Found) -> None:
    for row in figures(found, 4.0):
        e = row["estimate"]
        assert e["minutes_a_month"] == pytest.approx(e["mails_a_month"] * e["answered"] * 4.0 * e["alike"], rel=0.05, abs=1)


def test_the_first_flow_passes_the_check(past: tuple[Path, dict[str, Truth]], found: Found, tmp_path: Path) -> None:
    row = next(r for r in figures(found) if r["looked_up"])
    text, starter = first_flow(load_office(past[0] / "office"), row, "mailbox", "first")
    shutil.copytree(past[0] / "office", tmp_path / "office")
    (tmp_path / "office" / "flows" / "first.yaml").write_text(text)
    assert starter == "order-status"
    assert [p for p in check(tmp_path / "office") if p.severity == "error"] == []


def test_an_erp_that_is_away_is_left_out_and_the_other_one_read(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "orders.csv").write_text("Nummer;Kunde;Versand\nA-4711;a@b.example;12.11.2026\n", encoding="utf-8")
    opened = {}
    for name in ("gone", "here"):  # the first has no folder
        config = ErpCsv.Config.model_validate({"folder": name, "tables": {"orders": {"file": "orders.csv"}}})
        opened[name] = ErpCsv(config, Surroundings(name, tmp_path, tmp_path / "data"))
    configured = {name: SimpleNamespace(connector="erp_csv") for name in opened}
    runtime: Any = SimpleNamespace(office=SimpleNamespace(connections=configured), connections=opened)

    looked_up = Erp.of(runtime).looked_up("a@b.example", "Wo bleibt A-4711?", "Versandt am 12.11.2026.")

    assert looked_up == ("here.orders.versand",)
    for one in opened.values():
        one.close()


def test_it_changes_nothing(past: tuple[Path, dict[str, Truth]], mined: list[str]) -> None:  # noqa: F811
    before = everything_in(past[0])
    discover(load_office(past[0] / "office"), past[0] / "data", "mailbox", "5d")
    assert everything_in(past[0]) == before
    assert mined == []
