"""What keeps calls to a model within what the office allows: a hard budget for a day, and so many calls a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Protocol

from kontorist.core.errors import Unavailable


class Memory(Protocol):
    """What a model remembers of its calls (kontorist.store.model_calls)."""

    def recall(self, question: str) -> Any:
        """The answer to exactly this question, or None."""

    def note(self, model: str, question: str, answer: Any, usage: Any) -> None:
        """Remember a call and what it cost."""

    def spent_today(self, model: str) -> Decimal:
        """What the model has cost today."""


class BudgetSpent(Unavailable):
    """The day's budget does not allow this call; it was not made."""


class Budget:
    """Reserves what a call can cost at most before it is made, so that calls at the same time cannot overdraw together."""

    def __init__(self, model: str, a_day: Decimal | None, spent_today: Callable[[], Decimal]) -> None:
        self._model, self._a_day, self._spent_today = model, a_day, spent_today
        self._reserved = Decimal(0)
        self._lock = threading.Lock()

    @contextmanager
    def reserved(self, most: Decimal) -> Iterator[None]:
        """Room for a call that costs at most so much. Raises BudgetSpent when there is none."""
        if self._a_day is None:
            yield
            return
        with self._lock:
            spent = self._spent_today()
            if spent + self._reserved + most > self._a_day:
                raise BudgetSpent(
                    f"Model {self._model}: today's budget of {self._a_day} is spent ({spent:.4f} so far, this call could cost {most:.4f}); "
                    "the built-in model does the work until midnight. Raise `budget_per_day` in office.yaml to go on today."
                )
            self._reserved += most
        try:
            yield
        finally:
            with self._lock:
                self._reserved -= most


class Pace:
    """At most so many calls begin in any 60 seconds; who is too early waits."""

    def __init__(self, a_minute: int | None) -> None:
        self._a_minute = a_minute
        self._begun: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        """Return when the next call may begin."""
        if self._a_minute is None:
            return
        with self._lock:  # who waits keeps the others behind it
            if len(self._begun) == self._a_minute:
                sleep(max(0.0, self._begun.popleft() + 60 - clock()))
            self._begun.append(clock())
