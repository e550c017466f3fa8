"""Each viewer's list, kept: of ten thousand cards only those are placed anew about which something happened."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from kontorist.inbox.open_rows import Line, changed

T = TypeVar("T")
NEVER = "9999"
_MOST = 400_000
"""Cards in all lists that are kept; those longest not asked for go first."""
_LOOK = 5.0
"""Seconds after which a list is looked at for what no event tells of."""
_TOO_MANY = 200
"""Changed cards after which a list is quicker made anew."""


class Placed(NamedTuple):
    """Cards as a viewer sees them, by number, and the moment (as stored) at which the time alone changes one."""

    cards: Mapping[int, Any]
    until: str = NEVER


class Cards(list[Any]):
    """Cards in order, never changed, with what was made of them: it is asked for at every click, and looking at each of ten thousand takes its time."""

    def __init__(self, cards: Iterable[Any] = ()) -> None:
        super().__init__(cards)
        self._made: dict[Any, Any] = {}

    def once(self, key: Any, make: Callable[[list[Any]], T]) -> T:
        """What `make` makes of these cards, made once a key."""
        if key not in self._made:
            self._made[key] = make(self)
        found: T = self._made[key]
        return found


@dataclass(frozen=True)
class Way:
    """How a viewer's list is made."""

    place: Callable[[Iterable[Line]], Placed]
    order: Callable[[Any], Any]
    seconds: float
    """How old it may become: what no event tells of."""
    wrong: Callable[[Cards], bool] = lambda _: False
    """Whether something that no event tells of has changed it; asked every few seconds."""


@dataclass(frozen=True)
class _Kept:
    lines: Mapping[int, Line]
    cards: Cards
    until: str
    made: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)


class Lists:
    """The lists of one store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Any, _Kept] = {}

    def get(self, key: Any, lines: Mapping[int, Line], way: Way, now: str, *, keep: bool) -> Cards:
        """The cards of these lines in order. `now` is a moment as stored."""
        with self._lock:
            old = self._kept.get(key)
        moment = time.monotonic()
        if old is None or old.until <= now or moment - old.made > way.seconds:
            new = _whole(lines, way)
        else:
            new = old if old.lines is lines else _renewed(old, lines, way)
            if moment - old.looked > _LOOK:
                new = _whole(lines, way) if way.wrong(new.cards) else replace(new, looked=moment)
        if keep:
            with self._lock:
                self._keep(key, new)
        return new.cards

    def _keep(self, key: Any, new: _Kept) -> None:
        self._kept.pop(key, None)
        self._kept[key] = new  # last: dictionaries keep the order
        room = _MOST - sum(len(k.cards) for k in self._kept.values())
        while room < 0 and len(self._kept) > 1:
            room += len(self._kept.pop(next(iter(self._kept))).cards)


def _whole(lines: Mapping[int, Line], way: Way) -> _Kept:
    placed = way.place(lines.values())
    return _Kept(lines, Cards(sorted(placed.cards.values(), key=way.order)), placed.until)


def _renewed(old: _Kept, lines: Mapping[int, Line], way: Way) -> _Kept:
    anew, left = changed(old.lines, lines)
    if len(anew) > _TOO_MANY:
        return _whole(lines, way)
    placed = way.place(anew)
    gone = {line[0] for line in anew} | left
    cards = Cards([c for c in old.cards if c.id not in gone])
    for card in placed.cards.values():
        insort(cards, card, key=way.order)
    return _Kept(lines, cards, min(old.until, placed.until), old.made, old.looked)


_LISTS: WeakKeyDictionary[Engine, Lists] = WeakKeyDictionary()


def lists(connection: Connection) -> Lists:
    """The kept lists of a store."""
    return _LISTS.setdefault(connection.engine, Lists())
