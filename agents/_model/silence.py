"""A server that does not answer is left alone for a while, so that a chunk of cases does not wait for it one by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents._model.budget import BudgetSpent
from kontorist.core.errors import Unavailable

AT_MOST, REST = 3, 30.0
"""So many calls in a row without an answer; then so many seconds without a call. After that a single one tries it again."""


class Silence:
    """Counts calls that got no answer, and holds further ones back for a while."""

    def __init__(self, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._model, self._clock = model, clock
        self._failed = 0
        self._until = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A call. Raises Unavailable without making it while the server is left alone."""
        self._may_call()
        try:
            yield
        except BudgetSpent:
            raise
        except Unavailable:
            self._was_away()
            raise
        with self._lock:
            self._failed = 0

    def _may_call(self) -> None:
        with self._lock:
            if self._failed < AT_MOST:
                return
            left = self._until - self._clock()
            if left > 0:
                raise Unavailable(
                    f"Model {self._model}: the last {self._failed} calls got no answer; it is asked again in {left:.0f} s. "
                    "`kontorist doctor` tries it at once."
                )
            self._until = self._clock() + REST  # this call tries it, those beside it still wait

    def _was_away(self) -> None:
        with self._lock:
            self._failed += 1
            self._until = self._clock() + REST
