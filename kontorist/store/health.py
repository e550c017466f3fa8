"""How flows and connections are doing now: what is open, what is stuck, when something last came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from kontorist.store import figures
from kontorist.store.tables import cases

_REASON = 300
"""Characters of an error that tell reasons apart."""
_REASONS = 5000
"""Different reasons that are looked at; beyond that somebody has to mend something, whatever is listed."""
_VALUE = re.compile(r"""„[^“]*“|“[^”]*”|"[^"]*"|'[^']*'|\S*[\d@]\S*""")
_VALUES = re.compile(r"…(?:[\s,;]+…)+")


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
    """Failed or unclear cases with the same cause in one flow: one look, one click."""

    flow: str
    state: str
    error: str
    """The reason of the newest one."""
    count: int
    newest: int
    reasons: int = 1
    """In how many wordings, with different values, the cause was told."""


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
    """Failed and unclear cases by flow and cause, the most frequent first."""
    reason = func.substr(func.coalesce(cases.c.error, ""), 1, _REASON)
    query = select(cases.c.flow, cases.c.state, reason, func.count(), func.max(cases.c.id))
    query = query.where(cases.c.state.in_(("failed", "unclear"))).group_by(cases.c.flow, cases.c.state, reason)
    found: dict[tuple[str, str, str], Stuck] = {}
    for row in connection.execute(query.order_by(func.max(cases.c.id).desc()).limit(_REASONS)):
        one = Stuck(*row)
        key = (one.flow, one.state, cause(one.error))
        newer = found.get(key)
        found[key] = replace(newer, count=newer.count + one.count, reasons=newer.reasons + 1) if newer else one
    return sorted(found.values(), key=lambda s: (s.state, -s.count, -s.newest))[:limit]


def alike(connection: Connection, state: str, flow: str, error: str, limit: int = 500) -> list[int]:
    """The cases of one line of `stuck`, by the state, flow and error of one of them."""
    reason = func.substr(func.coalesce(cases.c.error, ""), 1, _REASON)
    query = select(cases.c.id, reason).where(cases.c.state == state, cases.c.flow == flow).order_by(cases.c.id)
    wanted = cause(error[:_REASON])
    return [number for number, text in connection.execute(query) if cause(text) == wanted][:limit]


def cause(reason: str) -> str:
    """A reason without its values: what is quoted, has a digit in it or is an address."""
    return _VALUES.sub("…", _VALUE.sub("…", reason))
