"""One case, one look-up or one late worker must not keep the office from going on, nor undo what others have done."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from connectors._saving import SaveFile
from connectors.base import Item
from flows import advance as advancing
from flows.advance import Tally, advance
from flows.gate import gate
from flows.intake import take_in
from flows.runner import direct_pass
from flows.steps import perform
from kontorist.core.clock import utcnow
from kontorist.core.errors import Unavailable
from kontorist.store import actions, case_moves, conversations, deciding, leasing, ledger, proposing, tables
from kontorist.store.case_moves import Move
from kontorist.store.cases import Entry
from kontorist.store.database import Database
from tests.flows.offices import ANNA, NOTES, approve, arrive, case, make_office, proposals, saved, work

STEP = """
    trigger: {file: {connection: scans}}
    steps:
      - %s
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
HARMFUL = {
    "a number instead of a list": '{each: "file.size", steps: [{set: {x: "{{ entry }}"}}]}',
    "a truth instead of a list": '{each: "file.size == 5", steps: [{set: {x: "{{ entry }}"}}]}',
    "a method": '{set: {x: "{{ file.name.upper }}"}}',
    "no finite number": '{set: {x: "{{ 1e400 }}"}}',
}
HARMLESS = {
    "map": """{set: {x: "{{ file.list | map('upper') }}"}}""",
    "select": '{set: {x: "{{ file.list | select }}"}}',
    "a single text": '{each: "file.name", steps: [{set: {x: "{{ entry }}"}}]}',
    "a list without entries": '{each: "file.none", steps: []}',
}


def one_case(runtime: Any, flow: str = "n") -> None:
    file = {"name": "1.txt", "text": "a", "size": 5, "list": ["a", "b"], "none": None}
    take_in(runtime, flow, "scans", [Item("k1", "scans/1.txt", "One", {"file": file})])


@pytest.mark.parametrize("name", HARMFUL)
def test_a_case_that_cannot_be_worked_with_fails_alone(tmp_path: Path, name: str):
    runtime = make_office(tmp_path, {"n": STEP % HARMFUL[name], "other": NOTES})
    one_case(runtime)
    arrive(runtime, "other", "fine")
    advance(runtime, Tally())
    assert [case(runtime, i).state for i in (1, 2)] == ["failed", "waiting"]
    assert case(runtime, 1).error


@pytest.mark.parametrize("name", HARMLESS)
def test_what_gives_a_list_bit_by_bit_is_a_list(tmp_path: Path, name: str):
    runtime = make_office(tmp_path, {"n": STEP % HARMLESS[name]})
    one_case(runtime)
    advance(runtime, Tally())
    assert case(runtime, 1).state == "waiting"


def test_what_cannot_be_stored_fails_its_own_case_only(tmp_path: Path):
    runtime = make_office(tmp_path, {"n": NOTES})
    arrive(runtime, "n", "one", "bad", "three")

    def run_step(runtime: Any, works: Any) -> Any:
        outcomes = perform(runtime, works)
        for work_, outcome in zip(works, outcomes, strict=True):
            if work_.case.data["file"]["text"] == "bad":
                object.__setattr__(outcome.proposal, "rests_on", {"never": object()})
        return outcomes

    tally = Tally()
    advance(runtime, tally, run_step=run_step)
    assert [case(runtime, i).state for i in (1, 2, 3)] == ["waiting", "failed", "waiting"]
    assert "cannot be worked with" in (case(runtime, 2).error or "")
    assert (tally.of("n", "proposed"), tally.of("n", "failed")) == (2, 1)


def test_a_pass_that_breaks_gives_its_cases_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runtime = make_office(tmp_path, {"n": NOTES})
    (runtime.data_dir / "scans").mkdir(parents=True)
    arrive(runtime, "n", "one")

    def broken(*_: Any) -> None:
        raise Unavailable("The database was restarted.")

    monkeypatch.setattr(advancing, "_store", broken)
    with pytest.raises(Unavailable):
        direct_pass(runtime)
    with runtime.database.write() as connection:
        assert leasing.lease(connection, "another", 10, 60) == [1]


def taken_over(database: Database, number: int) -> None:
    """A is stopped past its lease, and B has the case."""
    with database.write() as connection:
        assert number in leasing.lease(connection, "A", 10, 600)
        connection.execute(update(tables.cases).values(lease_until=utcnow() - timedelta(seconds=1)))
    with database.write() as connection:
        assert leasing.lease(connection, "B", 1, 600) == [number]


def test_a_late_worker_proposes_nothing_for_a_case_that_another_has_ended(database: Database, tmp_path: Path):
    runtime = make_office(tmp_path, {"n": NOTES}, store=database)
    (number,) = arrive(runtime, "n", "a")

    def run_step(runtime: Any, works: Any) -> Any:
        outcomes = perform(runtime, works)  # A has found what to propose, and is stopped before it can store it
        with database.write() as connection:
            connection.execute(update(tables.cases).values(lease_until=utcnow() - timedelta(seconds=1)))
            assert leasing.lease(connection, "B", 1, 600) == [number]
            case_moves.move(connection, [Move(number, (), 0, "done")], "B")
        return outcomes

    advance(runtime, Tally(), run_step=run_step)
    assert (case(runtime, number).state, proposals(runtime)) == ("done", [])


def test_a_late_worker_moves_no_case_that_another_had_meanwhile(database: Database, tmp_path: Path):
    runtime = make_office(tmp_path, {"n": NOTES}, store=database)
    number, other = arrive(runtime, "n", "a", "b")
    taken_over(database, number)
    with database.write() as connection:
        case_moves.move(connection, [Move(number, [Entry("topic", 0, "topic", "agent", "n", "right")], 0, "waiting")], "B")
    with database.write() as connection:
        leasing.wake(connection, [number])  # an action of it was carried out; nobody has it now
    late = [Move(number, [Entry("topic", 0, "topic", "agent", "n", "late")], 0, "failed", "The model did not answer.")]
    with database.write() as connection:
        assert case_moves.move(connection, [*late, Move(other, (), 0)], "A") == {number}
    after = case(runtime, number)
    assert (after.state, after.journal["topic"].output) == ("runnable", "right")


def test_a_worker_keeps_what_a_slow_model_works_on(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runtime = make_office(tmp_path, {"n": NOTES}, store=database)
    arrive(runtime, "n", "a")
    monkeypatch.setattr(advancing, "LEASE_SECONDS", 0.0)
    renewed: list[float] = []
    monkeypatch.setattr(leasing, "renew", lambda *given: renewed.append(given[-1]))
    with database.write() as connection:
        ids = leasing.lease(connection, runtime.owner, 10, 60)
    advancing.advance_chunk(runtime, ids, Tally())
    assert renewed


def test_keeping_a_lease_needs_one(database: Database, tmp_path: Path):
    runtime = make_office(tmp_path, {"n": NOTES}, store=database)
    mine, theirs = arrive(runtime, "n", "a", "b")
    with database.write() as connection:
        leasing.lease(connection, "B", 10, 60)
        connection.execute(update(tables.cases).where(tables.cases.c.id == mine).values(lease_owner="A"))
        before = dict(
            connection.execute(tables.cases.select().with_only_columns(tables.cases.c.id, tables.cases.c.lease_until)).all()
        )
        leasing.renew(connection, [mine, theirs], "A", 6000)
        after = dict(
            connection.execute(tables.cases.select().with_only_columns(tables.cases.c.id, tables.cases.c.lease_until)).all()
        )
    assert after[mine] > before[mine]
    assert after[theirs] == before[theirs]


def test_two_reports_for_one_case_do_not_wait_for_each_other(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each gives a Message-ID, whose row refers to the case, and wakes the case: in the other order PostgreSQL breaks one of them off."""
    if database.is_sqlite:
        pytest.skip("SQLite has one writer")
    runtime = make_office(tmp_path, {"n": NOTES}, store=database)
    (number,) = arrive(runtime, "n", "a")
    work(runtime)
    second = proposing.NewAction(number, "n", "ask-1", "shelf", "save", "k2", {"name": "x", "content": "y"}, "s", {}, [], {}, {"by": ["service"]})  # fmt: skip
    with database.write() as connection:
        proposing.propose(connection, second)
    approve(runtime, *proposals(runtime, "proposed"))
    claims = ledger.claim(database, "w", limit=10, lease_seconds=900)
    for claimed in claims:
        claimed.fence()
    real, both = conversations.sent, threading.Barrier(2)

    def sent(connection: Any, outputs: Any) -> None:
        real(connection, outputs)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # in the wrong order both are here at once, and neither has the case yet

    monkeypatch.setattr(conversations, "sent", sent)
    found: dict[int, Any] = {}

    def report(claimed: ledger.Claim) -> None:
        try:
            found[claimed.row.id] = ledger.done(database, claimed, {"ok": 1}, {"message_id": f"<{claimed.row.id}@example.com>"})
        except Exception as error:
            found[claimed.row.id] = error

    threads = [threading.Thread(target=report, args=(claimed,)) for claimed in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(found.values()) == [True, True]


def test_whoever_rejects_a_card_rejects_what_waits_behind_a_refused_action(database: Database, tmp_path: Path):
    flow = NOTES.replace("approve: {by: service}", "if_rejected: continue\n        approve: {by: service}") + (
        '      - id: more\n        action: shelf.save\n        with: {name: "more-{{ file.name }}", content: x}\n'
        "        if_rejected: continue\n        approve: {together_with: note}\n"
    )
    runtime = make_office(tmp_path, {"n": flow}, store=database)
    (number,) = arrive(runtime, "n", "a")
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    head = next(r for r in proposals(runtime) if r.path == "note")
    with database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.id == head.id).values(state="refused", error="No."))
    with database.write() as connection:
        deciding.reject(connection, [actions.get(connection, head.id).shown], ANNA, "no")
    work(runtime)
    assert [r.state for r in proposals(runtime)] == ["rejected", "rejected"]
    assert (case(runtime, number).state, saved(runtime)) == ("done", [])


def test_who_approves_again_gives_new_attempts(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runtime = make_office(tmp_path, {"n": NOTES}, store=sqlite)
    arrive(runtime, "n", "a")
    work(runtime)

    def away(*_: Any) -> None:
        raise Unavailable("The share is away.")

    monkeypatch.setattr(SaveFile, "execute", away)

    def tried(times: int) -> str:
        for _ in range(times):
            with sqlite.write() as connection:
                connection.execute(update(tables.actions).values(not_before=None))
            gate(runtime, Tally())
        return proposals(runtime)[0].state

    approve(runtime, *proposals(runtime, "proposed"))
    assert tried(ledger.MAX_ATTEMPTS) == "refused"
    approve(runtime, *proposals(runtime))
    assert tried(ledger.MAX_ATTEMPTS - 1) == "approved"
    assert tried(1) == "refused"


def test_a_look_up_that_breaks_is_for_a_person_and_the_others_go_on(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    runtime = make_office(tmp_path, {"n": NOTES}, store=sqlite)
    arrive(runtime, "n", "a")
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    (claimed,) = ledger.claim(sqlite, "dead", limit=1, lease_seconds=900)
    claimed.fence()
    with sqlite.write() as connection:
        connection.execute(update(tables.actions).values(lease_until=utcnow() - timedelta(seconds=1)))

    class Stricter(SaveFile.Payload):  # type: ignore[name-defined, misc]
        """An update of the program asks for more than what was approved has."""

        new_field: str

    monkeypatch.setattr(SaveFile, "Payload", Stricter)
    gate(runtime, Tally())
    assert [r.state for r in proposals(runtime)] == ["uncertain"]
