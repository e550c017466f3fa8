"""Every open card on one line: read once, then kept up to date by the events of the audit chain, since ten thousand are asked for at every click."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, bindparam, func, select, text

from kontorist.store import pulse
from kontorist.store.tables import actions, events

Line = tuple[Any, ...]
"""A line of `_OPEN`."""

_COLUMNS = """
SELECT card, min(deciders), max(deciders), max(escalate), min(due), max(risk), max(eyes), min(flow), max(who), max(amount),
min(case_id), count(*), min(action), min(not_before)
FROM actions {hint} WHERE state IN ('proposed', 'uncertain', 'refused') {which} GROUP BY card
"""
"""From the index of open actions alone; moments stay as they are stored."""
_TOO_MANY = 500
"""Events since the last look after which everything is read again."""

_FRESH = 5.0
_MOST = 200_000
"""Cards in all lists that are kept."""


class OpenRows:
    """The lines of all open cards of one store, as they were after an event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._lines: Mapping[int, Line] = {}

    def at(self, connection: Connection) -> tuple[int, Mapping[int, Line]]:
        """The number of the last event, and all lines by card; a mapping that is never changed afterwards."""
        seq = pulse.last_event(connection)
        with self._lock:
            kept, lines = self._seq, self._lines
        if kept >= seq:
            return kept, lines
        lines = self._renewed(connection, kept, seq, lines)
        if connection.get_execution_options().get("kontorist_read"):  # what is not committed yet may never be
            with self._lock:
                if seq > self._seq:
                    self._seq, self._lines = seq, lines
        return seq, lines

    def _renewed(self, connection: Connection, kept: int, seq: int, lines: Mapping[int, Line]) -> Mapping[int, Line]:
        if kept < 0 or seq - kept > _TOO_MANY:
            return _by_card(connection.execute(_all(connection)).all())
        changed = _changed(connection, kept)
        if not changed:
            return lines
        some = text(_COLUMNS.format(hint="", which="AND card IN :cards")).bindparams(bindparam("cards", expanding=True))
        now = _by_card(connection.execute(some, {"cards": changed}).all())
        return {**{c: line for c, line in lines.items() if c not in set(changed)}, **now}


def _all(connection: Connection) -> Any:
    # SQLite has no statistics of a young office, and would take an index that has to look into each row
    return text(_COLUMNS.format(hint="INDEXED BY ix_actions_open" if connection.dialect.name == "sqlite" else "", which=""))


def _by_card(rows: Sequence[Any]) -> dict[int, Line]:
    return {row[0]: tuple(row) for row in rows}


def _changed(connection: Connection, since: int) -> list[int]:
    """The cards of the actions and cases that events after this one are about."""
    query = select(func.distinct(events.c.subject)).where(events.c.seq > since)
    about: dict[str, set[int]] = {"action": set(), "case": set()}
    for subject in connection.execute(query).scalars():
        kind, _, number = subject.partition(":")
        if number.isdigit() and kind in about:
            about[kind].add(int(number))
    found: set[int] = set()
    for kind, column in (("action", actions.c.id), ("case", actions.c.case_id)):
        if about[kind]:
            found.update(connection.execute(select(func.distinct(actions.c.card)).where(column.in_(about[kind]))).scalars())
    return sorted(found)


_OF: WeakKeyDictionary[Engine, OpenRows] = WeakKeyDictionary()


def open_rows(connection: Connection) -> tuple[int, Mapping[int, Line]]:
    """The lines of all open cards, with the number of the event after which they were so."""
    return _OF.setdefault(connection.engine, OpenRows()).at(connection)


class Lists:
    """Lists that were made of these lines, kept for a moment; what is due or rests changes with the time alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Any, tuple[float, list[Any]]] = {}

    def get(self, key: tuple[Any, ...], make: Callable[[], list[Any]]) -> list[Any]:
        """The list of this key, made where there is none that is fresh."""
        now = time.monotonic()
        with self._lock:
            found = self._kept.get(key)
        if found and now - found[0] < _FRESH:
            return found[1]
        made = make()
        with self._lock:
            self._kept = {k: v for k, v in self._kept.items() if now - v[0] < _FRESH}
            if sum(len(x) for _, x in self._kept.values()) + len(made) <= _MOST:
                self._kept[key] = (now, made)
        return made


_LISTS: WeakKeyDictionary[Engine, Lists] = WeakKeyDictionary()


def lists(connection: Connection) -> Lists:
    """The kept lists of a store."""
    return _LISTS.setdefault(connection.engine, Lists())
