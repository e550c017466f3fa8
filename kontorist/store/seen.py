"""The ledger of everything that was seen at a source: what it was, when it came, which case it became, how that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from kontorist.core.errors import NotFound
from kontorist.store import audit, case_decisions, conversations, taking_in
from kontorist.store.audit import Event
from kontorist.store.tables import cases as table
from kontorist.store.tables import threads
from kontorist.store.taking_in import NewCase

AGAIN = "#again-"
"""Between the source key of what is processed again and the number of the attempt."""
_OPEN = ("runnable", "waiting", "unclear", "failed")


@dataclass(frozen=True)
class Entry:
    """One item that was seen."""

    case: int
    connection: str
    flow: str
    source: str
    title: str
    key: str
    """Its content's key; an item that was processed again has the same one."""
    attempt: int
    """1 at first, 2 when it was processed again, and so on."""
    state: str
    seen: datetime
    error: str | None


def entries(
    connection: Connection,
    name: str | None = None,
    search: str = "",
    since: datetime | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[Entry]:
    """What was seen, newest first: of one connection, with these words in its title or place, or with this Message-ID."""
    query = select(table).order_by(table.c.id.desc()).limit(limit).offset(after)
    for condition in _conditions(name, search, since):
        query = query.where(condition)
    return [_entry(row) for row in connection.execute(query)]


def _conditions(name: str | None, search: str, since: datetime | None) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if name:
        found.append(table.c.connection == name)
    if since is not None:
        found.append(table.c.created >= since)
    if words := search.strip():
        in_thread = select(threads.c.case_id).where(threads.c.key == conversations.thread_key(words.strip("<>")))
        where = (func.lower(column).contains(words.lower(), autoescape=True) for column in (table.c.title, table.c.source))
        found.append(or_(*where, table.c.source_key == words, table.c.id.in_(in_thread)))
    return found


def _entry(row: Any) -> Entry:
    key, _, number = row.source_key.partition(AGAIN)
    attempt = int(number) + 1 if number else 1
    return Entry(row.id, row.connection, row.flow, row.source, row.title, key, attempt, row.state, row.created, row.error)


def again(connection: Connection, case_id: int, new: NewCase, actor: str) -> int:
    """A new case of what a case began with; the old one is closed if it is open. Returns the new case's number.

    What the old case has done stays done: the same reply, posting or move is not proposed a second time.
    """
    row = connection.execute(select(table).where(table.c.id == case_id).with_for_update()).first()
    if row is None:
        raise NotFound(f"There is no case {case_id}; `kontorist mail ledger` shows what was seen.")
    key = row.source_key.partition(AGAIN)[0]
    number = connection.execute(
        select(func.count()).where(
            table.c.flow == new.flow,
            table.c.connection == new.connection,
            table.c.source_key.startswith(key + AGAIN, autoescape=True),
        )
    ).scalar_one()
    if row.state in _OPEN:
        case_decisions.close(connection, case_id, actor, "processed again")
    values = {**new.__dict__, "source_key": f"{key}{AGAIN}{number + 1}"}
    (made,) = taking_in.take_in(connection, [NewCase(**values)], actor)
    if made is None:
        raise NotFound(f"Case {case_id} is being processed again by somebody else at this moment.")
    audit.append(connection, [Event("case.again", actor, f"case:{case_id}", {"case": made})])
    return made
