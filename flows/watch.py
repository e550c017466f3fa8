"""Watches the sources: a thread for each, which says when something may have arrived, and outlives whatever a source does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.connections import Connections
from flows.intake import trigger_options
from kontorist.core.errors import KontoristError
from kontorist.core.office import Office
from kontorist.store import office_state
from kontorist.store.database import Database

AT_MOST = 60.0
"""Seconds after which a source is looked at although it said nothing: connections die silently."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


class Watcher(threading.Thread):
    """Waits at one trigger's source; `wake` is called with the flow's name when something may have arrived."""

    def __init__(self, office: Office, data_dir: Path, database: Database, flow: str, wake: Callable[[str], None]) -> None:
        super().__init__(name=f"watch-{flow}", daemon=True)
        self._office, self._data_dir, self._database, self._flow, self._wake = office, data_dir, database, flow, wake
        self._stopping = threading.Event()
        self._pause = FIRST_PAUSE

    def stop(self) -> None:
        """End it after the present wait."""
        self._stopping.set()

    def run(self) -> None:
        """Wait, wake, and wait again; after failures in a row with growing pauses."""
        while not self._stopping.is_set():
            connections = Connections(self._office, self._data_dir)
            try:
                self._watch(connections)
            except KontoristError as error:
                self._note(str(error))
            except Exception as error:  # noqa: BLE001 - a watcher that dies silently is the worst of all
                self._note(f"{type(error).__name__}: {error}")
            finally:
                connections.close()
            self._stopping.wait(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _watch(self, connections: Connections) -> None:
        trigger: Any = self._office.flows[self._flow].trigger
        kind, options = trigger.source()
        connector = connections.get(str(options.pop("connection", "")))
        typed = trigger_options(connector, kind, options)
        while not self._stopping.is_set():
            if connector.changed(kind, typed, AT_MOST):
                self._wake(self._flow)
            self._pause = FIRST_PAUSE  # it answers: what failed before is over

    def _note(self, problem: str) -> None:
        trigger: Any = self._office.flows[self._flow].trigger
        name = str(trigger.source()[1].get("connection", ""))
        with self._database.write() as connection:
            office_state.beat(connection, name, problem)


def watchers(office: Office, data_dir: Path, database: Database, wake: Callable[[str], None]) -> list[Watcher]:
    """One for each flow that a source starts, running."""
    found = [
        Watcher(office, data_dir, database, name, wake)
        for name, flow in office.flows.items()
        if flow.trigger and flow.trigger.source()
    ]
    for watcher in found:
        watcher.start()
    return found
