"""Which worker works on a case, and when a waiting one runs on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, bindparam, or_, select, update

from kontorist.core.clock import utcnow
from kontorist.store.many import among
from kontorist.store.tables import actions, cases, journal

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_THESE = among(cases.c.id, "which")
_FREE = (
    select(cases.c.id, cases.c.flow)
    .where(
        cases.c.state == "runnable",
        or_(cases.c.lease_until.is_(None), cases.c.lease_until < bindparam("now")),
        or_(cases.c.not_before.is_(None), cases.c.not_before <= bindparam("now")),
    )
    .order_by(cases.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_FREE_OF = _FREE.where(cases.c.flow == bindparam("flow"))
_CHANGE = update(cases).where(_THESE)
_STILL_HELD = (
    select(cases.c.id)
    .where(_THESE, cases.c.state == "runnable", cases.c.lease_owner == bindparam("owner"))
    .order_by(cases.c.id)
    .with_for_update()
)
_RELEASE = (
    update(cases)
    .where(cases.c.state == "runnable", cases.c.lease_owner == bindparam("owner"))  # by state, which has an index
    .values(lease_until=None, lease_owner=None)
)
_LOCK = select(cases.c.id).where(_THESE).order_by(cases.c.id).with_for_update()
_WAKE = update(cases).where(_THESE, cases.c.state == "waiting")
NOTED = select(journal.c.path).where(
    journal.c.case_id == actions.c.case_id, journal.c.path == actions.c.path, journal.c.voided.is_(False)
)
"""What the journal says of an action; to be correlated with it."""
_SETTLED = select(actions.c.id).where(
    actions.c.case_id == cases.c.id, actions.c.state.in_(("done", "rejected")), ~NOTED.correlate(actions).exists()
)
_WAKE_SETTLED = update(cases).where(_THESE, _SETTLED.correlate(cases).exists())


def lease(connection: Connection, owner: str, limit: int, seconds: float, flow: str | None = None) -> list[int]:
    """Lease runnable cases whose lease is free or dead, oldest first. PostgreSQL workers skip each other's rows."""
    now = utcnow()
    wanted = {"now": now, "at_most": limit}
    ids = list(connection.execute(*((_FREE_OF, wanted | {"flow": flow}) if flow else (_FREE, wanted))).scalars())
    if ids:
        connection.execute(_CHANGE, {"which": ids, "lease_until": now + timedelta(seconds=seconds), "lease_owner": owner})
    return ids


def lease_next(connection: Connection, owner: str, sizes: Callable[[str], int], seconds: float) -> tuple[str, list[int]]:
    """Lease cases of the flow whose turn it is, that of the oldest free case; as many as `sizes` says for it."""
    first = connection.execute(_FREE, {"now": utcnow(), "at_most": 1}).first()
    if first is None:
        return "", []
    return first.flow, lease(connection, owner, sizes(first.flow), seconds, first.flow)


def take(connection: Connection, ids: Sequence[int], owner: str, seconds: float) -> None:
    """Lease these cases of a store that nobody else works on."""
    connection.execute(_CHANGE, {"which": list(ids), "lease_until": utcnow() + timedelta(seconds=seconds), "lease_owner": owner})


def release(connection: Connection, owner: str) -> None:
    """Give back what this worker has leased and did not finish."""
    connection.execute(_RELEASE, {"owner": owner})


def held(connection: Connection, ids: Sequence[int], owner: str) -> set[int]:
    """Which of these cases this worker may still move: runnable and leased to it; one that nobody has may have been another's meanwhile."""
    return set(connection.execute(_STILL_HELD, {"which": list(ids), "owner": owner}).scalars())


def renew(connection: Connection, ids: Sequence[int], owner: str, seconds: float) -> None:
    """Keep for so much longer what this worker still has of these cases."""
    mine = (_THESE, cases.c.lease_owner == owner, cases.c.state == "runnable")
    until = utcnow() + timedelta(seconds=seconds)
    connection.execute(update(cases).where(*mine).values(lease_until=until), {"which": list(ids)})


def lock(connection: Connection, ids: Sequence[int]) -> None:
    """Wait for whoever is about to say something of these cases. SQLite has one writer."""
    if ids and connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"which": list(ids)})


def wake(connection: Connection, ids: Sequence[int]) -> None:
    """Let waiting cases run on (an action of theirs was settled)."""
    if ids:
        lock(connection, ids)  # a worker may be about to say `waiting`
        connection.execute(_WAKE, {"which": list(ids), "state": "runnable", "updated": utcnow(), "lease_until": None})


def wake_settled(connection: Connection, ids: Sequence[int]) -> None:
    """A decision may have come while the case was still being worked on: then it does not wait at all."""
    if ids:
        connection.execute(_WAKE_SETTLED, {"which": list(ids), "state": "runnable"})
