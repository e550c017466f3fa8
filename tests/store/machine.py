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

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, NotApproved, NotFound, Stale
from kontorist.store import actions, case_decisions, deciding, ledger, office_state, resolving, tables, withdrawing
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.authority import Who
from kontorist.store.database import open_database
from kontorist.store.ledger import Claim
from kontorist.store.office_state import Stops
from tests.store.disasters import SEEN, Disasters, Effect
from tests.store.offices import ANNA, OLE, PETRA, edit, propose, take_in

STEPS = [
    *["decide:all_approve"] * 6,
    *[
        f"decide:{w}"
        for w in ("approve", "approve", "approve_what_is_old", "edit", "reject", "take_back", "close", "resolve", "resolve")
    ],
    *[
        f"work:{w}"
        for w in (
            "claim execute report",
            "claim execute report",
            "claim execute",
            "claim",
            "claim",
            "execute",
            "execute report",
            "report",
        )
    ],
    *[f"give_up:{w}" for w in ("postpone", "refused", "changed")],
    *[f"world:{w}" for w in ("time", "time", "look_up", "look_up_surely", "stop", "go_on", "go_on", "go_on", "expire")],
    *[f"disaster:{w}" for w in ("crash", "crash", "jump", "backup", "restore", "adopt")],
    "propose:",
    "propose:stop",
]
PEOPLE = [ANNA, ANNA, OLE, OLE, PETRA]
ENDS = ("rejected", "withdrawn")
TEMPLATE: list[Path] = []
"""An empty database, to be copied."""


class Office(Disasters, RuleBasedStateMachine):  # type: ignore[misc]
    """One store, the outside world as a list of effects, and everybody who works with them."""

    def __init__(self) -> None:
        super().__init__()
        folder = Path(tempfile.mkdtemp(prefix="kontorist-machine-"))
        shutil.copyfile(TEMPLATE[0], folder / "kontorist.sqlite")
        self.start(open_database(folder), folder)
        SEEN["examples"] += 1
        with self.database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # what is tested is not the disk
        self.numbers = itertools.count()

    def teardown(self) -> None:
        try:
            self._everything_comes_to_an_end()
            self.one_effect_at_most()
            self._all_states()
            self.chain_verifies()
        finally:
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
        SEEN["steps"] += 1
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
        rows = [self.row(a) for a in self.proposals]
        rows = [r for r in rows if r.state not in ENDS] or rows
        row = rows[pick % len(rows)]
        with contextlib.suppress(NotAllowed, Stale, NotFound):
            getattr(self, f"_{what}")(row, who)

    def _approve(self, row: ActionRow, who: Who, behind: int = 0) -> None:
        if self.declines(row):
            return
        with self.database.write() as connection:
            (state,) = deciding.approve(connection, [Shown(row.id, row.revision - behind, row.sha256)], who, "checked")
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
        edit(self.database, row, {"text": f"by {who.name}"}, who, warnings=row.warnings)

    def _reject(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            deciding.reject(connection, [row.shown], who, "no")

    def _take_back(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            deciding.take_back(connection, row.id, who)

    def _close(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            case_decisions.close(connection, row.case_id, who.name)

    def _resolve(self, row: ActionRow, who: Who) -> None:
        with self.database.write() as connection:
            resolving.resolve(connection, row.shown, who, happened=self.happened(row), comment="I have looked.")

    # workers ---------------------------------------------------------------

    def work(self, what: str, happens: bool) -> None:
        """A worker claims, passes the fence (perhaps as a zombie), and reports, or dies at any of these places."""
        if "claim" in what:
            with contextlib.suppress(NotApproved):  # restored, and nobody has adopted it yet
                self.claims += ledger.claim(self.database, "worker", limit=2, lease_seconds=600)
        if "execute" in what:
            claims, self.claims = self.claims, []
            self.through += [c for c in claims if self._passes(c, happens)]
        if "report" in what:
            for claimed in self.through:
                self.answered(claimed)
            self.through = []

    def _passes(self, claimed: Claim, happens: bool) -> bool:
        try:
            before = self.row(claimed.row.id)
            claimed.permit.commit()
        except (NotApproved, NotFound):
            SEEN["held back by the fence"] += 1
            return False
        assert before.key == claimed.row.key
        assert (before.state, before.attempt) == ("claimed", claimed.permit.attempt)
        self._may_happen(before)
        if happens:
            self._happens(before)
        return True

    def _happens(self, row: ActionRow) -> None:
        SEEN["effects"] += 1
        self.effects.append(Effect(row.key, row.business_key, row.sha256, self.life))

    def _may_happen(self, row: ActionRow) -> None:
        """I2, I3, I6 at the moment that counts."""
        with self.database.read() as connection:
            given = {d["person"] for d in actions.decisions(connection, row.id) if self._stands(d, row)}
            assert not withdrawing.is_closed(connection, row.case_id)
            assert not office_state.stops(connection).office
            wanted = max(2 if any(w.get("stop") for w in row.warnings) else 1, row.rule["count"])
            assert len(given) >= wanted
            assert wanted == 1 or actions.composer(connection, row) not in given
        assert row.id not in self.ended

    def _stands(self, decision: dict[str, Any], row: ActionRow) -> bool:
        said = (decision["decision"], decision["revision"], decision["sha256"])
        return said == ("approve", row.revision, row.sha256) and decision["expires"] > utcnow()

    def give_up(self, how: str) -> None:
        for claimed in self.claims:
            if how == "changed":
                ledger.changed(self.database, claimed, ["It has changed."], claimed.row.rests_on)
            else:
                getattr(ledger, how)(self.database, claimed, "The server is down.")
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
            receipt = {"file": "x"} if self.happened(dead.row) and sure else None
            ledger.found(self.database, dead, receipt, authoritative=sure, why="No trace.")

    @invariant()
    def one_effect_at_most(self) -> None:
        assert not [a for a, n in Counter(e.key for e in self.effects).items() if n > 1], "I1"
        assert not [f for f, n in Counter(e.fact for e in self.effects).items() if n > 1], "I8"

    @invariant()
    def every_state_is_accounted_for(self) -> None:
        if self.dice.random() < 0.8:
            return  # what is wrong stays wrong: it is found a few steps later
        self._all_states()

    def _all_states(self) -> None:
        with self.database.read() as connection:
            for row in actions.find(connection, state="all"):
                self._one(connection, row)

    def _one(self, connection: Any, row: ActionRow) -> None:
        if row.state == "done":
            assert row.receipt, "I4"
            assert self.happened(row), "done is said of what happened"
        if row.state in ("refused", "uncertain"):
            assert row.error, "I4"
        if row.state in ENDS:
            self.ended[row.id] = row.state
        assert self.ended.get(row.id, row.state) == row.state, "I3: an end is an end"
        hashes = {d["sha256"] for d in actions.decisions(connection, row.id) if d["decision"] == "approve"}
        assert all(e.sha256 in hashes for e in self.effects if (e.key, e.life) == (row.key, self.life)), "I2"

    def _everything_comes_to_an_end(self) -> None:
        """I5: after the stop is lifted, the dead are looked up and all is executed, nothing is left on its way."""
        self.world("go_on")
        if not self.released():
            self.disaster("adopt")
        for _ in range(2):
            self._time_passes()
            self._look_up(sure=True)
            for claimed in ledger.claim(self.database, "last", limit=100, lease_seconds=600):
                row = self.row(claimed.row.id)
                claimed.permit.commit()
                self._may_happen(row)
                self._happens(row)
                ledger.done(self.database, claimed, {"file": "x"})
        with self.database.read() as connection:
            assert not set(actions.counts(connection)) & {"approved", "claimed", "committing"}, "I5"
