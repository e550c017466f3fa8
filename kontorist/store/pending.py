"""The cards that wait for a person, with no more of each than is needed to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from kontorist.store.actions import OPEN
from kontorist.store.tables import actions


@dataclass(frozen=True)
class Pending:
    """A card that waits: the first of the actions that share it."""

    id: int
    flow: str
    sentence: str
    rule: Mapping[str, Any]
    assigned: str | None
    due: datetime | None


def pending(connection: Connection) -> list[Pending]:
    """Every card with something to decide, oldest first."""
    columns = (actions.c.card, actions.c.flow, actions.c.sentence, actions.c.rule, actions.c.assigned, actions.c.due)
    cards: dict[int, Pending] = {}
    for row in connection.execute(select(*columns).where(actions.c.state.in_(OPEN)).order_by(actions.c.id)):
        cards.setdefault(row.card, Pending(*row))
    return list(cards.values())
