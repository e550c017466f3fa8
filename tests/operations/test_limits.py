"""Limits of connections and models: what they are called, how many there are, what a step uses, and that mistakes are said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import select

from connectors.base import Receipt
from flows import gate as gating
from flows import limits, schedule
from flows.advance import Tally
from flows.gate import gate
from flows.prefect_server import free_port
from flows.runtime import Runtime
from kontorist.core.check import check
from kontorist.core.office import load_office
from kontorist.store import audit
from kontorist.store.tables import events
from tests.flows.offices import NOTES, approve, arrive, make_office, proposals, saved, work

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


def test_the_work_goes_on_when_prefect_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    done = []
    nowhere = {PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}
    with temporary_settings(nowhere), limits.hold(["kontorist-connection-erp"]):
        done.append("the block")
    assert done == ["the block"]
    assert "going on without" in caplog.text


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_who_ends_while_waiting_for_a_place_gives_back_what_was_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    runtime = make_office(tmp_path, {"notes": NOTES})
    arrive(runtime, "notes", "hello")
    work(runtime)
    approve(runtime, proposals(runtime, "proposed")[0])
    monkeypatch.setattr(schedule, "_place", _ending(end))
    monkeypatch.setitem(schedule._passes, "here", schedule._Pass(runtime, limited=True))
    with pytest.raises(end):
        schedule.gate("here")
    (row,) = proposals(runtime)
    assert (row.state, saved(runtime)) == ("approved", [])
    monkeypatch.undo()
    gate(runtime, Tally())
    assert saved(runtime) == ["0.txt"]
    runtime.close()


def _ending(end: type[BaseException]) -> Callable[..., AbstractContextManager[None]]:
    @contextmanager
    def place(*_: object) -> Iterator[None]:
        raise end
        yield

    return place


def test_what_was_done_before_the_end_is_not_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = make_office(tmp_path, {"notes": NOTES})
    arrive(runtime, "notes", "a")
    arrive(runtime, "notes", "b")
    work(runtime)
    for row in proposals(runtime, "proposed"):
        approve(runtime, row)
    monkeypatch.setitem(schedule._passes, "here", schedule._Pass(runtime))
    monkeypatch.setattr(schedule, "_execute", _first_only(runtime))
    with pytest.raises(KeyboardInterrupt):
        schedule.gate("here")
    assert sorted(row.state for row in proposals(runtime)) == ["approved", "done"]
    with runtime.database.read() as connection:
        assert audit.verify(connection).problem == ""
        assert "action.late-report" not in set(connection.execute(select(events.c.kind)).scalars())
    runtime.close()


def _first_only(runtime: Runtime) -> Callable[[str, str], None]:
    def execute(key: str, _named: str) -> None:
        assert isinstance(gating.execute(runtime, schedule._passes[key].parcel[0]), Receipt)
        raise KeyboardInterrupt

    return execute
