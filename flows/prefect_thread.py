"""A thread that makes one pass after the other within Prefect flow runs: who waits for a pass has its result as soon as the work is done.

Passes that follow each other share a flow run, and Prefect's server hears of its end while the runner looks for what comes next: its answers
take as long as the work on a hundred cases.
"""

from __future__ import annotations

import ctypes
import gc
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from flows.prefect_client import connected, impatient

IDLE = 1.0
"""Seconds without work after which it is tidied up what large passes left behind."""
AT_LATEST = 10
"""Large passes in a row after which it is tidied up although there is more to do."""
TOLD_SECONDS = 10.0
"""How long the end waits for Prefect's server to hear of the last pass."""
PATIENCE = 5.0
"""The same for the next pass: a server that is frozen holds up nobody."""
RUN_SECONDS = 60.0
"""How long a flow run goes on with the passes that follow: Prefect remembers each of its tasks until it ends."""


@dataclass
class _Job:
    """A pass that somebody waits for."""

    work: Callable[[], Any]
    """Makes it in a flow run of its own."""
    within: Any
    """What the flow run at work needs to make it as well; None if it cannot."""
    answer: Future[Any] = field(default_factory=Future)


class PassThread:
    """Makes the passes of one runner. What goes wrong after a pass has handed over its result is raised by the next one, which is not made."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._answer: Future[Any] = Future()
        self._free = threading.Event()
        self._free.set()
        self._is_connected = False
        self._untidy = 0
        self._began = 0.0
        self._kept: list[_Job | None] = []

    def make(self, work: Callable[[], Any], within: Any = None) -> Any:
        """What `work` hands over while it runs, or returns; raises what it raises before that, and TimeoutError while the last one does not end.

        The work that has handed over last may take `within` and do this as well (`follow`), so that `work` is not called.
        """
        if not self._free.wait(PATIENCE):
            raise TimeoutError("Prefect's server has not heard of the last pass yet.")
        self._free.clear()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="passes", daemon=True)
            self._thread.start()
        job = _Job(work, within)
        self._jobs.put(job)
        return job.answer.result()

    def hand_over(self, result: Any, *, large: bool) -> None:
        """The result of the pass at work, for who waits for it; a large one leaves much behind."""
        self._untidy += large
        self._answer.set_result(result)

    def follow(self) -> Any:
        """Called by a work that has handed over: what it needs to make the pass that is wanted next, too; None if it should end."""
        if time.monotonic() - self._began > RUN_SECONDS:
            return None
        self._free.set()
        with suppress(queue.Empty):
            return self._taken_on(self._jobs.get(timeout=IDLE))
        self._free.clear()  # who comes from now on waits until the server has heard of the end, but not for ever
        with suppress(queue.Empty):
            return self._taken_on(self._jobs.get_nowait())
        return None

    def _taken_on(self, job: _Job | None) -> Any:
        """What is needed for this one; who wants it made otherwise, or the end, has to wait until the work at hand has ended."""
        if job is None or job.within is None:
            self._kept = [job]
            return None
        self._tidy_up_at_latest()
        self._answer = job.answer
        return job.within

    def wait(self) -> None:
        """Until Prefect's server has heard of the last pass."""
        self._free.wait(TOLD_SECONDS)

    def close(self) -> None:
        """End, once Prefect's server has heard of the last pass."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(TOLD_SECONDS)

    def _run(self) -> None:
        prefect = ExitStack()  # one client for all passes, until something goes wrong
        late: BaseException | None = None
        while (job := self._next()) is not None:
            self._answer, self._began = job.answer, time.monotonic()
            if late is None:
                late = self._made(job.work, prefect)
            else:
                self._answer.set_exception(late)
                late = None
            self._free.set()
        prefect.close()

    def _made(self, work: Callable[[], Any], prefect: ExitStack) -> BaseException | None:
        """Do it; what went wrong after it had handed over its result."""
        try:
            if not self._is_connected:
                prefect.enter_context(impatient())
                prefect.enter_context(connected())
                self._is_connected = True
            result = work()
            if not self._answer.done():
                self._answer.set_result(result)
        except BaseException as error:  # noqa: BLE001 - it belongs to who waits for the pass
            self._is_connected = False
            with suppress(Exception):  # it may be the client that does not work
                prefect.close()
            if self._answer.done():
                return error
            self._answer.set_exception(error)
        return None

    def _next(self) -> _Job | None:
        if self._kept:
            return self._kept.pop()
        self._tidy_up_at_latest()
        if self._untidy:
            with suppress(queue.Empty):
                return self._jobs.get(timeout=IDLE)
            self._tidy_up()
        return self._jobs.get()

    def _tidy_up_at_latest(self) -> None:
        if self._untidy >= AT_LATEST:
            self._tidy_up()

    def _tidy_up(self) -> None:
        tidy_up()
        self._untidy = 0


def tidy_up() -> None:
    """Give back what is no longer used: garbage in circles to Python, and what Python let go of to the system."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # glibc has it
        trim(0)
