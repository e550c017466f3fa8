"""Every open card on one line: read once, then kept up to date by the events of the audit chain, since ten thousand are asked for at every click."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, Engine, bindparam, func, select, text

from kontorist.store import pulse
from kontorist.store.tables import actions, events

Line = tuple[Any, ...]
"""A line of `_COLUMNS`."""
CASE = 10
"""The place in it of the number of the case."""

_COLUMNS = """
SELECT card, min(deciders), max(deciders), max(escalate), min(due), max(risk), max(eyes), min(flow), max(who), max(amount),
min(case_id), count(*), min(action), min(not_before)
FROM actions {hint} WHERE state IN ('proposed', 'uncertain', 'refused') {which} GROUP BY card
"""
"""From the index of open actions alone; moments stay as they are stored."""
_TOO_MANY = 500
"""Events since the last look after which everything is read again."""


class Lines(dict[int, Line]):
    """All open cards' lines by card, never changed; `touched` are those that may differ from the lines that these follow."""

    follows: Callable[[], Mapping[int, Line] | None] = staticmethod(lambda: None)
    touched: Sequence[int] = ()


def changed(before: Mapping[int, Line], lines: Mapping[int, Line]) -> tuple[list[Line], set[int]]:
    """The lines that were not so before, and the cards that are open no more."""
    if isinstance(lines, Lines) and lines.follows() is before:
        return [lines[card] for card in lines.touched if card in lines], {card for card in lines.touched if card not in lines}
    anew = [line for card, line in lines.items() if before.get(card) is not line]  # what was not read again is the very same
    return anew, before.keys() - lines.keys()


def is_committed(connection: Connection) -> bool:
    """Whether what is read here is so for good: in a transaction that writes it may never be."""
    return bool(connection.get_execution_options().get("kontorist_read"))


class OpenRows:
    """The lines of all open cards of one store, as they were after an event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._lines = Lines()

    def at(self, connection: Connection) -> Mapping[int, Line]:
        """All lines by card, as they are after the last event; a mapping that is never changed, and the same one until something happens."""
        seq = pulse.last_event(connection)
        with self._lock:
            kept, lines = self._seq, self._lines
        if kept >= seq:
            return lines
        lines = self._renewed(connection, kept, seq, lines)
        if is_committed(connection):
            with self._lock:
                if seq > self._seq:
                    self._seq, self._lines = seq, lines
        return lines

    def _renewed(self, connection: Connection, kept: int, seq: int, lines: Lines) -> Lines:
        if kept < 0 or seq - kept > _TOO_MANY:
            return _by_card(connection.execute(_all(connection)).all())
        touched = _touched(connection, kept)
        if not touched:
            return lines
        some = text(_COLUMNS.format(hint="", which="AND card IN :cards")).bindparams(bindparam("cards", expanding=True))
        now = _by_card(connection.execute(some, {"cards": touched}).all())
        renewed = Lines(lines | now)
        renewed.follows, renewed.touched = ref(lines), touched
        for card in touched:
            if card not in now:
                renewed.pop(card, None)
        return renewed


def _all(connection: Connection) -> Any:
    # SQLite has no statistics of a young office, and would take an index that has to look into each row
    return text(_COLUMNS.format(hint="INDEXED BY ix_actions_open" if connection.dialect.name == "sqlite" else "", which=""))


def _by_card(rows: Sequence[Any]) -> Lines:
    return Lines((row[0], tuple(row)) for row in rows)


def _touched(connection: Connection, since: int) -> list[int]:
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


def open_rows(connection: Connection) -> Mapping[int, Line]:
    """The lines of all open cards, by card."""
    return _OF.setdefault(connection.engine, OpenRows()).at(connection)
