"""The cards and questions that wait for a person, with no more of each than is needed to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from kontorist.store.actions import OPEN
from kontorist.store.tables import actions, cases


@dataclass(frozen=True)
class Pending:
    """A card that waits: the first of the actions that share it; or an unclear case that is for somebody."""

    id: int
    flow: str
    sentence: str
    rule: Mapping[str, Any]
    assigned: str | None
    due: datetime | None
    is_case: bool = False

    @property
    def key(self) -> str:
        """What it is told apart by: a case that asks again, until another moment, is another thing to tell."""
        return f"case:{self.id}@{self.due.isoformat() if self.due else ''}" if self.is_case else str(self.id)


def pending(connection: Connection) -> list[Pending]:
    """Every card with something to decide and every question to somebody, oldest first."""
    columns = (actions.c.card, actions.c.flow, actions.c.sentence, actions.c.rule, actions.c.assigned, actions.c.due)
    cards: dict[int, Pending] = {}
    for row in connection.execute(select(*columns).where(actions.c.state.in_(OPEN)).order_by(actions.c.id)):
        cards.setdefault(row.card, Pending(*row))
    return [*cards.values(), *_questions(connection)]


def _questions(connection: Connection) -> list[Pending]:
    columns = (cases.c.id, cases.c.flow, cases.c.error, cases.c.title, cases.c.question, cases.c.due)
    somebody = or_(cases.c.deciders != "", cases.c.escalate != "")
    query = select(*columns).where(cases.c.state == "unclear", somebody).order_by(cases.c.id)
    return [
        Pending(number, flow, error or title, question or {}, None, due, is_case=True)
        for number, flow, error, title, question, due in connection.execute(query)
    ]
