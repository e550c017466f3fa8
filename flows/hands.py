"""A second pair of hands: what is approved is carried out although a pass is busy, with a slow model or five hundred old mails."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from flows import gate as gating
from flows.advance import Tally
from flows.pace import Pace
from flows.runtime import Runtime
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.store import pulse
from kontorist.store.database import Database

LOOK = 0.2
"""Seconds between two looks while a pass is at work."""
BUSY = 0.4
"""Seconds after which a pass counts as busy: before that it is about to carry out itself what it found."""
RECONCILE = 60.0
"""Seconds after which it looks at least what became of actions whose worker died."""
REST = 1.0
"""Seconds of rest where nothing could be done: what is stopped stays approved and due."""
AFTER_A_FAULT = 5.0
"""Seconds of rest after something went wrong."""


class Hands(threading.Thread):
    """Carries out what is approved and due while `busy_since` names a moment (time.monotonic) that is past long enough.

    It passes the same gate as a pass: of two that want the same action one gets the lease. `open_runtime` gives it the office at work
    on the same store, with connections of its own.
    """

    def __init__(
        self, database: Database, open_runtime: Callable[[Pace], Runtime], busy_since: Callable[[], float | None]
    ) -> None:
        super().__init__(name="hands", daemon=True)
        self._database = database
        self._open_runtime = open_runtime
        self._busy_since = busy_since
        self._stopping = threading.Event()
        self._pace = Pace()
        self._passed = time.monotonic()

    def run(self) -> None:
        """Until stopped. What goes wrong is said and tried again."""
        while not self._stopping.wait(LOOK):
            try:
                self._look()
            except KontoristError as error:
                sys.stderr.write(f"{error}\n")
                self._stopping.wait(AFTER_A_FAULT)
            except Exception:  # noqa: BLE001 - a thread that ends unseen would leave approved actions to lie
                traceback.print_exc()
                self._stopping.wait(AFTER_A_FAULT)

    def stop(self) -> None:
        """End after the action that is being carried out."""
        self._stopping.set()
        self._pace.stop()
        self.join()

    def _look(self) -> None:
        since = self._busy_since()
        if (
            since is None
            or time.monotonic() - since < BUSY
            or not (self._is_due() or time.monotonic() - self._passed > RECONCILE)
        ):
            return
        self._passed = time.monotonic()
        runtime = self._open_runtime(self._pace)
        try:
            count = gating.gate(runtime, Tally())
        finally:
            runtime.close()
        if not count:
            self._stopping.wait(REST)

    def _is_due(self) -> bool:
        with self._database.read() as connection:
            return pulse.approved(connection, utcnow())
