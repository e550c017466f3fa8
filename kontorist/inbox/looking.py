"""Who looks at which card: kept in memory only, gone a few seconds after the page is closed."""

from __future__ import annotations

import threading
import time

SECONDS = 25.0
"""A page says every ten seconds that it is open; after two missed ones its reader is gone."""


class Presence:
    """Which person looked at which card when."""

    def __init__(self) -> None:
        self._seen: dict[int, dict[str, float]] = {}
        self._lock = threading.Lock()

    def note(self, card: int, person: str) -> None:
        """A person has this card open now, and no other."""
        with self._lock:
            for people in self._seen.values():
                people.pop(person, None)
            self._seen = {c: p for c, p in self._seen.items() if p}
            self._seen.setdefault(card, {})[person] = time.monotonic()

    def others(self, card: int, person: str) -> list[str]:
        """Who else has it open, in alphabetical order."""
        now = time.monotonic()
        with self._lock:
            return sorted(p for p, at in self._seen.get(card, {}).items() if p != person and now - at < SECONDS)
