"""A pass over the office as a Prefect flow run: gate, intake and advance with their tasks, and a table of what it did.

Parameters carry names and paths only, never content: Prefect's database may be dropped at any time and nothing is lost.
"""

from __future__ import annotations

import functools
import gc
import itertools
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from flows import advance as advancing
from flows import gate as gating
from flows import intake as taking
from flows import limits
from flows.advance import Tally
from flows.pace import Pace, rounds
from flows.prefect_client import connected, impatient, note_crashed
from flows.prefect_server import ui_url
from flows.prefect_thread import PassThread
from flows.runtime import Runtime, open_runtime
from flows.steps import Outcome, perform
from flows.walk import Work
from kontorist.core import logs
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.store import leasing, ledger, office_state, pulse
from kontorist.store.database import Database

_PLAIN: dict[str, Any] = {"persist_result": False, "validate_parameters": False}
_TASK: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False, "retries": 0}


@dataclass
class _Pass:
    """A running pass of this process."""

    runtime: Runtime
    tally: Tally = field(default_factory=Tally)
    limited: bool = False
    """Whether several workers share the office, so that they wait for each other at connections and models."""
    parcel: Any = None
    """What the task about to start works on, and then what came out: tasks get a key, never content."""


_passes: dict[str, _Pass] = {}
"""Running passes by flow run id."""


@dataclass(frozen=True)
class Lent:
    """What who makes one pass after the other lends to each of them: an open store, the pace, and a thread; to be closed by who made it."""

    store: Database
    pace: Pace = field(default_factory=Pace)
    thread: PassThread = field(default_factory=PassThread)


_lent: dict[tuple[str, str], Lent] = {}
"""By office and data folder."""


@task(name="step", task_run_name="{named}", **_TASK)
def _step(key: str, named: str) -> None:  # noqa: ARG001 - what the run is called
    running = _passes[key]
    running.parcel = _performed(running.runtime, running.parcel)


def _performed(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
    outcomes = perform(runtime, works)
    if failed := [o.error for o in outcomes if o.error]:
        get_run_logger().warning(
            "%s: %d of %d cases failed: %s", works[0].place, len(failed), len(outcomes), type(failed[0]).__name__
        )
    return outcomes


def _as_task(key: str) -> Callable[[Runtime, Sequence[Work]], list[Outcome]]:
    """A task of its own for what asks somebody outside; the rest is part of `advance`: a task costs as much as the work on ten cases."""

    def run(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
        asked = limits.of_works(runtime, works)
        if not asked:
            return _performed(runtime, works)
        _passes[key].parcel = works
        with _place(key, asked):
            _step(key, f"{works[0].place} × {len(works)}")
        outcomes: list[Outcome] = _passes[key].parcel
        return outcomes

    return run


@contextmanager
def _place(key: str, names: list[str]) -> Iterator[None]:
    with limits.hold(names if _passes[key].limited else ()):
        yield


@task(name="take in", task_run_name="{flow_name}", **_TASK)
def _take_in(flow_name: str, key: str) -> int:
    running = _passes[key]
    return taking.intake(running.runtime, flow_name, running.tally)


def intake(key: str, flows: list[str]) -> dict[str, int]:
    """Take in what arrived for each flow, a task for each; one unreachable source does not stop the others. Returns how many of each."""
    runtime, tally = _passes[key].runtime, _passes[key].tally
    before = {name: tally.of(name, "taken_in") for name in flows}
    for name in flows:
        began = time.monotonic()
        try:
            with _place(key, limits.of_source(runtime.office.flows[name])):
                _take_in(name, key)
        except KontoristError as error:
            taking.note_failure(runtime, name, tally, error, time.monotonic() - began)
            get_run_logger().warning("intake of %s failed: %s", name, type(error).__name__)
    return {name: tally.of(name, "taken_in") - before[name] for name in flows}


@task(name="advance", **_TASK)
def _advance(key: str) -> None:
    runtime, tally = _passes[key].runtime, _passes[key].tally
    advancing.advance(runtime, tally, run_step=_as_task(key))


def advance(key: str) -> None:
    """Move every runnable case on, in chunks, if there is one; a task for each step that asks a model or a connection."""
    with _passes[key].runtime.database.read() as connection:
        is_due = pulse.runnable(connection, utcnow())
    if is_due:
        _advance(key)


@task(name="execute", task_run_name="{named}", **_TASK)
def _execute(key: str, named: str) -> int:  # noqa: ARG001 - what the run is called
    running = _passes[key]
    return sum(gating.execute_many(running.runtime, running.parcel, running.tally))


def gate(key: str) -> None:
    """Execute what is approved and due, in chunks, a task for each."""
    runtime = _passes[key].runtime
    gating.reconcile(runtime)
    for claims in gating.portions(runtime):
        _passes[key].parcel = claims
        try:
            with _place(key, [limits.connection(c.row.connection) for c in claims]):
                _execute(key, f"{len(claims)} actions")
        except BaseException:  # also the end of this process: nobody has to wait for the lease of what it did not begin
            ledger.give_back(runtime.database, *claims)
            raise


@flow(name="kontorist", **_PLAIN)
def run_pass(
    office: str, data: str, only: list[str] | None = None, patience: float = 0.0, seconds: float = 0.0
) -> list[dict[str, Any]]:
    """One pass: the gate first (a person's decision goes before new work), then intake and advance.

    `only` names the flows to take in for; none at all takes nothing in. With `patience` (seconds) it stays for approved actions whose undo
    window ends within that time. After `seconds` nothing new is begun; 0 is without end.
    """
    if logs.VARIABLE in os.environ:  # a worker of Prefect's has no other place to set it up
        logs.set_up()
    lent = _lent.get((office, data))
    wanted: _Wanted | None = _Wanted(Path(office), Path(data), only, patience, seconds)
    run, passes = _Run(_run_id(), goes_on=lent is not None), list[list[dict[str, Any]]]()
    while wanted is not None:
        lines = _made(wanted, lent, run)
        passes.append(lines)
        if lent is None:
            break
        lent.thread.hand_over(lines, large=sum(line["taken_in"] + line["advanced"] for line in lines) >= _MANY)
        wanted = lent.thread.follow()
    if lent:
        with lent.store.write() as connection:
            office_state.leave(connection, run.key)
    _artifact(_summed(passes))
    return lines


@dataclass
class _Run:
    """A flow run, in which passes follow each other if somebody lends what they need."""

    id: str
    goes_on: bool
    passes: int = 0

    @property
    def key(self) -> str:
        """What the pass at work is called."""
        return self._key_of(self.passes)

    @property
    def before(self) -> str | None:
        """The pass before it in this run, if there was one."""
        return self._key_of(self.passes - 1) if self.passes > 1 else None

    def _key_of(self, number: int) -> str:
        return self.id if number < 2 else f"{self.id}.{number}"


def _run_id() -> str:
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else "direct"


@dataclass(frozen=True)
class _Wanted:
    """A pass, as it is asked for."""

    office: Path
    data: Path
    only: list[str] | None
    patience: float
    seconds: float


def _made(wanted: _Wanted, lent: Lent | None, run: _Run) -> list[dict[str, Any]]:
    """One pass of a flow run."""
    run.passes += 1
    store, pace = (lent.store, lent.pace) if lent else (None, None)
    runtime = open_runtime(wanted.office, wanted.data, store, pace=pace)
    runtime.pace.until = time.monotonic() + (wanted.seconds or math.inf)
    _end_gently(runtime.pace)
    try:
        return _pass(runtime, wanted.only, wanted.patience, run)
    finally:
        runtime.close()


def _end_gently(pace: Pace) -> None:
    """Prefect makes an exception of SIGTERM, wherever the pass is, in the middle of a mail as well; this ends it between two cases."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: pace.stop())  # Prefect puts back what was there before, when the run is over


def _pass(runtime: Runtime, only: list[str] | None, patience: float, run: _Run) -> list[dict[str, Any]]:
    context, key = FlowRunContext.get(), run.key
    tally, started = Tally(), time.perf_counter()
    runtime.run = key
    shared = bool(context and context.flow_run and context.flow_run.deployment_id)
    _passes[key] = _Pass(runtime, tally, limited=shared)
    done: dict[str, Any] | None = None
    with runtime.database.write() as connection:
        if run.before:
            office_state.leave(connection, run.before)
        office_state.begin_pass(connection, key, ui_url(_api_url(), run.id), runtime.owner)
    try:
        gate(key)
        _tell_of_the_dead(runtime.database)
        names = taking.triggers(runtime.office.flows) if only is None else only
        rounds(runtime.pace, names, lambda left: intake(key, left), lambda: advance(key))
        if not runtime.pace.is_over and _wait_for_windows(runtime, patience):
            gate(key)
            advance(key)
        advancing.note_words(runtime)
        lines = summary(runtime, tally, time.perf_counter() - started)
        done = {"lines": lines, "notes": tally.notes}
    finally:
        del _passes[key]
        with runtime.database.write() as connection:
            leasing.release(connection, runtime.owner)
            office_state.end_pass(connection, key, done, run_goes_on=run.goes_on and done is not None)
    return lines


def _tell_of_the_dead(database: Database) -> None:
    """Passes whose process was killed stand in Prefect as running until somebody says otherwise."""
    with database.read() as connection:
        runs = office_state.broken_off(connection)
    if runs and (heard := note_crashed(runs)):
        with database.write() as connection:
            office_state.told(connection, heard)


def _wait_for_windows(runtime: Runtime, patience: float) -> bool:
    """Wait until every approved action may run that may do so soon; whether there is one."""
    if patience <= 0:
        return False
    now = utcnow()
    with runtime.database.read() as connection:
        due = ledger.last_due(connection, now + timedelta(seconds=patience))
    if due is None:
        return False
    time.sleep(max(0.0, (due - now).total_seconds()) + 0.05)
    return True


_WHAT = ("taken_in", "advanced", "proposed", "executed", "unclear", "failed")


def summary(runtime: Runtime, tally: Tally, seconds: float) -> list[dict[str, Any]]:
    """One line a flow: the keys of `kontorist run --json`."""
    return [
        {
            "flow": name,
            **{w: tally.of(name, w) for w in _WHAT},
            "seconds": round(seconds, 2),
            "notes": [n for n in tally.notes if n["flow"] == name],
        }
        for name in runtime.office.flows
    ]


def _summed(passes: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What several passes did, by flow, without what they had to say about single cases."""
    flows: dict[str, dict[str, Any]] = {}
    for line in itertools.chain(*passes):
        whole = flows.setdefault(line["flow"], {"flow": line["flow"]})
        whole.update({what: round(whole.get(what, 0) + line[what], 2) for what in (*_WHAT, "seconds")})
    return list(flows.values())


def _artifact(lines: list[dict[str, Any]]) -> None:
    if not any(line[what] for line in lines for what in _WHAT):
        return  # most passes of a quiet day: Prefect would keep a table of noughts for each
    about = "What this flow run did, by flow; content stays in the office's own store."
    create_table_artifact(lines, key="kontorist-pass", description=about)


def _api_url() -> str:
    from prefect.settings import PREFECT_API_URL

    return str(PREFECT_API_URL.value() or "")


_MANY = 200
"""Cases of a pass after which it is tidied up, which takes some 10 ms."""


@functools.cache
def _spare_the_collector() -> None:
    """What is imported by now stays, and a chunk of cases is no garbage: looking through them all again and again is a twentieth of the work."""
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


def one_pass(
    office: Path,
    data: Path,
    only: list[str] | None = None,
    *,
    patience: float = 0.0,
    seconds: float = 0.0,
    lent: Lent | None = None,
) -> list[dict[str, Any]]:
    """Run one pass as a Prefect flow run; needs a server (flows.prefect_server). What is lent stays open, and its thread makes the pass."""
    _spare_the_collector()
    if lent is None:
        with impatient(), connected():
            alone: list[dict[str, Any]] = run_pass(str(office), str(data), only, patience, seconds)
        return alone
    key = (str(office), str(data))
    _lent[key] = lent
    try:
        within = _Wanted(office, data, only, patience, seconds)
        lines: list[dict[str, Any]] = lent.thread.make(lambda: run_pass(*key, only, patience, seconds), within)
    finally:
        _lent.pop(key, None)
    return lines
