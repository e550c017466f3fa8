"""The runner of `kontorist up`: passes as Prefect flow runs, in a warm process, as soon as there is something to do."""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows import advance as advancing
from flows import gate as gating
from flows import intake as taking
from flows import shipping
from flows.advance import Tally
from flows.hands import Hands
from flows.notify import Teller
from flows.pace import SLICE, Pace, rounds
from flows.runtime import Runtime, open_runtime
from flows.watch import Watcher, watchers
from kontorist.core import logs
from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import KontoristError
from kontorist.store import figure_days, leasing, pulse, retention
from kontorist.store.retention import Keep

LOOK = 0.2
"""Seconds between two looks whether somebody has decided something."""
RELOAD = 2.0
"""Seconds between two looks whether an admin has changed something."""
RECONCILE = 60.0
"""Seconds between two looks at what became of actions whose worker died; Prefect has no part in it."""
FORGET = 3600.0
"""Seconds between two looks whether a day has passed since old cases were last forgotten."""
AT_LATEST = 300.0
"""Seconds after which a pass is made although nothing seems to have happened."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds after a pass that failed; they double as long as it goes on like that."""
WITHOUT = 60.0
"""Seconds for which passes are made without Prefect, once it has failed: else each of them waits until it fails again."""


class Runner:
    """Decides when a pass is due, and makes it."""

    def __init__(self, office: Path, data: Path) -> None:
        self._office, self._data = office, data
        self._configured = shipping.fingerprint(office)
        self._reloaded = time.monotonic()
        self._pace = Pace()
        self._runtime = open_runtime(office, data, pace=self._pace)
        self._watching: list[Watcher] = []
        self._woken = threading.Event()
        self._lent: Any = None
        """What passes in Prefect are lent, once there was one."""
        self.stopping = threading.Event()
        self._seen = -1
        self._looked = utcnow()
        self._passed = self._reconciled = self._forgot = self._prefect_failed = float("-inf")
        self._schedules: dict[str, datetime] = {}
        self._busy_since: float | None = None

    def stop(self) -> None:
        """End soon: a pass at work begins nothing new, what it leaves is there for the next start."""
        self.stopping.set()
        self._pace.stop()

    def run(self) -> None:
        """Until stopped. A pass that fails is said and followed by others, after growing pauses."""
        pause = FIRST_PAUSE
        self._watch()
        teller = Teller(lambda: self._runtime.office, self._runtime.database)
        teller.start()
        hands = Hands(self._runtime.database, self._second_runtime, lambda: self._busy_since)
        hands.start()
        while not self.stopping.is_set():
            try:
                self._reload()
                if self._is_due():
                    self._pass()
                self._reconcile()
                self._forget()
            except Exception as error:  # noqa: BLE001 - the runner outlives whatever one pass does
                _tell(error)
                self.stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
            self._woken.wait(LOOK)
        hands.stop()
        teller.stop()
        self._stop_watching()
        if self._lent:
            self._lent.thread.close()
        self._runtime.close()

    def _second_runtime(self, pace: Pace) -> Runtime:
        """The same office on the same store, for another thread."""
        return Runtime(self._runtime.office, self._runtime.database, self._data, borrowed=True, pace=pace)

    def _watch(self) -> None:
        self._watching = watchers(self._runtime.office, self._data, self._runtime.database, self._arrived)

    def _stop_watching(self) -> None:
        for watcher in self._watching:
            watcher.stop()

    def _reload(self) -> None:
        """Take up what an admin has changed; raises ConfigurationError, once for each change, while that cannot be used."""
        if time.monotonic() - self._reloaded < RELOAD:
            return
        self._reloaded = time.monotonic()
        seen = shipping.fingerprint(self._office)
        if seen == self._configured:
            return
        self._configured = seen
        configuration = shipping.current(self._office)
        office = shipping.shipped(configuration, self._runtime.database)
        old, self._runtime = self._runtime, Runtime(office, self._runtime.database, self._data, pace=self._pace)
        self._stop_watching()
        old.connections.close()
        self._watch()
        self._woken.set()
        but = f", but for what has a mistake: {', '.join(configuration.faults)}" if configuration.faults else ""
        sys.stderr.write(f"The configuration has changed and is in use{but}.\n")

    def _arrived(self, flow: str) -> None:
        self._pace.called(flow)
        self._woken.set()

    def _is_due(self) -> bool:
        now = utcnow()
        with self._runtime.database.read() as connection:
            newest = pulse.last_event(connection)
            moment = pulse.next_moment(connection, self._looked)
        due = (
            self._woken.is_set()
            or newest != self._seen
            or (moment is not None and moment <= now)
            or time.monotonic() > min(self._passed + AT_LATEST, self._pace.asks_again)
            or self._scheduled(now)
        )
        self._looked = now if due or moment is None else min(now, moment)
        return due

    def _scheduled(self, now: datetime) -> bool:
        """Whether a schedule has come due since the last look."""
        found = {
            name: taking.last_due(str(flow.trigger.schedule), self._runtime.office.settings.timezone, now)
            for name, flow in self._runtime.office.flows.items()
            if flow.trigger and flow.trigger.schedule
        }
        changed, self._schedules = found != self._schedules, found
        return changed

    def _pass(self) -> None:
        """One pass; what happens meanwhile makes another one follow at once, and so does its failure: what it was made for is still to be done."""
        self._woken.clear()
        try:
            self._make()
        except Exception:
            self._woken.set()
            raise

    def _make(self) -> None:
        with self._runtime.database.read() as connection:
            before = pulse.last_event(connection)
        self._busy_since = time.monotonic()
        try:
            lines = self._lines()
        finally:
            self._busy_since = None
        with self._runtime.database.read() as connection:
            after = pulse.last_event(connection)
            left = self._pace.is_over and pulse.runnable(connection, utcnow())
        if left:  # what came or was changed meanwhile has its turn first
            self._woken.set()
        self._seen = after if after == before else before
        self._passed = time.monotonic()
        _say(lines)

    def _lines(self) -> list[dict[str, Any]]:
        from flows.schedule import Lent, one_pass

        self._pace.until = time.monotonic() + SLICE
        if time.monotonic() - self._prefect_failed < WITHOUT:
            return direct_pass(self._runtime)
        self._lent = self._lent or Lent(self._runtime.database, self._pace)
        try:
            return one_pass(self._office, self._data, seconds=SLICE, lent=self._lent)
        except KontoristError:
            raise
        except Exception as error:  # noqa: BLE001 - Prefect is not allowed to hold the work up
            self._prefect_failed = time.monotonic()
            sys.stderr.write(f"Prefect failed ({type(error).__name__}); passes are made without it for {WITHOUT:.0f} s.\n")
            return direct_pass(self._runtime)

    def _forget(self) -> None:
        """What the office no longer keeps goes once a day, whoever of several runners comes first; before that its days are counted."""
        if time.monotonic() - self._forgot > FORGET:
            self._forgot = time.monotonic()
            kept = self._runtime.office.settings.retention
            retention.nightly(self._runtime.database, Keep(parse_duration(kept.cases), parse_duration(kept.transcripts)))
            figure_days.keep_up(self._runtime.database, ZoneInfo(self._runtime.office.settings.timezone))

    def _reconcile(self) -> None:
        if time.monotonic() - self._reconciled > RECONCILE:
            self._reconciled = time.monotonic()
            gating.reconcile(self._runtime)


def direct_pass(runtime: Runtime) -> list[dict[str, Any]]:
    """The same pass without Prefect: nothing of ours depends on its server."""
    from flows.schedule import summary

    tally, started = Tally(), time.perf_counter()
    try:
        gating.gate(runtime, tally)
        names = taking.triggers(runtime.office.flows)
        rounds(
            runtime.pace,
            names,
            lambda left: {n: _taken_in(runtime, n, tally) for n in left},
            lambda: advancing.advance(runtime, tally),
        )
        advancing.note_words(runtime)
    finally:
        with runtime.database.write() as connection:
            leasing.release(connection, runtime.owner)
    return summary(runtime, tally, time.perf_counter() - started)


def _taken_in(runtime: Runtime, name: str, tally: Tally) -> int:
    began = time.monotonic()
    try:
        return taking.intake(runtime, name, tally)
    except KontoristError as error:
        taking.note_failure(runtime, name, tally, error, time.monotonic() - began)
        return 0


def main(office: Path, data: Path) -> None:
    """Run until a signal comes."""
    run_until_signal(Runner(office, data))


def run_until_signal(runner: Runner) -> None:
    """Run it in this thread; SIGTERM and SIGINT end it after the cases that it is working on."""
    logs.set_up()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: runner.stop())
    runner.run()


def _tell(error: Exception) -> None:
    if isinstance(error, KontoristError):
        sys.stderr.write(f"{error}\n")
    else:
        traceback.print_exception(error)


def _say(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        done = [
            f"{line[what]} {what.replace('_', ' ')}"
            for what in ("taken_in", "proposed", "executed", "unclear", "failed")
            if line[what]
        ]
        if done:
            sys.stderr.write(f"{line['flow']}: {', '.join(done)}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
