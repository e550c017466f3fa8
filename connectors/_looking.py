"""Watching files by looking at them: what is there, how large and how old, compared with the last look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

EVERY = 1.0
"""Seconds between two looks."""
AGAIN = (3.0, 10.0, 30.0)
"""Seconds after a change at which it counts as one once more: a file that was still being written then may be whole by now."""
Stamp = tuple[str, int, int, int]


class Look:
    """Says when files have changed. One instance belongs to one thread."""

    def __init__(self, files: Callable[[], Iterable[Path]]) -> None:
        self._files = files
        self._seen: frozenset[Stamp] | None = None
        self._again: list[float] = []

    def changed(self, timeout: float) -> bool:
        """Wait for a change, at most `timeout` seconds; the first look counts as one. Raises what `files` raises."""
        end = time.monotonic() + timeout
        while True:
            now, stamps = time.monotonic(), frozenset(_stamps(self._files()))
            if stamps != self._seen:
                self._seen, self._again = stamps, [now + seconds for seconds in AGAIN]
                return True
            if self._again and self._again[0] <= now:
                del self._again[0]
                return True
            if now > end:
                return False
            time.sleep(EVERY)


def _stamps(files: Iterable[Path]) -> Iterable[Stamp]:
    for path in files:
        try:
            there = path.stat()
        except OSError:  # taken away meanwhile
            continue
        yield str(path), there.st_size, there.st_mtime_ns, there.st_ino
