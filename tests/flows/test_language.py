"""What a flow may say beside agents and actions: waiting, and what becomes of a failure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import flows.walk
from flows.advance import Tally, advance
from kontorist.core.clock import utcnow
from tests.flows.offices import arrive, case, make_office, proposals, work

WAIT = """
    trigger: {file: {connection: scans}}
    steps:
      - id: pause
        wait: "{{ file.text }}"
      - stop: Waited
"""
FAIL = """
    trigger: {file: {connection: scans}}
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "{{ file.missing }}"}
        on_error: %s
      - id: note
        action: shelf.save
        with: {name: "x.txt", content: "{{ order.error if order.error is defined else 'none' }}"}
        approve: {by: service}
"""


@pytest.mark.parametrize(("span", "later"), [("3d", timedelta(days=3)), ("20m", timedelta(minutes=20))])
def test_a_case_waits_without_holding_anything_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: str, later: timedelta
) -> None:
    runtime = make_office(tmp_path, {"waits": WAIT})
    (case_id,) = arrive(runtime, "waits", span)
    work(runtime)
    work(runtime)
    waiting = case(runtime, case_id)
    assert (waiting.state, waiting.attempts) == ("runnable", 0)

    arrived = utcnow() + later + timedelta(seconds=1)
    for module in (flows.walk, "kontorist.store.leasing"):
        monkeypatch.setattr(f"{module}.utcnow" if isinstance(module, str) else f"{module.__name__}.utcnow", lambda: arrived)
    work(runtime)
    assert (case(runtime, case_id).state, case(runtime, case_id).error) == ("done", "Waited")


def test_a_simulation_does_not_wait_and_a_day_that_is_none_is_said(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"waits": WAIT})
    runtime.simulated = True
    first, second = arrive(runtime, "waits", "2099-01-01", "someday")
    advance(runtime, Tally())
    assert case(runtime, first).state == "done"
    assert (case(runtime, second).state, "waits: step pause" in str(case(runtime, second).error)) == ("failed", True)


@pytest.mark.parametrize(("on_error", "state"), [("fail", "failed"), ("ask", "unclear"), ("continue", "waiting")])
def test_a_failure_ends_where_the_flow_says(tmp_path: Path, on_error: str, state: str) -> None:
    runtime = make_office(tmp_path, {"fails": FAIL % on_error})
    (case_id,) = arrive(runtime, "fails", "x")
    work(runtime)
    assert case(runtime, case_id).state == state
    if on_error == "continue":
        (row,) = proposals(runtime)
        assert "missing" in row.data["content"]
        assert any("fails: step order" in w["text"] for w in row.warnings)
