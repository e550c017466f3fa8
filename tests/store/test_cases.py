"""Cases: taken in once, worked on by one worker at a time, moved on only by who holds them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound
from kontorist.core.values import sha256
from kontorist.store import (
    case_decisions,
    case_moves,
    cases,
    conversations,
    deciding,
    documents,
    leasing,
    ledger,
    tables,
    taking_in,
)
from kontorist.store.case_moves import Move
from kontorist.store.cases import DocumentRef, Entry
from tests.store.offices import ANNA, NEW, approve, case, claim, get, kinds, propose, take_in


def lease(database, owner: str = "w", limit: int = 10, seconds: float = 60, flow: str | None = None) -> list[int]:
    with database.write() as connection:
        return leasing.lease(connection, owner, limit, seconds, flow)


def move(database, case_id: int, state: str | None = None, owner: str = "w", *entries: Entry, **values) -> None:
    """What a worker reports that has leased the case, unless somebody else has it."""
    free = (tables.cases.c.id == case_id, tables.cases.c.lease_owner.is_(None))
    with database.write() as connection:
        connection.execute(update(tables.cases).where(*free).values(lease_owner=owner))
        case_moves.move(connection, [Move(case_id, entries, state=state, **values)], owner)


def let_leases_die(database) -> None:
    with database.write() as connection:
        connection.execute(update(tables.cases).values(lease_until=utcnow() - timedelta(seconds=1)))


def entry(path: str = "topic", seq: int = 0, output: object = "order") -> Entry:
    return Entry(path, seq, path, "agent", "orders", output)


def test_a_mail_is_taken_in_once(database) -> None:
    with database.write() as connection:
        assert taking_in.take_in(connection, [NEW, NEW], "intake") == [1, None]
    with database.write() as connection:
        assert taking_in.take_in(connection, [NEW, replace(NEW, source_key="other")], "intake")[0] is None
        assert taking_in.known_keys(connection, "orders", "office-mail", {"key-1", "unknown"}) == {"key-1"}
        assert taking_in.known_keys(connection, "invoices", "office-mail", {"key-1"}) == set()


def test_the_flow_of_the_oldest_case_has_its_turn_with_as_many_as_fit_it(database) -> None:
    flows = ["invoices", "orders", "invoices", "invoices", "orders"]
    new = [replace(NEW, flow=flow, source_key=str(n)) for n, flow in enumerate(flows)]
    with database.write() as connection:
        one, two, three, four, five = taking_in.take_in(connection, new, "intake")

    def following(owner: str) -> tuple[str, list[int]]:
        with database.write() as connection:
            return leasing.lease_next(connection, owner, {"invoices": 2, "orders": 9}.__getitem__, 60)

    assert following("a") == ("invoices", [one, three])
    assert following("b") == ("orders", [two, five])
    assert following("c") == ("invoices", [four])
    assert following("a") == ("", [])


def test_two_workers_take_the_same_mails_in_once(database) -> None:
    together, ids = threading.Barrier(4), []
    keys = [f"k{i}" for i in range(20)]

    def work(order: list[str]) -> None:
        together.wait()
        ids.extend(take_in(database, *order))

    workers = [threading.Thread(target=work, args=(keys,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(ids) == len(set(ids)) == 20


def test_long_and_broken_keys_are_known_again(database) -> None:
    keys = {"x" * 400 + "1", "x" * 400 + "2", "nul\0", "half\ud800"}
    assert len(take_in(database, *keys)) == 4
    assert take_in(database, *keys) == []
    with database.read() as connection:
        assert taking_in.known_keys(connection, "orders", "office-mail", keys) == keys


def test_a_mailbox_with_a_hundred_thousand_mails_can_be_asked_about(database) -> None:
    take_in(database, "k99999")
    with database.read() as connection:
        assert taking_in.known_keys(connection, "orders", "office-mail", {f"k{i}" for i in range(100_000)}) == {"k99999"}


def test_a_case_comes_back_as_it_went_in(database) -> None:
    ref = DocumentRef("Rechnung 7.pdf", "application/pdf", "attachment", documents.put(database, b"%PDF"), 4)
    same = replace(ref, name="copy.pdf")
    data = {"amount": Decimal("12.30"), "day": utcnow().date(), "text": "NUL \0, half \ud800, smile 😀"}
    (case_id,) = take_in(database, "k", data=data, documents=[ref, same], warnings=["phishing"], title="a\0b")
    found = case(database, case_id)
    assert found.data == data
    assert found.documents == [ref, same]
    assert (found.state, found.warnings, found.title) == ("runnable", ["phishing"], "a\ufffdb")
    assert kinds(database, f"case:{case_id}") == ["case.taken-in"]


def test_cases_are_leased_oldest_first_and_once(database) -> None:
    ids = take_in(database, "a", "b", "c")
    assert lease(database, "one", limit=2) == ids[:2]
    assert lease(database, "two") == ids[2:]
    assert lease(database, "three") == []


def test_a_lease_is_for_one_flow_if_asked(database) -> None:
    take_in(database, "a")
    (other,) = take_in(database, "a", flow="invoices")
    assert lease(database, flow="invoices") == [other]


def test_a_dead_lease_is_taken_over_and_the_late_report_left_out(database) -> None:
    (case_id,) = take_in(database, "a")
    assert lease(database, "slow") == [case_id]
    let_leases_die(database)
    assert lease(database, "fast") == [case_id]
    move(database, case_id, "done", "slow", entry(output="late"))
    assert (case(database, case_id).state, case(database, case_id).journal) == ("runnable", {})
    move(database, case_id, "done", "fast", entry(output="right"))
    after = case(database, case_id)
    assert (after.state, after.journal["topic"].output) == ("done", "right")
    assert kinds(database, f"case:{case_id}") == ["case.taken-in", "case.late-report", "case.done"]


def test_a_worker_gives_back_what_it_did_not_finish(database) -> None:
    take_in(database, "a", "b")
    lease(database, "one")
    with database.write() as connection:
        leasing.release(connection, "two")
    assert lease(database, "three") == []
    with database.write() as connection:
        leasing.release(connection, "one")
    assert len(lease(database, "three")) == 2


def test_a_case_is_not_worked_on_before_its_time(database) -> None:
    (case_id,) = take_in(database, "a")
    lease(database)
    move(database, case_id, "runnable", not_before=utcnow() + timedelta(minutes=5), failed_attempt=True)
    assert lease(database) == []
    assert case(database, case_id).attempts == 1


def test_steps_are_journalled_with_their_types(database) -> None:
    (case_id,) = take_in(database, "a")
    lease(database)
    output = {"total": Decimal("1.10"), "due": utcnow(), "$": "not a tag", "list": [1, None, True, 1.5]}
    move(database, case_id, None, "w", entry("a", 0, output), entry("b", 1, None))
    journal = case(database, case_id).journal
    assert list(journal) == ["a", "b"]
    assert journal["a"].output == output


def test_closing_withdraws_what_was_prepared(database) -> None:
    row = propose(database)
    approve(database, row)
    with database.write() as connection:
        case_decisions.close(connection, row.case_id, "anna", "not for us")
    assert get(database, row.id).state == "withdrawn"
    assert claim(database) == []
    assert case(database, row.case_id).state == "closed"
    with database.write() as connection, pytest.raises(NotFound):
        case_decisions.close(connection, row.case_id, "anna")


def test_what_a_worker_prepares_for_a_closed_case_is_withdrawn(database) -> None:
    (case_id,) = take_in(database, "a")
    lease(database)
    with database.write() as connection:
        case_decisions.close(connection, case_id, "anna")
    row = propose(database, case_id)
    move(database, case_id, "waiting")
    assert get(database, row.id).state == "withdrawn"
    assert case(database, case_id).state == "closed"


def test_closing_stops_an_action_that_is_on_its_way(database) -> None:
    from kontorist.core.errors import NotApproved

    row = propose(database)
    approve(database, row)
    (claimed,) = claim(database)
    with database.write() as connection:
        case_decisions.close(connection, row.case_id, "anna")
    with pytest.raises(NotApproved):
        claimed.permit.commit()
    ledger.postpone(database, claimed, "held back")
    with database.write() as connection:
        connection.execute(update(tables.actions).values(not_before=None))
    assert claim(database) == []
    assert get(database, row.id).state == "withdrawn"


def test_a_settled_action_wakes_its_case_even_while_it_is_worked_on(database) -> None:
    (case_id,) = take_in(database, "a")
    lease(database)
    row = propose(database, case_id)
    with database.write() as connection:
        deciding.reject(connection, [row.shown], ANNA, "no")
    move(database, case_id, "waiting")
    assert case(database, case_id).state == "runnable"


def test_waiting_cases_wake_and_others_do_not(database) -> None:
    waiting, done = take_in(database, "a", "b")
    lease(database)
    move(database, waiting, "waiting")
    move(database, done, "done")
    with database.write() as connection:
        leasing.wake(connection, [waiting, done])
    assert (case(database, waiting).state, case(database, done).state) == ("runnable", "done")
    assert lease(database, "next") == [waiting]


def test_a_failed_case_is_tried_again_on_demand(database) -> None:
    (case_id,) = take_in(database, "a")
    with database.write() as connection, pytest.raises(NotFound, match="nothing to retry"):
        case_decisions.retry(connection, case_id, "anna")
    lease(database)
    move(database, case_id, "failed", error="The ERP is down.")
    assert lease(database) == []
    with database.write() as connection:
        case_decisions.retry(connection, case_id, "anna")
    assert (case(database, case_id).error, lease(database)) == (None, [case_id])


def test_an_answer_becomes_the_result_of_the_step(database) -> None:
    (case_id,) = take_in(database, "a")
    with database.write() as connection, pytest.raises(NotFound, match="asks nothing"):
        case_decisions.answer(connection, case_id, {}, "anna")
    lease(database)
    question = {"path": "topic", "step": "topic", "flow": "orders", "output": {"sure": False, "language": "de"}, "text": "?"}
    move(database, case_id, "unclear", question=question)
    with database.write() as connection:
        case_decisions.answer(connection, case_id, {"sure": True}, "anna")
    after = case(database, case_id)
    assert (after.state, after.question) == ("runnable", None)
    assert after.journal["topic"].output == {"sure": True, "language": "de"}
    assert after.journal["topic"].model == "person:anna"
    with database.write() as connection, pytest.raises(NotFound):
        case_decisions.answer(connection, case_id, {"sure": False}, "ole")


def test_conversations_find_their_cases(database) -> None:
    long = "<" + "x" * 300 + "@host>"
    one, two = take_in(database, "a", thread=[long, long, "<2>"]), take_in(database, "b", thread=["<2>"])
    with database.read() as connection:
        assert conversations.in_thread(connection, [long]) == one
        assert sorted(conversations.in_thread(connection, ["<2>", "<3>"])) == [*one, *two]
        assert conversations.in_thread(connection, []) == []


def test_unknown_cases_are_named(database) -> None:
    with database.read() as connection, pytest.raises(NotFound, match="no case 42"):
        cases.load(connection, [42])


def test_cases_are_found_by_state_and_flow(database) -> None:
    ids = take_in(database, "a", "b", "c")
    lease(database)
    move(database, ids[0], "done")
    with database.read() as connection:
        assert [r.id for r in cases.find(connection, state="runnable", flow="orders")] == [ids[2], ids[1]]
        assert [r.id for r in cases.find(connection, limit=1, after=1)] == [ids[1]]
        assert cases.find(connection, flow="invoices") == []


def test_the_same_document_in_two_mails_is_kept_once(database) -> None:
    digest = documents.put(database, b"same")
    ref = DocumentRef("a.txt", "text/plain", "attachment", digest, 4)
    take_in(database, "a", "b", documents=[ref])
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM documents").scalar() == 1
    assert digest == sha256(b"same")
