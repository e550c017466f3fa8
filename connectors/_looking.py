"""Watching what says nothing by itself: a look every so often, compared with the last one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

AGAIN = (3.0, 10.0, 30.0)
"""Seconds after a change at which it counts as one once more, where others write: a file that was still being written may be whole by then."""
Stamp = tuple[str, int, int, int]


class Look:
    """Says when what is there has changed, by a look every `every` seconds. One instance belongs to one thread."""

    def __init__(self, again: Sequence[float] = (), every: float = 0.5) -> None:
        self._after, self._every = again, every
        self._seen: object = None
        self._again: list[float] = []

    def changed(self, picture: Callable[[], object], timeout: float) -> bool:
        """Wait until the picture is another one, at most `timeout` seconds; the first look counts as a change. Raises what `picture` raises."""
        end = time.monotonic() + timeout
        while True:
            seen, now = picture(), time.monotonic()
            if seen != self._seen:
                self._seen, self._again = seen, [now + seconds for seconds in self._after]
                return True
            if self._again and self._again[0] <= now:
                del self._again[0]
                return True
            if now > end:
                return False
            time.sleep(self._every)


def folder_stamp(folder: Path) -> Stamp | None:
    """The picture of a folder: when its entries last changed, and which there are where that is told in whole seconds.

    There – on NFS 3, SMB, FAT – a file that comes later in the same second leaves no other mark. None for a folder that is not there.
    """
    try:
        there = folder.stat()
        is_coarse = there.st_mtime_ns % 10**9 == 0
        return str(folder), hash(frozenset(os.listdir(folder))) if is_coarse else 0, there.st_mtime_ns, there.st_ino  # noqa: PTH208 - names alone
    except OSError:
        return None


def stamps(files: Iterable[Path]) -> frozenset[Stamp]:
    """The picture of some files: which there are, how large, of when; what was taken away meanwhile is left out."""
    return frozenset(stamp for path in files if (stamp := _stamp(path)))


def _stamp(path: Path) -> Stamp | None:
    try:
        there = path.stat()
    except OSError:
        return None
    return str(path), there.st_size, there.st_mtime_ns, there.st_ino
