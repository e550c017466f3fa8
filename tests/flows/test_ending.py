"""A case whose last step is an action ends with it, and exactly as a walk through it would have ended it; every other case is walked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flows import ending
from flows.advance import Tally, advance
from flows.gate import gate
from flows.runtime import Runtime
from kontorist.store import audit, leasing, tables
from tests.flows.offices import NOTES, OLE, approve, arrive, case, make_office, proposals, saved, work

TWO = """
    trigger: {file: {connection: scans}}
    steps:
      - id: first
        action: shelf.save
        with: {name: "1-{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
      - id: note
        action: shelf.save
        with: {name: "2-{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service, together_with: first}
"""
"""Two actions on one card; the second is the last step."""
BEFORE_LAST = NOTES + '      - set: {kept: "{{ note.action }}"}\n'
NESTED = """
    trigger: {file: {connection: scans}}
    steps:
      - when: file.text == 'a'
        steps:
          - id: note
            action: shelf.save
            with: {name: "{{ file.name }}", content: "{{ file.text }}"}
            approve: {by: service}
"""
UNNAMED = NOTES.replace("- id: note\n        action", "- action")
CHECKED = """
    trigger: {file: {connection: scans}}
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "4711"}
      - when: order.status == 'versandt'
        steps:
          - set: {known: "yes"}
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ known }}"}
        approve: {by: service}
"""
Office = Callable[..., Runtime]


@pytest.fixture
def office(database, tmp_path: Path) -> Office:
    """An office on SQLite, and on PostgreSQL."""
    return lambda **flows: make_office(tmp_path, flows, store=database)


def gated(runtime: Runtime, *texts: str) -> list[int]:
    """Cases of the flow `n` whose actions are approved and carried out, and which nobody has walked through since."""
    ids = arrive(runtime, "n", *texts)
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    gate(runtime, Tally())
    return ids


def written(runtime: Runtime) -> str:
    """What is stored of all cases: how they are, their journals, and what the audit chain says, without times, folders and names of workers."""
    state, steps, said = tables.cases.c, tables.journal.c, tables.events.c
    with runtime.database.read() as connection:
        assert audit.verify(connection).problem == ""
        columns = (state.id, state.state, state.error, state.question, state.attempts, state.not_before, state.lease_owner)
        cases = connection.execute(select(*columns).order_by(state.id))
        what = (steps.case_id, steps.round, steps.path, steps.seq, steps.step, steps.kind, steps.flow, steps.output)
        journal = connection.execute(select(*what, steps.evidence, steps.info, steps.model).order_by(steps.case_id, steps.seq))
        chain = connection.execute(select(said.kind, said.subject).order_by(said.subject, said.seq))
        found = [tuple(r) for r in cases], [tuple(r) for r in journal], [tuple(r) for r in chain]
    return repr(found).replace(str(runtime.data_dir), "DATA")


@pytest.mark.parametrize(
    ("flow", "texts"), [(NOTES, ["a", "b", "c"]), (NOTES, ["a"]), (UNNAMED, ["a", "b"]), (CHECKED, ["a", "b"])]
)
def test_a_case_ends_with_its_last_action_as_a_walk_would_end_it(
    office: Office, tmp_path: Path, monkeypatch, flow: str, texts
) -> None:
    runtime = office(n=flow)
    ids = gated(runtime, *texts)
    assert {case(runtime, i).state for i in ids} == {"done"}
    assert len(saved(runtime)) == len(texts)
    ended = written(runtime)
    assert advance(runtime, Tally()) == 0
    monkeypatch.setattr(ending, "end", lambda *_: [])
    walked = make_office(tmp_path / "walked", {"n": flow})
    assert {case(walked, i).state for i in gated(walked, *texts)} == {"runnable"}
    assert advance(walked, Tally()) == len(texts)
    assert written(walked) == ended
    walked.close()


@pytest.mark.parametrize(
    "flow",
    [BEFORE_LAST, NESTED, TWO],
    ids=["a step follows", "within a condition", "another action of the card is not journalled"],
)
def test_a_case_of_which_something_may_follow_is_walked_through(office: Office, flow: str) -> None:
    runtime = office(n=flow)
    (number,) = arrive(runtime, "n", "a")
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    while gate(runtime, Tally()):
        pass
    assert case(runtime, number).state == "runnable"
    assert advance(runtime, Tally()) == 1
    assert case(runtime, number).state == "done"


def test_it_counts_as_moved_on(office: Office) -> None:
    runtime = office(n=NOTES)
    arrive(runtime, "n", "a", "b")
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    tally = Tally()
    gate(runtime, tally)
    assert (tally.of("n", "executed"), tally.of("n", "advanced")) == (2, 2)


def test_the_last_action_of_a_card_ends_the_case_once_the_others_are_journalled(office: Office) -> None:
    runtime = office(n=TWO.replace("together_with: first", "by: service"))
    (number,) = arrive(runtime, "n", "a")
    for then in ("waiting", "done"):
        work(runtime)
        approve(runtime, *proposals(runtime, "proposed"))
        gate(runtime, Tally())
        advance(runtime, Tally())
        assert case(runtime, number).state == then
    assert saved(runtime) == ["1-0.txt", "2-0.txt"]


def _other_version(runtime: Runtime, number: int) -> None:
    with runtime.database.write() as connection:
        connection.execute(update(tables.cases).where(tables.cases.c.id == number).values(flow_version="0" * 12))


def _closed(runtime: Runtime, number: int) -> None:
    with runtime.database.write() as connection:
        connection.execute(update(tables.cases).where(tables.cases.c.id == number).values(state="closed"))


def _taken(runtime: Runtime, number: int) -> None:
    with runtime.database.write() as connection:
        assert leasing.lease(connection, "another", 10, 600) == [number]


def _journalled(runtime: Runtime, number: int) -> None:
    assert advance(runtime, Tally()) == 1


@pytest.mark.parametrize(
    ("meanwhile", "state"), [(_other_version, "runnable"), (_closed, "closed"), (_taken, "runnable"), (_journalled, "done")]
)
def test_what_somebody_else_does_between_the_report_and_the_end_stands(
    office: Office, monkeypatch, meanwhile: Callable[[Runtime, int], None], state: str
) -> None:
    runtime = office(n=NOTES)
    real, numbers = ending.end, arrive(runtime, "n", "a")

    def later(at_work: Runtime, done: Any) -> list[str]:
        meanwhile(at_work, numbers[0])
        before = written(at_work)
        assert real(at_work, done) == []
        assert written(at_work) == before
        return []

    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    monkeypatch.setattr(ending, "end", later)
    gate(runtime, Tally())
    assert case(runtime, numbers[0]).state == state
    assert len(saved(runtime)) == 1


def test_a_second_approver_still_counts(office: Office) -> None:
    runtime = office(n=NOTES.replace("by: service", "by: service, count: 2"))
    (number,) = arrive(runtime, "n", "a")
    work(runtime)
    (row,) = proposals(runtime, "proposed")
    approve(runtime, row)
    gate(runtime, Tally())
    assert case(runtime, number).state == "waiting"
    approve(runtime, row, who=OLE)
    gate(runtime, Tally())
    assert case(runtime, number).state == "done"


def test_what_an_action_gave_stands_in_the_journal(office: Office) -> None:
    runtime = office(n=NOTES)
    (number,) = gated(runtime, "a")
    output: Mapping[str, Any] = case(runtime, number).journal["note"].output
    (row,) = proposals(runtime, "done")
    assert output == {"state": "done", "action": row.id, **row.receipt["outputs"]}
    assert row.receipt["outputs"]
