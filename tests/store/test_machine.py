"""Random histories of one office: whatever people, workers and the outside do, the promises hold after every step.

I1 an action has one effect at most; I2 an effect has an approval of the same hash before it; I3 there is no effect after a
rejection, an expiry or a withdrawal; I4 no end without evidence; I5 what is approved ends or is waiting for a person;
I6 four eyes are two people; I7 the audit chain verifies; I8 one business fact has one effect over all actions.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, NotAllowed, NotApproved, Stale
from kontorist.store import actions, audit, cases, ledger, office_state, tables
from kontorist.store.actions import Shown
from kontorist.store.database import open_database
from kontorist.store.ledger import Claim
from kontorist.store.office_state import Stops
from tests.store.offices import ANNA, OLE, PETRA, edit, propose, take_in

PEOPLE = st.sampled_from([ANNA, OLE, PETRA])
FACTS = st.sampled_from(["invoice 1", "invoice 2", "invoice 3"])
ENDS = ("rejected", "withdrawn")
_TEMPLATE: list[Path] = []


class Office(RuleBasedStateMachine):
    """One store, the outside world as a list of effects, and everybody who works with them."""

    proposals = Bundle("proposals")
    claims = Bundle("claims")
    through = Bundle("through")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="kontorist-machine-"))
        shutil.copyfile(_TEMPLATE[0], self.folder / "kontorist.sqlite")
        self.database = open_database(self.folder)
        with self.database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # what is tested is not the disk
        self.numbers = itertools.count()
        self.effects: list[tuple[int, str, str]] = []
        self.ended: dict[int, str] = {}
        self.done_without_us: set[int] = set()

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize(target=proposals, fact=FACTS)
    def first(self, fact: str) -> int:
        return self._propose(fact, 1, False)

    @rule(target=proposals, fact=FACTS, count=st.sampled_from([1, 1, 2]), stop=st.sampled_from([False, False, True]))
    def propose(self, fact: str, count: int, stop: bool) -> int:
        return self._propose(fact, count, stop)

    def _propose(self, fact: str, count: int, stop: bool) -> int:
        warnings = [{"code": "x", "text": "look", "stop": True}] if stop else []
        (case_id,) = take_in(self.database, f"mail {next(self.numbers)}")
        return propose(
            self.database, case_id, path="post", business_key=fact, rule={"by": ["service"], "count": count}, warnings=warnings
        ).id

    def _row(self, action_id: int) -> actions.ActionRow:
        with self.database.read() as connection:
            return actions.get(connection, action_id)

    @rule(action=proposals, who=PEOPLE, behind=st.sampled_from([0, 0, 0, 1]))
    def approve(self, action: int, who: Any, behind: int) -> None:
        row = self._row(action)
        shown = Shown(row.id, row.revision - behind, row.sha256)
        try:
            with self.database.write() as connection:
                (state,) = actions.approve(connection, [shown], who, "checked")
        except (NotAllowed, Stale):
            return
        assert behind == 0
        assert who is not PETRA
        assert row.state in ("proposed", "refused")
        assert state in ("proposed", "approved")

    @rule(action=proposals, who=PEOPLE, text=st.sampled_from(["a", "b"]))
    def edit(self, action: int, who: Any, text: str) -> None:
        with contextlib.suppress(NotAllowed, Stale):
            edit(self.database, self._row(action), {"text": text}, who)

    @rule(action=proposals, who=PEOPLE)
    def reject(self, action: int, who: Any) -> None:
        with contextlib.suppress(NotAllowed, Stale), self.database.write() as connection:
            actions.reject(connection, [self._row(action).shown], who, "no")

    @rule(action=proposals, who=PEOPLE)
    def take_back(self, action: int, who: Any) -> None:
        with contextlib.suppress(NotAllowed, Stale), self.database.write() as connection:
            actions.take_back(connection, action, who)

    @rule(action=proposals)
    def close_the_case(self, action: int) -> None:
        with contextlib.suppress(KontoristError), self.database.write() as connection:
            cases.close(connection, self._row(action).case_id, "anna")

    @rule(action=proposals)
    def expire(self, action: int) -> None:
        """All approvals of an action run out (they are append-only, so the trigger is lifted for this)."""
        with self.database.write() as connection:
            (trigger,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'approvals_no_update'").scalars()
            connection.exec_driver_sql("DROP TRIGGER approvals_no_update")
            past = utcnow() - timedelta(days=1)
            connection.execute(update(tables.approvals).where(tables.approvals.c.action_id == action).values(expires=past))
            connection.exec_driver_sql(trigger)

    @rule(pressed=st.booleans())
    def stop_button(self, pressed: bool) -> None:
        with self.database.write() as connection:
            office_state.set_stops(connection, Stops(office=pressed), "petra")

    @rule(target=claims)
    def claim(self) -> tuple[Claim, ...]:
        return tuple(ledger.claim(self.database, "worker", limit=2, lease_seconds=600))

    @rule(target=through, claims=consumes(claims), happens=st.booleans())
    def execute(self, claims: tuple[Claim, ...], happens: bool) -> list[Claim]:
        """A worker (perhaps a zombie by now) passes the fence; the effect happens, or the program dies just before it."""
        passed = []
        for claimed in claims:
            before = self._row(claimed.row.id)
            try:
                claimed.permit.commit()
            except NotApproved:
                continue
            assert before.state == "claimed"
            self._may_happen(before)
            if happens:
                self.effects.append((before.id, before.business_key, before.sha256))
            passed.append(claimed)
        return passed

    def _may_happen(self, row: actions.ActionRow) -> None:
        """I2, I3, I6 at the moment that counts."""
        with self.database.read() as connection:
            given = actions.approvers(connection, row, utcnow())
            closed = cases.is_closed(connection, row.case_id)
            assert not office_state.stops(connection).office
            wanted = max(2 if any(w.get("stop") for w in row.warnings) else 1, row.rule["count"])
            assert len(given) >= wanted
            if wanted > 1:
                assert actions.composer(connection, row) not in given
        assert not closed
        assert row.id not in self.ended

    @rule(claims=consumes(claims), how=st.sampled_from(["postpone", "refused", "changed"]))
    def give_up(self, claims: tuple[Claim, ...], how: str) -> None:
        for claimed in claims:
            if how == "changed":
                ledger.changed(self.database, claimed, ["The world has changed."])
            else:
                getattr(ledger, how)(self.database, claimed, "The server is down.")

    @rule(claims=consumes(through), how=st.sampled_from(["report", "report", "uncertain"]))
    def report(self, claims: list[Claim], how: str) -> None:
        for claimed in claims:
            if how == "uncertain":
                ledger.uncertain(self.database, claimed.row, claimed.permit.attempt, "The line went dead.")
            elif self._happened(claimed.row.id):
                ledger.done(self.database, claimed, {"file": "x"})
            else:
                ledger.refused(self.database, claimed, "550 no such user")

    def _happened(self, action_id: int) -> bool:
        return any(e[0] == action_id for e in self.effects)

    @rule()
    def time_passes(self) -> None:
        """Every lease dies and every pause ends: whoever still works is a zombie."""
        with self.database.write() as connection:
            past = utcnow() - timedelta(seconds=1)
            connection.execute(update(tables.actions).values(lease_until=past, not_before=past))

    @rule(sure=st.booleans())
    def reconcile(self, sure: bool) -> None:
        """The look-up outside tells the truth; only one that is sure may say that nothing happened."""
        for dead in ledger.recover(self.database):
            receipt = {"file": "x"} if self._happened(dead.row.id) else None
            ledger.found(self.database, dead, receipt, authoritative=sure, why="No trace.")

    @rule(action=proposals, who=PEOPLE)
    def resolve(self, action: int, who: Any) -> None:
        row = self._row(action)
        with contextlib.suppress(NotAllowed, Stale), self.database.write() as connection:
            actions.resolve(connection, row.shown, who, happened=self._happened(row.id), comment="I have looked.")

    @invariant()
    def one_effect_at_most(self) -> None:
        assert not [a for a, n in Counter(e[0] for e in self.effects).items() if n > 1], "I1"
        assert not [f for f, n in Counter(e[1] for e in self.effects).items() if n > 1], "I8"

    @invariant()
    def every_state_is_accounted_for(self) -> None:
        with self.database.read() as connection:
            for row in actions.find(connection, state="all"):
                self._one(connection, row)
            verdict = audit.verify(connection)
        assert not verdict.problem, "I7"

    def _one(self, connection: Any, row: actions.ActionRow) -> None:
        if row.state == "done":
            assert row.receipt, "I4"
            assert self._happened(row.id), "done is said of what happened"
        if row.state in ("refused", "uncertain"):
            assert row.error, "I4"
        if row.state in ENDS:
            self.ended[row.id] = row.state
        assert self.ended.get(row.id, row.state) == row.state, "I3: an end is an end"
        hashes = {d["sha256"] for d in actions.decisions(connection, row.id) if d["decision"] == "approve"}
        assert all(digest in hashes for action, _, digest in self.effects if action == row.id), "I2"

    @precondition(lambda self: self.effects)
    @rule()
    def everything_comes_to_an_end(self) -> None:
        """I5: after the stop is lifted, the dead are looked up and all is executed, nothing is left on its way."""
        self.stop_button(False)
        for _ in range(ledger.MAX_ATTEMPTS + 1):
            self.time_passes()
            self.reconcile(sure=True)
            for claimed in ledger.claim(self.database, "last", limit=100, lease_seconds=600):
                row = self._row(claimed.row.id)
                claimed.permit.commit()
                self._may_happen(row)
                self.effects.append((row.id, row.business_key, row.sha256))
                ledger.done(self.database, claimed, {"file": "x"})
        with self.database.read() as connection:
            assert not set(actions.counts(connection)) & {"approved", "claimed", "committing"}, "I5"


@pytest.fixture(autouse=True)
def _template(empty_office: Path) -> None:
    _TEMPLATE[:] = [empty_office]


class TestOffice(Office.TestCase):  # type: ignore[misc]
    settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
