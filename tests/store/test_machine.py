"""Random histories of one office: whatever people, workers and the outside do, the promises hold after every step.

I1 an action has one effect at most; I2 an effect has an approval of the same hash before it; I3 there is no effect after a
rejection, an expiry or a withdrawal; I4 no end without evidence; I5 what is approved ends or is waiting for a person;
I6 four eyes are two people; I7 the audit chain verifies; I8 one business fact has one effect over all actions.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, NotApproved, NotFound, Stale
from kontorist.store import actions, audit, cases, ledger, office_state, tables
from kontorist.store.actions import ActionRow, Shown, Who
from kontorist.store.database import open_database
from kontorist.store.ledger import Claim
from kontorist.store.office_state import Stops
from tests.store.offices import ANNA, OLE, PETRA, edit, propose, take_in

STEPS = [
    *["decide:all_approve"] * 6,
    *[
        f"decide:{w}"
        for w in ("approve", "approve", "approve_what_is_old", "edit", "reject", "take_back", "close", "resolve", "resolve")
    ],
    *[f"work:{w}" for w in ("claim execute report", "claim execute", "claim", "claim", "execute", "execute report", "report")],
    *[f"give_up:{w}" for w in ("postpone", "refused", "changed", "uncertain")],
    *[f"world:{w}" for w in ("time", "time", "look_up", "look_up_surely", "stop", "go_on", "go_on", "go_on", "expire")],
    "propose:",
    "propose:stop",
]
PEOPLE = [ANNA, ANNA, OLE, OLE, PETRA]
ENDS = ("rejected", "withdrawn")
_TEMPLATE: list[Path] = []


class Office(RuleBasedStateMachine):
    """One store, the outside world as a list of effects, and everybody who works with them."""

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
        self.proposals: list[int] = []
        self.claims: list[Claim] = []
        self.through: list[Claim] = []

    def teardown(self) -> None:
        self._everything_comes_to_an_end()
        self.one_effect_at_most()
        self.every_state_is_accounted_for()
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize(seed=st.integers(0, 2**64), count=st.sampled_from([1, 2]))
    def first(self, seed: int, count: int) -> None:
        self.dice = random.Random(seed)
        for number in (1, 2, 3):
            self.propose(f"invoice {number}", count, False)

    @rule()
    def step(self) -> None:
        """One rule, thrown with our own dice: hypothesis likes to repeat itself, and then nothing gets as far as an effect."""
        dice = self.dice
        what, pick, who, happens = dice.choice(STEPS), dice.randrange(100), dice.choice(PEOPLE), dice.random() < 0.7
        kind, _, detail = what.partition(":")
        if kind == "propose":
            self.propose(["invoice 1", "invoice 2", "invoice 3", ""][pick % 4], 1 + pick % 2, detail == "stop")
        elif kind == "decide":
            self.decide(pick, who, detail)
        elif kind == "work":
            self.work(detail, happens)
        else:
            getattr(self, kind)(detail)

    def propose(self, fact: str, count: int, stop: bool) -> None:
        warnings = [{"code": "x", "text": "look", "stop": True}] if stop else []
        (case_id,) = take_in(self.database, name := f"mail {next(self.numbers)}")
        who = {"by": ["service"], "count": count}
        row = propose(self.database, case_id, path="post", business_key=fact or name, rule=who, warnings=warnings)
        self.proposals.append(row.id)

    # people ----------------------------------------------------------------

    def decide(self, pick: int, who: Who, what: str) -> None:
        rows = [self._row(a) for a in self.proposals]
        rows = [r for r in rows if r.state not in ENDS] or rows
        row = rows[pick % len(rows)]
        with contextlib.suppress(NotAllowed, Stale, NotFound):
            getattr(self, f"_{what}")(row, who)

    def _row(self, action_id: int) -> ActionRow:
        with self.database.read() as connection:
            return actions.get(connection, action_id)

    def _approve(self, row: ActionRow, who: Who, behind: int = 0) -> None:
        with self.database.write() as connection:
            (state,) = actions.approve(connection, [Shown(row.id, row.revision - behind, row.sha256)], who, "checked")
        assert behind == 0
        assert who is not PETRA
        assert row.state in ("proposed", "refused")
        assert state in ("proposed", "approved")

    def _approve_what_is_old(self, row: ActionRow, who: Who) -> None:
        self._approve(row, who, 1)

    def _all_approve(self, row: ActionRow, _who: Who) -> None:
        for person in (ANNA, OLE):
            with contextlib.suppress(NotAllowed, Stale):
                self._approve(row, person)

    def _edit(self, row: ActionRow, who: Who) -> None:
        edit(self.database, row, {"text": f"by {who.name}"}, who)

    def _reject(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            actions.reject(connection, [row.shown], who, "no")

    def _take_back(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            actions.take_back(connection, row.id, who)

    def _close(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            cases.close(connection, row.case_id, who.name)

    def _resolve(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            actions.resolve(connection, row.shown, who, happened=self._happened(row.id), comment="I have looked.")

    # workers ---------------------------------------------------------------

    def work(self, what: str, happens: bool) -> None:
        """A worker claims, passes the fence (perhaps as a zombie), and reports, or dies at any of these places."""
        if "claim" in what:
            self.claims += ledger.claim(self.database, "worker", limit=2, lease_seconds=600)
        if "execute" in what:
            claims, self.claims = self.claims, []
            self.through += [c for c in claims if self._passes(c, happens)]
        if "report" in what:
            for claimed in self.through:
                self._report(claimed)
            self.through = []

    def _passes(self, claimed: Claim, happens: bool) -> bool:
        before = self._row(claimed.row.id)
        try:
            claimed.permit.commit()
        except NotApproved:
            return False
        assert (before.state, before.attempt) == ("claimed", claimed.permit.attempt)
        self._may_happen(before)
        if happens:
            self.effects.append((before.id, before.business_key, claimed.row.sha256))
        return True

    def _may_happen(self, row: ActionRow) -> None:
        """I2, I3, I6 at the moment that counts."""
        with self.database.read() as connection:
            given = {d["person"] for d in actions.decisions(connection, row.id) if self._stands(d, row)}
            assert not cases.is_closed(connection, row.case_id)
            assert not office_state.stops(connection).office
            wanted = max(2 if any(w.get("stop") for w in row.warnings) else 1, row.rule["count"])
            assert len(given) >= wanted
            assert wanted == 1 or actions.composer(connection, row) not in given
        assert row.id not in self.ended

    def _stands(self, decision: dict[str, Any], row: ActionRow) -> bool:
        said = (decision["decision"], decision["revision"], decision["sha256"])
        return said == ("approve", row.revision, row.sha256) and decision["expires"] > utcnow()

    def _report(self, claimed: Claim) -> None:
        if self._happened(claimed.row.id):
            ledger.done(self.database, claimed, {"file": "x"})
        else:
            ledger.refused(self.database, claimed, "550 no such user")

    def _happened(self, action_id: int) -> bool:
        return any(e[0] == action_id for e in self.effects)

    def give_up(self, how: str) -> None:
        if how == "uncertain":
            for claimed in self.through:
                ledger.uncertain(self.database, claimed.row, claimed.permit.attempt, "The line went dead.")
            self.through = []
            return
        for claimed in self.claims:
            getattr(ledger, how)(self.database, claimed, ["It has changed."] if how == "changed" else "The server is down.")
        self.claims = []

    # the world -------------------------------------------------------------

    def world(self, what: str) -> None:
        if what == "time":
            self._time_passes()
        elif what in ("stop", "go_on"):
            with self.database.write() as connection:
                office_state.set_stops(connection, Stops(office=what == "stop"), "petra")
        elif what == "expire":
            self._approvals_expire()
        else:
            self._look_up(sure=what == "look_up_surely")

    def _time_passes(self) -> None:
        """Every lease dies and every pause ends: whoever still works is a zombie."""
        with self.database.write() as connection:
            past = utcnow() - timedelta(seconds=1)
            connection.execute(update(tables.actions).values(lease_until=past, not_before=past))

    def _approvals_expire(self) -> None:
        """All approvals run out (they are append-only, so the trigger is lifted for this)."""
        with self.database.write() as connection:
            (trigger,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'approvals_no_update'").scalars()
            connection.exec_driver_sql("DROP TRIGGER approvals_no_update")
            connection.execute(update(tables.approvals).values(expires=utcnow() - timedelta(days=1)))
            connection.exec_driver_sql(trigger)

    def _look_up(self, *, sure: bool) -> None:
        """The look-up outside sees what has happened; only one that is sure may say that nothing did."""
        for dead in ledger.recover(self.database):
            receipt = {"file": "x"} if self._happened(dead.row.id) and sure else None
            ledger.found(self.database, dead, receipt, authoritative=sure, why="No trace.")

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

    def _one(self, connection: Any, row: ActionRow) -> None:
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

    def _everything_comes_to_an_end(self) -> None:
        """I5: after the stop is lifted, the dead are looked up and all is executed, nothing is left on its way."""
        self.world("go_on")
        for _ in range(2):
            self._time_passes()
            self._look_up(sure=True)
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
        derandomize=True,
        stateful_step_count=100,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
