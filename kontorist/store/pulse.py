"""Whether there is anything to do: cheap enough to be asked several times a second."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from kontorist.store.tables import actions, cases, events


def last_event(connection: Connection) -> int:
    """The number of the newest event: every decision, arrival and effect adds one."""
    return connection.execute(select(func.max(events.c.seq))).scalar() or 0


def next_moment(connection: Connection, after: datetime) -> datetime | None:
    """When the next thing that waits for its time may go on: an undo window that ends, a repetition that is due."""
    found = [
        connection.execute(select(func.min(t.c.not_before)).where(t.c.state == state, t.c.not_before > after)).scalar()
        for t, state in ((actions, "approved"), (cases, "runnable"))
    ]
    return min((moment for moment in found if moment is not None), default=None)


def waiting(connection: Connection, now: datetime) -> bool:
    """Whether there is work that nobody has taken: a case to move on, or an approved action whose time has come."""
    return runnable(connection, now) or approved(connection, now)


def runnable(connection: Connection, now: datetime) -> bool:
    """Whether there is a case to move on that nobody has taken."""
    free = cases.c.lease_until.is_(None) | (cases.c.lease_until < now)
    due = cases.c.not_before.is_(None) | (cases.c.not_before <= now)
    case = select(cases.c.id).where(cases.c.state == "runnable", free, due).limit(1)
    return connection.execute(case).first() is not None


def approved(connection: Connection, now: datetime) -> bool:
    """Whether there is an approved action whose time has come and that nobody has taken."""
    ready = actions.c.not_before.is_(None) | (actions.c.not_before <= now)
    action = select(actions.c.id).where(actions.c.state == "approved", ready).limit(1)
    return connection.execute(action).first() is not None
