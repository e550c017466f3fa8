"""How long a card was really open before it was decided; kept by day and flow, never by person."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from kontorist.core.clock import utcnow
from kontorist.store.tables import actions, handling, revisions

LONGEST = 30 * 60
"""Seconds; whoever has a card open for longer went away, and nothing was measured."""


def keep(connection: Connection, card: int, outcome: str, seconds: float, zone: str) -> None:
    """Keep one measurement: `outcome` is approved or rejected; an approval of what a person has changed counts as edited."""
    if not 0 < seconds <= LONGEST:
        return
    flow = connection.execute(select(actions.c.flow).where(actions.c.id == card)).scalar()
    if flow is None:
        return
    if outcome == "approved" and is_edited(connection, [card]):
        outcome = "edited"
    day = utcnow().astimezone(ZoneInfo(zone)).date().isoformat()
    connection.execute(insert(handling).values(day=day, flow=flow, outcome=outcome, seconds=max(1, round(seconds))))


def is_edited(connection: Connection, cards: Sequence[int]) -> bool:
    """Whether a person has written a version of an action on one of these cards."""
    same = revisions.c.action_id == actions.c.id
    query = select(revisions.c.action_id).join(actions, same).where(actions.c.card.in_(cards), revisions.c.composed_by != "flow")
    return connection.execute(query.limit(1)).first() is not None
