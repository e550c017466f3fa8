"""How flows and connections are doing now: what is open, what is stuck, when something last came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from kontorist.store import figures
from kontorist.store.tables import cases

_REASON = 300
"""Characters of an error that tell reasons apart."""


@dataclass(frozen=True)
class FlowHealth:
    """One flow."""

    open: int = 0
    """Cards that wait for a decision."""
    oldest: datetime | None = None
    unclear: int = 0
    failed: int = 0
    running: int = 0
    last: datetime | None = None
    """When a case last came."""
    today: int = 0


@dataclass(frozen=True)
class Stuck:
    """Failed or unclear cases with the same reason in one flow: one look, one click."""

    flow: str
    state: str
    error: str
    count: int
    newest: int


def of_flows(connection: Connection, flows: Iterable[str], midnight: datetime) -> Mapping[str, FlowHealth]:
    """Every flow's health."""
    waiting = figures.oldest(connection)
    query = select(cases.c.flow, cases.c.state, func.count()).where(cases.c.state.in_(("unclear", "failed", "runnable")))
    stuck = {(r[0], r[1]): r[2] for r in connection.execute(query.group_by(cases.c.flow, cases.c.state))}
    found = {}
    for flow in flows:
        last = connection.execute(select(func.max(cases.c.created)).where(cases.c.flow == flow)).scalar()
        came = select(func.count()).where(cases.c.flow == flow, cases.c.created >= midnight)
        count, oldest = waiting.get(flow, (0, None))
        found[flow] = FlowHealth(
            count,
            oldest,
            stuck.get((flow, "unclear"), 0),
            stuck.get((flow, "failed"), 0),
            stuck.get((flow, "runnable"), 0),
            last,
            connection.execute(came).scalar_one(),
        )
    return found


def last_item(connection: Connection, name: str) -> datetime | None:
    """When something last came over a connection."""
    return connection.execute(select(func.max(cases.c.created)).where(cases.c.connection == name)).scalar()


def stuck(connection: Connection, limit: int = 100) -> list[Stuck]:
    """Failed and unclear cases by flow and reason, the most frequent first."""
    reason = func.substr(func.coalesce(cases.c.error, ""), 1, _REASON)
    query = select(cases.c.flow, cases.c.state, reason, func.count(), func.max(cases.c.id))
    query = query.where(cases.c.state.in_(("failed", "unclear"))).group_by(cases.c.flow, cases.c.state, reason)
    return [Stuck(*row) for row in connection.execute(query.order_by(cases.c.state, func.count().desc()).limit(limit))]


def alike(connection: Connection, state: str, flow: str, error: str, limit: int = 500) -> list[int]:
    """The cases of one line of `stuck`, by the state, flow and error of one of them."""
    reason = func.substr(func.coalesce(cases.c.error, ""), 1, _REASON)
    query = select(cases.c.id).where(cases.c.state == state, cases.c.flow == flow, reason == error[:_REASON])
    return list(connection.execute(query.order_by(cases.c.id).limit(limit)).scalars())
