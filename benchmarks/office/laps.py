"""The clock of a contender: it starts when its office, or what it has instead, is there and has done its first mails."""

from __future__ import annotations

import time

WARM = 10
"""Mails that are done before the clock starts."""


class Laps:
    """Seconds of each part of the work, and of the processor for all of it."""

    def __init__(self) -> None:
        self._cpu, self._last = time.process_time(), time.perf_counter()
        self._parts: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """The part that ends now."""
        now = time.perf_counter()
        self._parts[name], self._last = now - self._last, now

    def seconds(self) -> dict[str, float]:
        """Each part, and `cpu`."""
        return {**self._parts, "cpu": time.process_time() - self._cpu}
