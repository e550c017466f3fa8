"""Earlier cases beside a card: of the same conversation, and with the same sender or supplier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from kontorist.store.tables import actions, cases, threads


@dataclass(frozen=True)
class Earlier:
    """Another case; `same_thread` where it belongs to the same conversation."""

    id: int
    title: str
    state: str
    created: datetime
    flow: str
    same_thread: bool


def earlier(connection: Connection, case_id: int, limit: int = 8) -> list[Earlier]:
    """Other cases that tell more about this one, those of its conversation first, then the newest."""
    mine = select(threads.c.key).where(threads.c.case_id == case_id)
    of_thread = select(threads.c.case_id).where(threads.c.key.in_(mine), threads.c.case_id != case_id)
    conversation = set(connection.execute(of_thread.order_by(threads.c.case_id.desc()).limit(limit)).scalars())
    ids = conversation | _with_the_same(connection, case_id, limit)
    query = select(cases.c.id, cases.c.title, cases.c.state, cases.c.created, cases.c.flow).where(cases.c.id.in_(ids))
    found = [Earlier(r.id, r.title, r.state, r.created, r.flow, r.id in conversation) for r in connection.execute(query)]
    return sorted(found, key=lambda c: (not c.same_thread, -c.id))[:limit]


def _with_the_same(connection: Connection, case_id: int, limit: int) -> set[int]:
    """The newest other cases with the same sender, or about the same supplier."""
    names = set(connection.execute(select(cases.c.who).where(cases.c.id == case_id)).scalars())
    names |= set(connection.execute(select(actions.c.who).where(actions.c.case_id == case_id)).scalars())
    found: set[int] = set()
    for name in names - {""}:
        for table, number in ((cases, cases.c.id), (actions, actions.c.case_id)):
            query = select(number).where(table.c.who == name, number != case_id).order_by(table.c.id.desc()).limit(limit)
            found |= set(connection.execute(query).scalars())
    return found
