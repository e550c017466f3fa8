"""How many connections a mail server gets at once from this program, however many mailboxes and folders are watched."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Protocol

from kontorist.core.errors import Unavailable

_LOOK = 0.5  # seconds between two looks whether somebody has stopped using a connection


class Holder(Protocol):
    """Who may hold a connection."""

    def yield_up(self) -> bool:
        """Hang up if the connection is open and not in use at this moment; True if it was."""


class Budget:
    """The connections to one server. Who works waits for a free one; who does not use its own makes room."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._used = self._waiting = 0
        self._change = threading.Condition()
        self._holders: weakref.WeakSet[Holder] = weakref.WeakSet()

    def take(self, holder: Holder, host: str, seconds: float) -> None:
        """Wait for a free connection. Raises Unavailable when none becomes free in that time."""
        end = time.monotonic() + seconds
        with self._change:
            self._waiting += 1
        try:
            while not self._taken(holder):
                if time.monotonic() > end:
                    raise Unavailable(
                        f"All {self.limit} connections to {host} are in use; it is tried again. "
                        "'connections' in connections.yaml allows more."
                    )
                if not any(other.yield_up() for other in list(self._holders) if other is not holder):
                    with self._change:
                        self._change.wait(_LOOK)
        finally:
            with self._change:
                self._waiting -= 1

    def _taken(self, holder: Holder) -> bool:
        with self._change:
            if self._used >= self.limit:
                return False
            self._used += 1
            self._holders.add(holder)
            return True

    def give(self, holder: Holder) -> None:
        """Give one back."""
        with self._change:
            self._used -= 1
            self._holders.discard(holder)
            self._change.notify()

    @property
    def full(self) -> bool:
        """Whether the next one has to wait."""
        return self._used >= self.limit

    @property
    def wanted(self) -> bool:
        """Whether somebody is waiting."""
        return self._waiting > 0


_budgets: dict[tuple[str, int | None], Budget] = {}
_lock = threading.Lock()


def budget_of(host: str, port: int | None, limit: int) -> Budget:
    """The one budget of a server in this process; the last limit that was configured for it counts."""
    with _lock:
        budget = _budgets.setdefault((host.lower(), port), Budget(limit))
        budget.limit = limit
        return budget
