"""Who looks at which card, and for how long: kept in memory only, gone a few seconds after the page is closed."""

from __future__ import annotations

import threading
import time

SECONDS = 25.0
"""A page says every ten seconds that it is open; after two missed ones its reader is gone."""
MOST = 10_000


class Presence:
    """Which person looked at which card when."""

    def __init__(self) -> None:
        self._seen: dict[int, dict[str, float]] = {}
        self._spent: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()

    def note(self, card: int, person: str) -> None:
        """A person has this card open now, and no other."""
        with self._lock:
            self._add(card, person, time.monotonic())
            for people in self._seen.values():
                people.pop(person, None)
            self._seen = {c: p for c, p in self._seen.items() if p}
            self._seen.setdefault(card, {})[person] = time.monotonic()

    def _add(self, card: int, person: str, now: float) -> None:
        """The time since the page last said that it is open; a page in the background says nothing, and does not count."""
        last = self._seen.get(card, {}).get(person)
        if last is not None and now - last < SECONDS:
            self._spent[(card, person)] = self._spent.get((card, person), 0.0) + now - last
        if len(self._spent) > MOST:
            self._spent.clear()

    def spent(self, card: int, person: str) -> float:
        """How many seconds a person had a card open until now, and forget it; 0 when its page never said so."""
        with self._lock:
            self._add(card, person, time.monotonic())
            return self._spent.pop((card, person), 0.0)

    def others(self, card: int, person: str) -> list[str]:
        """Who else has it open, in alphabetical order."""
        now = time.monotonic()
        with self._lock:
            return sorted(p for p, at in self._seen.get(card, {}).items() if p != person and now - at < SECONDS)
