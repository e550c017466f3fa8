"""Tells Prefect when there is work, so that a worker begins at once; without Prefect it does the work itself.

It also does what must not depend on Prefect: looking up what died half-way, and forgetting what is no longer kept.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from flows import deploy, prefect_server
from flows.runner import Runner, direct_pass, run_until_signal
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.store import pulse

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds until work that nobody took is announced again: first in case more workers can share it, later in case they are away."""
SILENCE = 60.0
"""Seconds for which Prefect may be away before the work is done here."""


class Signaller(Runner):
    """A runner that announces work instead of doing it."""

    def __init__(self, office: Path, data: Path) -> None:
        super().__init__(office, data)
        self._lock = threading.Lock()
        self._arrivals: set[str] = set()
        self._announced = float("-inf")
        self._pause = FIRST_PAUSE
        self._answered = time.monotonic()

    def _arrived(self, flow: str) -> None:
        with self._lock:
            self._arrivals.add(flow)
        super()._arrived(flow)

    def _is_due(self) -> bool:
        if self._woken.is_set():
            return True
        if time.monotonic() - self._announced < self._pause:
            return False
        with self._runtime.database.read() as connection:
            return pulse.waiting(connection, utcnow())

    def _pass(self) -> None:
        """Announce what arrived, and work that lies there."""
        self._woken.clear()
        with self._lock:
            arrivals, self._arrivals = self._arrivals, set()
        with self._runtime.database.read() as connection:
            newest, waiting = pulse.last_event(connection), pulse.waiting(connection, utcnow())
        self._pause = FIRST_PAUSE if newest != self._seen else min(self._pause * 2, LONGEST_PAUSE)
        self._seen, self._announced = newest, time.monotonic()
        try:
            announce([*map(deploy.resource, sorted(arrivals)), *([deploy.OFFICE] if waiting else [])])
            self._answered = time.monotonic()
        except Exception as error:  # noqa: BLE001 - Prefect is not allowed to hold the work up
            self._do_without(arrivals, error)

    def _do_without(self, arrivals: set[str], error: Exception) -> None:
        if time.monotonic() - self._answered < SILENCE:
            with self._lock:
                self._arrivals |= arrivals
            self.stopping.wait(FIRST_PAUSE)
            self._woken.set()
            return
        sys.stderr.write(f"Prefect does not answer ({type(error).__name__}); this pass is made without it and its workers.\n")
        direct_pass(self._runtime)


def announce(resources: list[str]) -> None:
    """One event for each of these; the triggers of the deployments start runs. Raises whatever the HTTP client raises."""
    if not resources:
        return
    from prefect.client.orchestration import get_client
    from prefect.events.schemas.events import Event, Resource

    from flows.prefect_client import impatient

    events = [Event(event=deploy.WORK, resource=Resource({"prefect.resource.id": r})) for r in resources]
    with impatient(), get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[e.model_dump(mode="json") for e in events]).raise_for_status()


def main(office: Path, data: Path) -> None:
    """Announce until a signal comes. Raises KontoristError where there is no Prefect server to announce to."""
    url = prefect_server.running(data) or os.environ.get("PREFECT_API_URL")
    if not url:
        raise KontoristError(
            "There is no Prefect server to tell. Set PREFECT_API_URL to yours; on one machine use `kontorist up`."
        )
    prefect_server.use(data, url)
    run_until_signal(Signaller(office, data))
