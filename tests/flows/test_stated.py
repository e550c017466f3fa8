"""An action of which nobody knows whether it happened, and a person says that it did: what the steps behind it go on with."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.folder import SaveFile
from flows import stated
from flows.advance import Tally, advance
from flows.gate import gate
from flows.runtime import Runtime
from kontorist.core.errors import Unavailable
from kontorist.store import actions, audit, case_decisions, case_moves, conversations, ledger, resolving
from kontorist.store.actions import ActionRow
from tests.chaos.worker import die, ended, fork
from tests.flows.offices import ANNA, approve, arrive, case, make_office, proposals, saved, work

TWO = """
    trigger: {file: {connection: scans}}
    steps:
      - id: kept
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
      - id: told
        action: shelf.save
        with: {name: "index.txt", content: "{{ kept.file }}%s"}
        approve: {by: service}
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    flows = {"n": TWO % "", "lacks": TWO % " {{ kept.number }}", "lenient": TWO % " {{ kept.number | default('none') }}"}
    for name, step in {
        "when": 'when: kept.number == "7"\n        steps: []',
        "set": "set: {seven: '{{ kept[\"number\"] }}'}",
        "lookup": "id: order\n        lookup: erp.orders\n        where: {number: '{{ kept.number }}'}\n        on_error: continue",
        "each": "each: kept.number\n        as: one\n        steps: []",
        "handed": "use: used\n        with: {before: '{{ kept }}'}",
        "formatted": "set: {seven: '{{ kept.number | date }} {{ kept.number | money }}'}",
        "deep": "set: {inner: {of: '{{ kept }}'}}\n      - set: {seven: '{{ inner.of.number }}'}",
        "other": "set: {seven: '{{ file.number }}'}",
    }.items():
        head, _, _ = TWO.partition("      - id: told")
        flows[name] = f"{head}      - {step}\n"
    flows["used"] = "parameters: {before: null}\nsteps:\n  - set: {seven: '{{ before.number }}'}\n"
    made = make_office(tmp_path, flows)
    yield made
    made.close()


def uncertain(runtime: Runtime, flow: str = "n", *, there: bool = False) -> ActionRow:
    """An action that was on its way when the line broke; `there`: the file did arrive."""
    arrive(runtime, flow, "hello")
    work(runtime)
    (row,) = proposals(runtime, "proposed")
    approve(runtime, row)
    (claimed,) = ledger.claim(runtime.database, "w", limit=1, lease_seconds=60)
    claimed.permit.commit()
    ledger.uncertain(runtime.database, claimed.row, claimed.permit.attempt, "The line broke.")
    if there:
        shelf = runtime.data_dir / "shelf"
        shelf.mkdir(parents=True, exist_ok=True)
        (shelf / "0.txt").write_text("hello")
    (row,) = proposals(runtime, "uncertain")
    return row


def say_it_happened(runtime: Runtime, row: ActionRow) -> None:
    with runtime.database.write() as connection:
        resolving.resolve(connection, row.shown, ANNA, happened=True, comment="I saw it")


def stored(runtime: Runtime, row: ActionRow) -> ActionRow:
    with runtime.database.read() as connection:
        return actions.get(connection, row.id)


@pytest.mark.parametrize("there", [True, False])
def test_what_is_found_or_follows_from_the_payload_is_handed_on(runtime: Runtime, there: bool) -> None:
    row = uncertain(runtime, there=there)
    say_it_happened(runtime, row)
    work(runtime)
    (behind,) = proposals(runtime, "proposed")
    path = str(runtime.data_dir / "shelf" / "0.txt")
    assert behind.data["content"] == path
    receipt = stored(runtime, row).receipt
    assert receipt["outputs"] == {"file": path, "name": "0.txt"}
    assert (receipt["evidence"]["stated_by"], receipt["evidence"]["comment"]) == ("anna", "I saw it")
    assert ("sha256" in receipt["evidence"]) is there, "evidence is what was found, and nothing else"
    assert saved(runtime) == (["0.txt"] if there else []), "it is looked up, and not done again"


def test_the_look_up_is_in_the_audit_chain(runtime: Runtime) -> None:
    row = uncertain(runtime, there=True)
    say_it_happened(runtime, row)
    work(runtime)
    with runtime.database.read() as connection:
        kinds = [e["kind"] for e in audit.read(connection, f"action:{row.id}")]
    assert kinds[-2:] == ["action.resolved", "action.looked-up"]


def test_an_outside_that_cannot_be_asked_does_not_hold_up_the_case(runtime: Runtime, monkeypatch) -> None:
    def down(*_: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(SaveFile, "find", down)
    say_it_happened(runtime, uncertain(runtime))
    work(runtime)
    assert [r.path for r in proposals(runtime, "proposed")] == ["told"]


def test_a_connection_that_is_gone_leads_to_a_question(runtime: Runtime, monkeypatch) -> None:
    row = uncertain(runtime)
    say_it_happened(runtime, row)
    monkeypatch.setattr(runtime.connections, "action", lambda *_: (_ for _ in ()).throw(Unavailable("gone")))
    gate(runtime, Tally())
    advance(runtime, Tally())
    asked = case(runtime, row.case_id)
    assert (asked.state, list(asked.question["fields"])) == ("unclear", ["file"])


@pytest.mark.parametrize("flow", ["lacks", "when", "set", "lookup", "each", "handed", "formatted"])
def test_a_step_that_lacks_an_output_asks_a_person_who_can_give_it(runtime: Runtime, flow: str) -> None:
    row = uncertain(runtime, flow)
    say_it_happened(runtime, row)
    work(runtime)
    asked = case(runtime, row.case_id)
    assert (asked.state, asked.question["kind"]) == ("unclear", "fields")
    assert list(asked.question["fields"]) == ["number"]
    assert all(word in (asked.error or "") for word in ("number", "kept", "Anna hat", f"Karte {row.id}"))
    number = "2026-11-27" if flow == "formatted" else "4711"
    with runtime.database.write() as connection:
        case_decisions.answer(connection, row.case_id, {"number": number}, "ole")
    work(runtime)
    after = case(runtime, row.case_id)
    if flow == "lacks":
        (behind,) = proposals(runtime, "proposed")
        assert behind.data["content"] == f"{runtime.data_dir}/shelf/0.txt 4711"
    elif flow == "formatted":
        assert "27.11.2026" not in (after.error or "")
        assert after.state == "failed", "a date is no amount of money, whoever says it"
    else:
        assert after.state == "done", after.error


def test_several_values_are_asked_one_after_the_other_also_when_it_is_tried_again(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"n": TWO % " {{ kept.number }} {{ kept.page }}"})
    row = uncertain(runtime)
    say_it_happened(runtime, row)
    work(runtime)
    with runtime.database.write() as connection:
        case_decisions.retry(connection, row.case_id, "ole")
    for name in ("number", "page"):
        work(runtime)
        assert list(case(runtime, row.case_id).question["fields"]) == [name]
        with runtime.database.write() as connection:
            case_decisions.answer(connection, row.case_id, {name: name.upper()}, "ole")
    work(runtime)
    assert proposals(runtime, "proposed")[0].data["content"].endswith("NUMBER PAGE")
    runtime.close()


def test_what_a_flow_can_do_without_is_not_asked(runtime: Runtime) -> None:
    say_it_happened(runtime, uncertain(runtime, "lenient"))
    work(runtime)
    assert proposals(runtime, "proposed")[0].data["content"].endswith("none")


def test_what_lacks_elsewhere_fails_as_ever(runtime: Runtime) -> None:
    row = uncertain(runtime, "other")
    say_it_happened(runtime, row)
    work(runtime)
    assert case(runtime, row.case_id).state == "failed"


def test_an_action_that_was_done_as_ever_is_not_asked_about(runtime: Runtime) -> None:
    """A wrong name in a flow is the admin's to mend, not a question to a clerk."""
    (number,) = arrive(runtime, "lacks", "hello")
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    work(runtime)
    assert case(runtime, number).state == "failed"


def test_who_settled_such_an_action_before_this_was_looked_up_is_asked_for_what_lacks(runtime: Runtime) -> None:
    """Receipts of an earlier version say that there are no outputs."""
    row = uncertain(runtime)
    say_it_happened(runtime, row)
    with runtime.database.write() as connection:
        resolving.tell(connection, stored(runtime, row), {}, {})
    work(runtime)
    assert list(case(runtime, row.case_id).question["fields"]) == ["file"]


@pytest.mark.parametrize("at", ["look-up", "journal"])
def test_a_pass_that_is_killed_is_made_up_for(runtime: Runtime, monkeypatch, at: str) -> None:
    row = uncertain(runtime, there=True)
    say_it_happened(runtime, row)

    def doomed() -> None:
        own = Runtime(runtime.office, runtime.database, runtime.data_dir)
        if at == "look-up":
            monkeypatch.setattr(stated.resolving, "tell", lambda *_: die())
        else:
            monkeypatch.setattr(case_moves, "move", lambda *_: die())
        advance(own, Tally())

    runtime.database.engine.dispose()
    assert ended(fork(doomed)) == -signal.SIGKILL
    with runtime.database.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET lease_until = '2000-01-01T00:00:00.000000+00:00'")
    work(runtime)
    (behind,) = proposals(runtime, "proposed")
    assert behind.data["content"] == f"{runtime.data_dir}/shelf/0.txt"
    with runtime.database.read() as connection:
        kinds = [e["kind"] for e in audit.read(connection, f"action:{row.id}")]
    assert kinds.count("action.looked-up") == 1


def test_what_cannot_be_filled_in_is_a_question_still(runtime: Runtime) -> None:
    """A copy deep within another value does not learn of the answer: a person sees why it does not go on."""
    row = uncertain(runtime, "deep")
    say_it_happened(runtime, row)
    work(runtime)
    with runtime.database.write() as connection:
        case_decisions.answer(connection, row.case_id, {"number": "4711"}, "ole")
    work(runtime)
    asked = case(runtime, row.case_id)
    assert (asked.state, asked.question["kind"]) == ("unclear", "look")


def test_answers_to_such_a_mail_belong_to_its_case(runtime: Runtime, monkeypatch) -> None:
    monkeypatch.setattr(SaveFile, "outputs", lambda *_: {"message_id": "<k.1@example.com>"})
    row = uncertain(runtime)
    say_it_happened(runtime, row)
    work(runtime)
    with runtime.database.read() as connection:
        assert conversations.in_thread(connection, ["<k.1@example.com>"]) == [row.case_id]
