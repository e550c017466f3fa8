"""Attempts to get around the gate, and what it does when the outside fails."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Receipt
from connectors.folder import SaveFile
from flows.advance import Tally
from flows.gate import execute, gate, reconcile
from flows.pace import Pace
from kontorist.core.errors import NotApproved, Rejected, Stale, Unavailable, Uncertain
from kontorist.core.permit import Permit
from kontorist.store import editing, ledger, office_state, resolving
from kontorist.testing import permit_for
from tests.flows.offices import ANNA, NOTES, OLE, approve, arrive, case, make_office, proposals, saved, work


@pytest.fixture
def runtime(tmp_path: Path):
    made = make_office(tmp_path, {"n": NOTES})
    yield made
    made.close()


def prepared(runtime, text: str = "hello"):
    arrive(runtime, "n", text)
    work(runtime)
    return proposals(runtime, "proposed")[0]


def execute_sql(runtime, sql: str) -> None:
    with runtime.database.write() as connection:
        connection.exec_driver_sql(sql)


def test_an_action_cannot_be_called_without_a_permit(runtime) -> None:
    row = prepared(runtime)
    connector = runtime.connections.get("shelf")
    for forged in (None, object(), dataclasses.make_dataclass("Permit", ["payload"])(row.data)):
        with pytest.raises(NotApproved):
            SaveFile().execute(connector, forged)
    assert saved(runtime) == []


def test_a_permit_cannot_be_made_by_hand() -> None:
    with pytest.raises(NotApproved):
        Permit(object(), action_id=1, key="k", attempt=1, payload=b"{}", digest="", fence=lambda: None)


def test_a_permit_with_other_bytes_than_approved_is_refused(runtime) -> None:
    permit = permit_for({"name": "a.txt", "content": "x"})
    permit._payload = b'{"name": "b.txt", "content": "y"}'
    with pytest.raises(NotApproved):
        SaveFile().execute(runtime.connections.get("shelf"), permit)
    assert saved(runtime) == []


def test_a_state_set_to_approved_behind_our_back_does_not_run(runtime) -> None:
    row = prepared(runtime)
    execute_sql(runtime, f"UPDATE actions SET state = 'approved' WHERE id = {row.id}")
    gate(runtime, Tally())
    assert saved(runtime) == []
    (after,) = proposals(runtime)
    assert after.state == "proposed"


@pytest.mark.parametrize("sql", ['payload = CAST(\'{"content":"evil","folder":"","name":"0.txt"}\' AS BLOB)', "sha256 = 'x'"])
def test_a_payload_changed_after_the_approval_does_not_run(runtime, sql: str) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    execute_sql(runtime, f"UPDATE actions SET {sql} WHERE id = {row.id}")
    gate(runtime, Tally())
    assert saved(runtime) == []


def test_payload_and_hash_changed_together_do_not_run_either(runtime) -> None:
    """Whoever can write to the table still lacks an approval for the new hash, and approvals are append-only."""
    from kontorist.core.values import canonical, sha256

    row = prepared(runtime)
    approve(runtime, row)
    evil = canonical({"name": "evil.txt", "content": "x", "folder": ""})
    with runtime.database.write() as connection:
        connection.exec_driver_sql("UPDATE actions SET payload = ?, sha256 = ? WHERE id = ?", (evil, sha256(evil), row.id))
    gate(runtime, Tally())
    assert saved(runtime) == []
    with pytest.raises(Exception, match="append-only"):
        execute_sql(runtime, f"UPDATE approvals SET sha256 = '{sha256(evil)}'")


def test_an_edit_after_the_approval_voids_it(runtime) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    with runtime.database.write() as connection:
        editing.edit(connection, row.shown, editing.Edit({**row.data, "content": "new"}, "s", [], row.rests_on), ANNA)
    gate(runtime, Tally())
    assert saved(runtime) == []
    with pytest.raises(Stale):
        approve(runtime, row, who=OLE)


def test_an_expired_approval_does_not_run(runtime) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    execute_sql(runtime, "DROP TRIGGER approvals_no_update")
    execute_sql(runtime, "UPDATE approvals SET expires = '2000-01-01T00:00:00.000000+00:00'")
    gate(runtime, Tally())
    assert saved(runtime) == []
    assert "expired" in proposals(runtime)[0].warnings[-1]["text"]


def test_the_stop_button_holds_everything_back_and_lets_it_go_on(runtime) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    with runtime.database.write() as connection:
        office_state.set_stops(connection, office_state.Stops(office=True), "mareike")
    gate(runtime, Tally())
    assert saved(runtime) == []
    with runtime.database.write() as connection:
        office_state.set_stops(connection, office_state.Stops(), "mareike")
    gate(runtime, Tally())
    assert saved(runtime) == ["0.txt"]


def test_the_stop_button_works_between_claim_and_effect(runtime) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    (claimed,) = ledger.claim(runtime.database, "w", limit=1, lease_seconds=60)
    with runtime.database.write() as connection:
        office_state.set_stops(connection, office_state.Stops(connections=("shelf",)), "mareike")
    with pytest.raises(NotApproved):
        SaveFile().execute(runtime.connections.get("shelf"), claimed.permit)
    assert saved(runtime) == []


def test_a_worker_that_lost_its_lease_does_nothing(runtime) -> None:
    """A zombie wakes up after another worker took over: the fence stops it."""
    row = prepared(runtime)
    approve(runtime, row)
    (zombie,) = ledger.claim(runtime.database, "zombie", limit=1, lease_seconds=-1)
    reconcile(runtime)
    gate(runtime, Tally())
    assert saved(runtime) == ["0.txt"]
    with pytest.raises(NotApproved):
        SaveFile().execute(runtime.connections.get("shelf"), zombie.permit)


def test_who_is_too_slow_for_its_lease_gives_back_at_once(runtime) -> None:
    """A long queue before a slow server: no pause, no failed attempt, and never up to a person for that alone."""
    row = prepared(runtime)
    approve(runtime, row)
    for _ in range(ledger.MAX_ATTEMPTS + 1):
        (slow,) = ledger.claim(runtime.database, "slow", limit=1, lease_seconds=-1)
        assert execute(runtime, slow) == "approved"
    gate(runtime, Tally())
    assert saved(runtime) == ["0.txt"]
    assert [r.state for r in proposals(runtime)] == ["done"]


class _Outside:
    """An outside system that fails in a chosen way, before or after the effect."""

    def __init__(self, error: Exception | None, *, commit: bool) -> None:
        self.error, self.commit, self.calls = error, commit, 0

    def __call__(self, action, connector, permit) -> Receipt:
        self.calls += 1
        if self.commit:
            permit.commit()
        if self.error:
            raise self.error
        return Receipt({"ok": True})


@pytest.mark.parametrize(
    ("error", "commit", "state"),
    [
        (Unavailable("down"), False, "approved"),
        (Rejected("no"), False, "refused"),
        (RuntimeError("bug"), False, "refused"),
        (Unavailable("451"), True, "approved"),
        (Rejected("550"), True, "refused"),
        (Uncertain("lost"), True, "uncertain"),
        (RuntimeError("bug"), True, "uncertain"),
        (ConnectionResetError("lost"), True, "uncertain"),
    ],
)
def test_what_is_certain_decides_what_happens_next(runtime, monkeypatch, error, commit: bool, state: str) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    outside = _Outside(error, commit=commit)
    monkeypatch.setattr(SaveFile, "execute", lambda a, c, p: outside(a, c, p))  # noqa: PLW0108 - an instance is not bound
    gate(runtime, Tally())
    gate(runtime, Tally())
    assert (proposals(runtime)[0].state, outside.calls) == (state, 1)


def test_an_unavailable_outside_is_asked_a_few_times_and_then_a_person(runtime, monkeypatch) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    outside = _Outside(Unavailable("down"), commit=False)
    monkeypatch.setattr(SaveFile, "execute", lambda a, c, p: outside(a, c, p))  # noqa: PLW0108 - an instance is not bound
    for _ in range(8):
        execute_sql(runtime, "UPDATE actions SET not_before = NULL")
        gate(runtime, Tally())
    assert (proposals(runtime)[0].state, outside.calls) == ("refused", ledger.MAX_ATTEMPTS)


@pytest.mark.parametrize("effect", [True, False])
def test_a_dead_committing_is_looked_up_outside(runtime, effect: bool) -> None:
    """A file under its name is authoritative evidence: found means done, absent means it is tried again, once."""
    row = prepared(runtime)
    approve(runtime, row)
    (claimed,) = ledger.claim(runtime.database, "dies", limit=1, lease_seconds=60)
    claimed.permit.commit()
    if effect:
        (runtime.data_dir / "shelf").mkdir(parents=True)
        (runtime.data_dir / "shelf" / "0.txt").write_text("hello")
    execute_sql(runtime, "UPDATE actions SET lease_until = '2000-01-01T00:00:00.000000+00:00'")

    work(runtime)

    assert saved(runtime) == ["0.txt"]
    assert [r.state for r in proposals(runtime)] == ["done"]
    assert case(runtime, row.case_id).state == "done"


def test_without_authoritative_evidence_a_person_decides(runtime, monkeypatch) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    monkeypatch.setattr(SaveFile, "authoritative_find", False)
    (claimed,) = ledger.claim(runtime.database, "dies", limit=1, lease_seconds=60)
    claimed.permit.commit()
    execute_sql(runtime, "UPDATE actions SET lease_until = '2000-01-01T00:00:00.000000+00:00'")
    work(runtime)
    (after,) = proposals(runtime, "open")
    assert (after.state, saved(runtime)) == ("uncertain", [])
    with runtime.database.write() as connection:
        resolving.resolve(connection, after.shown, ANNA, happened=True, comment="lies in the folder of the customer")
    work(runtime)
    assert case(runtime, row.case_id).state == "done"


def test_many_workers_execute_each_action_once(runtime) -> None:
    from flows.runtime import Runtime

    arrive(runtime, "n", *[f"t{i}" for i in range(40)])
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    tallies = [Tally() for _ in range(4)]

    def worker(tally: Tally) -> None:
        own = Runtime(runtime.office, runtime.database, runtime.data_dir)
        gate(own, tally)
        own.connections.close()

    threads = [threading.Thread(target=worker, args=(t,)) for t in tallies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(t.of("n", "executed") for t in tallies) == 40
    assert len(saved(runtime)) == 40


def test_a_simulation_executes_nothing(runtime) -> None:
    row = prepared(runtime)
    approve(runtime, row)
    runtime.simulated = True
    with pytest.raises(NotApproved):
        gate(runtime, Tally())
    assert saved(runtime) == []


def test_what_a_pass_has_no_time_for_is_given_back_and_done_by_the_next(runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """One action after the other, as mails leave: who stops the program does not wait for all fifty of a portion."""
    usual = SaveFile.execute

    def slow(self: SaveFile, connector: Any, permit: Permit) -> Receipt:
        runtime.pace.stop()
        return usual(self, connector, permit)

    monkeypatch.setattr(SaveFile, "authoritative_find", False)
    monkeypatch.setattr(SaveFile, "execute", slow)
    arrive(runtime, "n", *(f"text {n}" for n in range(5)))
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    assert gate(runtime, Tally()) == 1
    assert len(saved(runtime)) == 1
    assert len(proposals(runtime, "approved")) == 4

    monkeypatch.setattr(SaveFile, "execute", usual)
    runtime.pace = Pace()
    assert gate(runtime, Tally()) == 4
    assert len(saved(runtime)) == 5


def test_a_payment_that_the_approver_did_not_know_of_stops_a_reminder_once(tmp_path: Path) -> None:
    """The other proposal may be stored at the same moment by another worker: the gate looks once more."""
    reminds = NOTES + '        unpaid: {party: "10004", numbers: "{{ [file.name] }}"}\n'
    runtime = make_office(tmp_path, {"n": reminds})
    prepared(runtime)
    (row,) = proposals(runtime, "proposed")
    assert row.rests_on["unpaid"] == ["10004/0.txt"]
    arrive(runtime, "n", "paid")
    work(runtime)
    payment = proposals(runtime, "proposed")[1]
    execute_sql(runtime, f"UPDATE action_items SET role = 'settles' WHERE action_id = {payment.id}")

    approve(runtime, row)
    work(runtime)
    stopped = next(r for r in proposals(runtime) if r.id == row.id)
    assert (stopped.state, saved(runtime)) == ("proposed", [])
    assert f"a payment that is not considered here, card {payment.card}" in stopped.warnings[0]["text"]

    approve(runtime, stopped)
    work(runtime)
    assert saved(runtime) == ["0.txt"]
    runtime.close()
