"""The ledger: what is approved is done once, or a person is asked; no worker acts on what is no longer its own."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotApproved
from kontorist.store import case_moves, conversations, leasing, ledger, office_state, tables
from kontorist.store.office_state import Stops
from tests.store.offices import OLE, approve, case, claim, edit, get, kinds, pass_time, propose, reject


def approved(database, **values):
    row = propose(database, **values)
    approve(database, row)
    return row


def claimed(database, owner: str = "worker"):
    approved(database)
    (one,) = claim(database, owner)
    return one


def stop(database, stops: Stops) -> None:
    with database.write() as connection:
        office_state.set_stops(connection, stops, "petra")


def test_an_approved_action_goes_all_the_way(database) -> None:
    one = claimed(database)
    assert get(database, one.row.id).state == "claimed"
    assert one.permit.payload == {"text": "Dear customer"}
    one.permit.commit()
    assert get(database, one.row.id).state == "committing"
    ledger.done(database, one, {"file": "out/1.eml"}, {"message_id": "<1>"})
    after = get(database, one.row.id)
    assert (after.state, after.receipt) == ("done", {"evidence": {"file": "out/1.eml"}, "outputs": {"message_id": "<1>"}})
    assert kinds(database, f"action:{after.id}") == ["action.proposed", "action.approved", "action.done"]
    assert case(database, after.case_id).state == "runnable"


def test_undecided_actions_are_not_claimed(database) -> None:
    propose(database)
    reject(database, propose(database))
    assert claim(database) == []


def test_four_workers_at_once_claim_each_action_once(database) -> None:
    for _ in range(12):
        approved(database)
    together, ids = threading.Barrier(4), []

    def work(name: str) -> None:
        together.wait()
        while found := claim(database, name, limit=2):
            ids.extend(c.row.id for c in found)

    workers = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == 12


def test_the_fence_is_passed_once(database) -> None:
    one = claimed(database)
    one.permit.commit()
    with pytest.raises(NotApproved, match="used already"):
        one.permit.commit()


def test_a_zombie_does_not_pass_the_fence(database) -> None:
    zombie = claimed(database, "zombie")
    pass_time(database, zombie.row.id)
    with pytest.raises(NotApproved):
        zombie.permit.commit()
    ledger.recover(database)
    (fresh,) = claim(database, "fresh")
    assert fresh.permit.attempt == zombie.permit.attempt + 1
    assert fresh.permit.key == zombie.permit.key
    with pytest.raises(NotApproved):
        zombie.permit.commit()
    fresh.permit.commit()
    with pytest.raises(NotApproved):
        zombie.permit.commit()


@pytest.mark.parametrize("report", ["done", "refused", "postpone", "changed"])
def test_what_a_zombie_reports_changes_nothing(database, report: str) -> None:
    zombie = claimed(database, "zombie")
    pass_time(database, zombie.row.id)
    ledger.recover(database)
    (fresh,) = claim(database, "fresh")
    {
        "done": lambda: ledger.done(database, zombie, {"file": "x"}),
        "refused": lambda: ledger.refused(database, zombie, "no"),
        "postpone": lambda: ledger.postpone(database, zombie, "later"),
        "changed": lambda: ledger.changed(database, zombie, ["other"], {}),
    }[report]()
    after = get(database, fresh.row.id)
    assert (after.state, after.revision) == ("claimed", 1)
    assert kinds(database, f"action:{after.id}")[-1] == "action.late-report"
    fresh.permit.commit()


@pytest.mark.parametrize("values", [{"payload": b'{"text":"evil"}'}, {"sha256": "0" * 64}, {"revision": 2}])
def test_what_was_changed_behind_our_back_is_not_claimed(database, values) -> None:
    row = approved(database)
    with database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.id == row.id).values(values))
    assert claim(database) == []


@pytest.mark.parametrize("values", [{"sha256": "0" * 64}, {"state": "approved"}, {"attempt": 9}])
def test_what_was_changed_after_the_claim_stops_at_the_fence(database, values) -> None:
    one = claimed(database)
    with database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.id == one.row.id).values(values))
    with pytest.raises(NotApproved):
        one.permit.commit()


def test_an_approval_that_expires_on_the_way_stops_at_the_fence(database, monkeypatch) -> None:
    one = claimed(database)
    with database.write() as connection:
        connection.execute(update(tables.actions).values(lease_until=utcnow() + timedelta(days=30)))
    monkeypatch.setattr(ledger, "utcnow", lambda: utcnow() + timedelta(days=8))
    with pytest.raises(NotApproved, match="expired"):
        one.permit.commit()


@pytest.mark.parametrize("stops", [Stops(office=True), Stops(flows=("orders",)), Stops(connections=("office-mail",))])
def test_the_stop_button_holds_back_before_the_claim_and_at_the_fence(database, stops: Stops) -> None:
    one = claimed(database)
    approved(database)
    stop(database, stops)
    assert claim(database) == []
    with pytest.raises(NotApproved, match="stop"):
        one.permit.commit()
    stop(database, Stops())
    one.permit.commit()
    assert len(claim(database)) == 1


def test_what_is_stopped_does_not_hold_up_the_rest(database) -> None:
    for _ in range(3):
        approved(database)
    stop(database, Stops(flows=("invoices",), connections=("bank",)))
    assert len(claim(database, limit=2)) == 2


def test_failures_are_tried_again_later_and_refused_in_the_end(database) -> None:
    row = approved(database)
    for attempt in range(1, ledger.MAX_ATTEMPTS + 1):
        (one,) = claim(database)
        assert one.permit.attempt == attempt
        ledger.postpone(database, one, "The server is down.")
        assert claim(database) == []
        pass_time(database, row.id)
    after = get(database, row.id)
    assert (after.state, after.error) == ("refused", "The server is down. (tried 5 times)")


def test_what_was_given_back_was_not_tried(database) -> None:
    row = approved(database)
    for _ in range(2 * ledger.MAX_ATTEMPTS):  # a pass that had no time for it
        (one,) = claim(database)
        ledger.give_back(database, one)
    (one,) = claim(database)
    before = utcnow()
    ledger.postpone(database, one, "450 try again later")
    after = get(database, row.id)
    assert after.state == "approved"
    assert (after.not_before - before).total_seconds() == pytest.approx(30, abs=5)


def test_pauses_grow(database) -> None:
    row = approved(database)
    pauses = []
    for _ in range(3):
        pass_time(database, row.id)
        (one,) = claim(database)
        before = utcnow()
        ledger.postpone(database, one, "down")
        pauses.append((get(database, row.id).not_before - before).total_seconds())
        with database.read() as connection:
            assert ledger.last_due(connection, utcnow() + timedelta(days=1)) == get(database, row.id).not_before
            assert ledger.last_due(connection, utcnow() - timedelta(days=1)) is None
    assert [round(p / 30) for p in pauses] == [1, 2, 4]


def test_a_changed_world_voids_the_approval(database) -> None:
    one = claimed(database)
    ledger.changed(database, one, ["The order was sent meanwhile."], {})
    after = get(database, one.row.id)
    assert (after.state, after.revision) == ("proposed", 2)
    assert after.warnings[-1]["text"] == "The order was sent meanwhile."
    with pytest.raises(NotApproved):
        one.permit.commit()


def test_a_dead_worker_before_the_fence_did_nothing(database) -> None:
    one = claimed(database)
    assert ledger.recover(database) == []
    assert get(database, one.row.id).state == "claimed", "its worker lives"
    pass_time(database, one.row.id)
    assert ledger.recover(database) == []
    assert get(database, one.row.id).state == "approved"


def dead_behind_the_fence(database):
    one = claimed(database)
    one.permit.commit()
    assert ledger.recover(database) == []
    pass_time(database, one.row.id)
    (dead,) = ledger.recover(database)
    assert claim(database) == []
    return one, dead


@pytest.mark.parametrize(
    ("receipt", "authoritative", "state"),
    [({"file": "x"}, False, "done"), ({"file": "x"}, True, "done"), (None, True, "approved"), (None, False, "uncertain")],
)
def test_a_dead_worker_behind_the_fence_is_looked_up(database, receipt, authoritative: bool, state: str) -> None:
    one, dead = dead_behind_the_fence(database)
    assert ledger.found(database, dead, receipt, authoritative=authoritative, why="No trace.") == state
    assert get(database, one.row.id).state == state
    assert ledger.recover(database) == []
    assert ledger.found(database, dead, {"file": "y"}, authoritative=True, why="") == state, "the second look-up is late"


def test_what_is_found_outside_gives_its_outputs_to_the_steps_behind_it(database) -> None:
    one, dead = dead_behind_the_fence(database)
    outputs = {"name": "x.txt", "message_id": "<kontorist.1@example.com>"}
    ledger.found(database, dead, {"file": "x"}, outputs, authoritative=True, why="")
    assert get(database, one.row.id).receipt == {"evidence": {"file": "x"}, "outputs": outputs}
    with database.read() as connection:
        assert conversations.in_thread(connection, ["<kontorist.1@example.com>"]) == [one.row.case_id], (
            "answers to it are told to belong here"
        )


def test_a_report_that_comes_after_all_counts(database) -> None:
    """The worker was slow, not dead: it knows what happened, and the look-up did not."""
    one, dead = dead_behind_the_fence(database)
    ledger.found(database, dead, None, authoritative=False, why="No trace.")
    ledger.done(database, one, {"file": "x"})
    assert get(database, one.row.id).state == "done"


def test_no_edit_and_no_rejection_while_it_runs(database) -> None:
    from kontorist.core.errors import Stale

    one = claimed(database)
    for decide in (lambda: edit(database, one.row, {"text": "late"}), lambda: reject(database, one.row, who=OLE)):
        with pytest.raises(Stale):
            decide()
    one.permit.commit()


def test_a_case_goes_on_when_its_action_is_done(database) -> None:

    row = approved(database)
    with database.write() as connection:
        leasing.lease(connection, "w", 1, 60)
        case_moves.move(connection, [case_moves.Move(row.case_id, state="waiting")], "w")
    (one,) = claim(database)
    one.permit.commit()
    ledger.done(database, one, {})
    assert case(database, row.case_id).state == "runnable"
