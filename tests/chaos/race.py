"""Workers that race for the same actions while one after the other is killed: `python -m tests.chaos.race` prints the figures."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import func, select

from connectors.base import Context
from flows import gate
from flows.advance import Tally
from flows.runtime import Runtime
from kontorist.core.errors import Unavailable
from kontorist.store.database import Database
from kontorist.store.tables import actions
from tests.chaos.kinds import stored
from tests.chaos.office import Office, make
from tests.chaos.worker import ended, fork
from tests.postgres import Postgres

LEASE = 0.6  # seconds: shorter than a batch takes, so that live workers lose actions to others as well
KINDS = ("shelf.save", "box.send")
_OPEN = ("approved", "claimed", "committing")


@dataclass
class Race:
    """What is raced for, and by how many."""

    office: Office
    actions: int = 300
    kills: int = 12
    workers: int = 4
    seed: int = 1
    restart: Callable[[float], None] | None = None
    """Restarts the database, which stays away for so many seconds."""
    every: float = 5.0
    """About how many seconds lie between two restarts."""
    figures: dict[str, Any] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Prepare, race, drain, check; returns the figures."""
        self._prepare()
        began = time.monotonic()
        with restarts(self.restart, self.every, self.seed) if self.restart else nullcontext(Counted()) as restarted:
            kills = self._kill_about()
        raced = time.monotonic() - began
        self._drain()
        reports = [self.office.check(kind) for kind in KINDS]
        states = sum((r.states for r in reports), start=reports[0].states.__class__())
        self.figures = {
            "database": self.office.url.partition(":")[0],
            "actions": self.actions,
            "workers": self.workers,
            "kills": kills,
            "restarts": restarted.count,
            "duplicates": sum(len(r.duplicates) for r in reports),
            "lost": sum(len(r.lost) + len(r.stuck) for r in reports) + self.actions - states.total(),
            "unapproved": sum(len(r.unapproved) for r in reports),
            "chain": [c for r in reports for c in r.chain],
            "done": states["done"],
            "to_a_person": self.actions - states["done"],
            "states": dict(states),
            "seconds": round(raced, 1),
        }
        return self.figures

    def _prepare(self) -> None:
        runtime = self.office.runtime()
        for start in range(0, self.actions, 500):
            tokens = [f"TOKEN{n:06d}" for n in range(start, min(start + 500, self.actions))]
            for action, token in zip(stored(runtime, [_proposal(runtime, t) for t in tokens]), tokens, strict=True):
                self.office.tokens[action] = token
        runtime.close()

    def _kill_about(self) -> int:
        """Kill a random worker again and again, and start another in its place, until all is done; returns the kills."""
        chance, kills, pause = random.Random(self.seed), 0, 0.05
        children = [self._worker() for _ in range(self.workers)]
        try:
            while (left := self._left()) and kills < 20 * self.kills:
                # spread over the work: the fewer actions are left, the more kills have to have been; ahead of it, since the last ones go fast
                due = 1.5 * self.kills * (1 - left / self.actions)
                time.sleep(chance.uniform(0, pause))
                _require_alive(children)
                if kills > due + 5:
                    continue
                for victim in chance.sample(range(self.workers), min(self.workers - 1, max(1, int(due - kills)))):
                    os.kill(children[victim], signal.SIGKILL)
                    ended(children[victim])
                    kills += 1
                    children[victim] = self._worker()
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
                ended(child)
        return kills

    def _left(self) -> int:
        """How many actions are not at an end."""
        query = select(func.count()).select_from(actions).where(actions.c.state.in_(_OPEN))
        with closing(Database(self.office.url, self.office.folder / "data")) as database:
            while True:
                try:
                    with database.read() as connection:
                        return int(connection.execute(query).scalar_one())
                except Unavailable:  # it is being restarted
                    time.sleep(0.1)

    def _worker(self) -> int:
        parent = os.getpid()
        return fork(lambda: _work(self.office, parent))

    def _drain(self) -> None:
        self.office.drain()


def _require_alive(children: list[int]) -> None:
    """A worker that ends of itself has found a defect: nobody would do its work any more. Raises AssertionError."""
    for child in children:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            raise AssertionError(f"Worker {child} died of itself; what it died of stands above.")


def _proposal(runtime: Runtime, token: str) -> tuple[str, str, Any]:
    """Half of them files, half of them mails, ten of each in a row."""
    if int(token[-2]) % 2:
        payload: dict[str, Any] = {"to": ["a@kunde.example"], "subject": "Hello", "body": f"This is {token}.\n"}
        return "box", "send", runtime.connections.propose("box", "send", payload, Context(1, "chaos", {}, {}, "en"))
    payload = {"name": f"{token}.txt", "content": f"This is {token}."}
    return "shelf", "save", runtime.connections.propose("shelf", "save", payload, Context(1, "chaos", {}, {}, "en"))


def _work(office: Office, parent: int) -> None:
    """Pass the gate again and again, until killed; who started it being gone ends it as well."""
    gate.LEASE_SECONDS = LEASE
    gate.BATCH = 8
    runtime: Runtime | None = None
    while os.getppid() == parent:
        try:
            runtime = runtime or office.runtime()
            if not gate.gate(runtime, Tally()):
                time.sleep(0.02)
        except Unavailable:  # the runner says so and goes on with the next pass
            time.sleep(0.1)


@dataclass
class Counted:
    """How often something happened."""

    count: int = 0


@contextmanager
def restarts(restart: Callable[[float], None], every: float, seed: int) -> Iterator[Counted]:
    """A process that restarts the database again and again; when this ends, the database is there."""
    counted, (read, write) = Counted(), os.pipe()
    child = fork(lambda: _restart_about(restart, every, seed, write))
    os.close(write)
    try:
        yield counted
    finally:
        os.kill(child, signal.SIGTERM)
        with os.fdopen(read, "rb") as pipe:
            counted.count = len(pipe.read())
        assert ended(child) == 0


def _restart_about(restart: Callable[[float], None], every: float, seed: int, count: int) -> None:
    over = Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    chance = random.Random(seed)
    while not over.wait(chance.uniform(0.5 * every, 1.5 * every)):
        restart(chance.uniform(0, min(2.0, every / 4)))
        os.write(count, b".")


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[float], None] | None]]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/store.sqlite", None
        return
    server = Postgres()
    try:
        yield server.durable_database(), server.restart
    finally:
        server.stop()


def main() -> None:
    """Race as large as the environment says, on one database or on both."""
    size = int(os.environ.get("CHAOS_ACTIONS", "10000")), int(os.environ.get("CHAOS_KILLS", "500"))
    for kind in os.environ.get("CHAOS_DATABASES", "sqlite postgresql").split():
        with tempfile.TemporaryDirectory(prefix="chaos-") as name, _database(kind, Path(name)) as (url, restart):
            office = make(Path(name), url)
            figures = Race(office, *size, seed=int(os.environ.get("CHAOS_SEED", "1")), restart=restart).run()
            print(json.dumps(figures), flush=True)
            if figures["duplicates"] or figures["lost"] or figures["unapproved"] or figures["chain"]:
                sys.exit(1)


if __name__ == "__main__":
    main()
