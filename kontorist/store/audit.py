"""The audit chain in the store: append inside the transaction that does the thing, verify from the first event on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Result, String, bindparam, func, insert, select, type_coerce, update
from sqlalchemy.exc import OperationalError

from kontorist.core.audit import GENESIS, event_hash, hash_of_written_event
from kontorist.core.clock import utcnow
from kontorist.core.values import dumps, plain
from kontorist.store.many import insert_rows
from kontorist.store.tables import events, state


@attrs.frozen(slots=False)
class Event:
    """One thing that happened: `subject` is `case:1`, `action:2` or `office`."""

    kind: str
    actor: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What verifying found: the number of events and, if broken, where and how."""

    events: int
    problem: str = ""


def append(connection: Connection, new: Sequence[Event]) -> None:
    """Append events to the chain, in order.

    Inside `Database.write` they are written last of all: the chain serialises writers, and a lock that everybody
    takes last can be part of no deadlock.
    """
    waiting = connection.info.get(_WAITING)
    if waiting is not None:
        waiting.extend(new)
    elif new:
        _write(connection, new)


_WAITING = "kontorist.audit"
_LAST = select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
_COLUMNS = ("seq", "at", "kind", "actor", "subject", "data", "previous", "hash")
_TIP = update(state).where(state.c.name == bindparam("which"))


def begin(connection: Connection) -> None:
    """Collect the events of this transaction from here on; for Database.write."""
    connection.info[_WAITING] = []


def finish(connection: Connection) -> None:
    """Write the collected events; the last thing before the commit."""
    if new := connection.info.pop(_WAITING, None):
        _write(connection, new)


def _write(connection: Connection, new: Sequence[Event]) -> None:
    _lock(connection)
    last = connection.execute(_LAST).first()
    seq, previous = (last[0], last[1]) if last else (0, GENESIS)
    rows, at = [], utcnow()
    for item in new:
        seq += 1
        data = dumps(plain(item.data), sort_keys=True)
        digest = hash_of_written_event(previous, seq, at, item.kind, item.actor, item.subject, data)
        rows.append((seq, at, item.kind, item.actor, item.subject, data, previous, digest))
        previous = digest
    insert_rows(connection, events, _COLUMNS, rows)
    _remember_tip(connection, seq, previous)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301)")


def _remember_tip(connection: Connection, seq: int, digest: str) -> None:
    """The tip stands apart from the chain, so that a truncated tail is noticed."""
    value = {"seq": seq, "hash": digest}
    if connection.execute(_TIP, {"which": "audit.tip", "value": value}).rowcount == 0:
        connection.execute(insert(state).values(name="audit.tip", value=value))


def read(connection: Connection, subject: str | None = None) -> Iterator[dict[str, Any]]:
    """The events as they stand, oldest first; of one subject if given."""
    query = select(events).order_by(events.c.seq)
    if subject:
        query = query.where(events.c.subject == subject)
    for row in connection.execute(query):
        yield {**row._mapping, "data": json.loads(row.data)}


def verify(connection: Connection) -> Verdict:
    """Recompute the whole chain; the first event that does not fit is named."""
    count, previous, problem = _follow(connection)
    return Verdict(count, problem or _cut_off(connection, count, previous))


def _raw(connection: Connection) -> Result[Any]:
    """The events as text, a few at a time: what was tampered with must not stop the reading."""
    columns = [type_coerce(c, String).label("at") if c is events.c.at else c for c in events.c]
    return connection.execute(select(*columns).order_by(events.c.seq).execution_options(yield_per=1000))


def _follow(connection: Connection) -> tuple[int, str, str]:
    """How many events fit, the hash of the last of them, and what is wrong with the next one."""
    previous, count = GENESIS, 0
    try:
        with _raw(connection) as rows:
            for row in rows:
                if row.seq != count + 1:
                    return count, previous, f"event {count + 1} is missing; the chain goes on with {row.seq}"
                if problem := _check(row, previous):
                    return count, previous, problem
                previous, count = row.hash, count + 1
    except OperationalError:  # SQLite cannot even decode the text
        return count, previous, f"event {count + 1} or one near it was changed: it cannot be read"
    return count, previous, ""


def _cut_off(connection: Connection, count: int, last: str) -> str:
    tip = connection.execute(select(state.c.value).where(state.c.name == "audit.tip")).scalar() or {"seq": 0, "hash": GENESIS}
    if (tip["seq"], tip["hash"]) == (count, last):
        return ""
    return f"the chain ends at event {count}, but {tip['seq']} were written: its end was cut off"


def _check(row: Any, previous: str) -> str:
    if row.previous != previous:
        return f"event {row.seq} does not follow from the event before it"
    try:
        at = datetime.fromisoformat(row.at)
        digest = event_hash(previous, row.seq, at, row.kind, row.actor, row.subject, json.loads(row.data))
    except (ValueError, AttributeError, TypeError):
        return f"event {row.seq} was changed: it cannot be read"
    return "" if digest == row.hash else f"event {row.seq} ({row.kind}, {row.subject}) was changed"


def latest(connection: Connection) -> tuple[int, datetime | None]:
    """The number of the last event and when it happened."""
    row = connection.execute(select(func.max(events.c.seq), func.max(events.c.at))).one()
    return row[0] or 0, row[1]
