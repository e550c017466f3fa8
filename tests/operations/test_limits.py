"""Limits of connections and models: what they are called, how many there are, what a step uses, and that mistakes are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import limits
from flows.runtime import Runtime
from kontorist.core.check import check
from kontorist.core.office import load_office
from tests.flows.offices import make_office

FLOW = """
    trigger: {file: {connection: scans}}
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "{{ file.text }}"}
"""


@pytest.fixture
def office(tmp_path: Path):
    made = make_office(tmp_path, {"ask": FLOW})
    yield made
    made.close()


def write(office: Runtime, text: str) -> Path:
    directory = office.office.directory
    with (directory / "office.yaml").open("a") as file:
        file.write(text)
    return directory


def test_every_connection_and_model_has_one_and_the_office_says_how_many(office: Runtime) -> None:
    found = limits.of_office(load_office(write(office, "models: {ours: {preset: vllm}}\nlimits: {erp: 1, ours: 2}\n")))
    assert found["kontorist-connection-erp"] == 1
    assert found["kontorist-model-ours"] == 2
    assert found["kontorist-connection-scans"] == limits.USUAL


def test_a_limit_of_nothing_is_said_with_its_place(office: Runtime) -> None:
    (problem,) = [p for p in check(write(office, "limits: {epr: 1}\n")) if "epr" in str(p)]
    assert "did you mean 'erp'" in str(problem)


def test_a_limit_of_zero_is_said(office: Runtime) -> None:
    assert any("limits" in str(p) or "greater" in str(p) for p in check(write(office, "limits: {erp: 0}\n")))


def test_a_source_and_a_look_up_use_their_connection(office: Runtime) -> None:
    assert limits.of_source(office.office.flows["ask"]) == ["kontorist-connection-scans"]


def test_without_a_limit_nothing_is_asked_of_prefect() -> None:
    with limits.hold([]):
        pass
