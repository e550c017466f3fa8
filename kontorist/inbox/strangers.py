"""Names that nobody has: guessed at, they are locked like everybody's, so that a lock does not tell who exists."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

from kontorist.store import people

MOST = 5000


class Strangers:
    """How often unknown names were tried; in memory only, the oldest is forgotten first."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()
        self._lock = threading.Lock()

    def refuse_locked(self, name: str) -> None:
        """Raises AccessDenied while an unknown name is locked."""
        with self._lock:
            _, until = self._tried.get(name, (0, None))
        people.refuse_until(until)

    def count(self, name: str) -> None:
        """One more wrong guess at it."""
        with self._lock:
            failures = self._tried.get(name, (0, None))[0] + 1
            self._tried[name] = (failures, people.locked_until(failures))
            self._tried.move_to_end(name)
            while len(self._tried) > MOST:
                self._tried.popitem(last=False)
