"""What befalls an office from outside: crashes, clocks that jump, backups put back, answers of servers; for the machine."""

from __future__ import annotations

import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kontorist.core import clock
from kontorist.core.errors import NotApproved
from kontorist.store import actions, audit, instance, ledger
from kontorist.store.actions import ActionRow
from kontorist.store.database import Database
from kontorist.store.ledger import Claim

JUMPS = (*[timedelta(minutes=11)] * 4, *[timedelta(hours=-1)] * 2, timedelta(days=8), timedelta(days=-8))
SEEN: Counter[str] = Counter()
"""How often what happened, over all examples."""
_offset = [timedelta()]


@contextmanager
def a_clock_that_jumps(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time of the store is that of the machine plus what the jumps make of it."""
    real = clock.utcnow

    def utcnow() -> datetime:
        return real() + _offset[0]

    for name, module in list(sys.modules.items()):
        if name.startswith(("kontorist.", "tests.store.")) and getattr(module, "utcnow", None) is real:
            patch.setattr(module, "utcnow", utcnow)
    yield
    _offset[0] = timedelta()


@dataclass(frozen=True)
class Effect:
    """Something that happened outside; `life` counts how often the office had been restored by then."""

    key: str
    fact: str
    sha256: str
    life: int


@dataclass(frozen=True)
class Backup:
    """A copy of the database, and what the machine knew then."""

    file: Path
    ended: dict[int, str]
    proposals: list[int]
    effects: int


class Disasters:
    """Rules of the machine about everything that is neither a person nor a worker at its best."""

    def start(self, database: Database, folder: Path) -> None:
        """Nothing has happened yet."""
        self.database, self.folder, self.dice = database, folder, random.Random()
        self.effects: list[Effect] = []
        self.ended: dict[int, str] = {}
        self.proposals: list[int] = []
        self.claims: list[Claim] = []
        self.through: list[Claim] = []
        self.backups: list[Backup] = []
        self.doubtful: set[str] = set()  # business facts done after the backup was taken that is now the office
        self.restored: set[int] = set()  # the actions that came out of it
        self.life = 0
        _offset[0] = timedelta()

    def disaster(self, what: str) -> None:
        """One of them; the larger ones seldom, or nothing else would ever happen."""
        if (what in ("restore", "backup") and self.dice.random() < 0.7) or (
            what == "adopt" and self.released() and self.dice.random() < 0.95
        ):
            return
        SEEN[what] += 1
        getattr(self, f"_{what}")()

    def _crash(self) -> None:
        """Every worker dies where it is."""
        SEEN["died after the fence"] += len(self.through)
        self.claims, self.through = [], []

    def _jump(self) -> None:
        """The clock is set, forwards or backwards."""
        _offset[0] += self.dice.choice(JUMPS)

    def _backup(self) -> None:
        file = self.folder / f"backup-{len(self.backups)}.sqlite"
        with self.database.engine.connect() as connection:
            connection.connection.driver_connection.execute(f"VACUUM INTO '{file}'")
        self.backups.append(Backup(file, dict(self.ended), list(self.proposals), len(self.effects)))

    def _restore(self) -> None:
        """A backup takes the place of the database while workers hold claims; copied by hand or by the command."""
        if not self.backups:
            return
        self.chain_verifies()
        before = self.dice.choice(self.backups)
        begun = self._begun()
        self.database.close()
        for name in ("kontorist.sqlite-wal", "kontorist.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(before.file, self.folder / "kontorist.sqlite")
        self.ended, self.proposals, self.life = dict(before.ended), list(before.proposals), self.life + 1
        self.restored = set(before.proposals)
        self.doubtful = {e.fact for e in self.effects[before.effects :]} | self.doubtful
        if self._begun() == begun or self.dice.random() < 0.5:  # decisions may be lost even where no effect is
            with self.database.write() as connection:
                instance.disown(connection)

    def _begun(self) -> int:
        with self.database.read() as connection:
            return instance._begun(connection)

    def _adopt(self) -> None:
        instance.adopt(self.database, "petra")

    def released(self) -> bool:
        """Whether this office may act."""
        try:
            with self.database.write() as connection:
                instance.check(self.database, connection)
        except NotApproved:
            return False
        return True

    def declines(self, row: ActionRow) -> bool:
        """A person leaves alone what was done since the backup; the card has to have told them to look."""
        undecided = row.state in ("proposed", "refused")
        if row.business_key not in self.doubtful or not undecided or not self.released():
            return False  # what is approved before the office is adopted, counts no more afterwards
        SEEN["declined after a restore"] += 1
        with self.database.read() as connection:
            resolved = any(d["decision"] == "resolve" for d in actions.decisions(connection, row.id))
        assert self.told(row) or resolved or row.id not in self.restored
        return True

    def told(self, row: ActionRow) -> bool:
        """Whether the card says that it may have been done since the backup."""
        return any(w.get("code") == "adopted" for w in row.warnings)

    def happened(self, row: ActionRow) -> bool:
        """Whether this action had its effect."""
        return any(e.key == row.key for e in self.effects)

    def chain_verifies(self) -> None:
        """I7."""
        with self.database.read() as connection:
            assert not audit.verify(connection).problem, "I7"

    def answered(self, claimed: Claim) -> None:
        """What a worker that lived to hear it reports of the server's answer: taken, not now, never, or none at all."""
        answer = self.dice.choice(("2xx",) if self.happened(claimed.row) else ("4xx", "5xx"))
        if self.dice.random() < 0.2:
            answer = "drop"
        SEEN[answer] += 1
        if answer == "2xx":
            ledger.done(self.database, claimed, {"queued": "250 ok"})
        elif answer == "4xx":
            ledger.postpone(self.database, claimed, "451 try again later")
        elif answer == "5xx":
            ledger.refused(self.database, claimed, "550 no such user")
        else:
            ledger.uncertain(self.database, claimed.row, claimed.permit.attempt, "The line went dead.")

    def row(self, action_id: int) -> ActionRow:
        """An action as it is now."""
        with self.database.read() as connection:
            return actions.get(connection, action_id)


def figures(examples: int) -> dict[str, Any]:
    """What was seen, for the record."""
    return {"examples": examples, **dict(sorted(SEEN.items()))}
