"""The log of what was decided: a line for each card, the newest decision first, with who decided and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, not_, select

from kontorist.inbox.sight import is_hidden
from kontorist.inbox.viewer import Viewer
from kontorist.store import searching
from kontorist.store.many import one_of
from kontorist.store.tables import DECIDED_STATES, actions, approvals

_LINE = tuple(actions.c[name] for name in ("id", "card", "flow", "who", "sentence", "state", "updated"))
_LATER = approvals.alias()
_LAST = select(func.max(_LATER.c.id)).where(_LATER.c.action_id == approvals.c.action_id).scalar_subquery()


@dataclass
class Decided:
    """One card of the log; `head` is the action that speaks for it."""

    head: Any
    others: list[Any] = field(default_factory=list)
    """What is done with it, by the same decision."""
    people: Sequence[str] = ()
    """Who took the last decision; of several who had to agree, all."""
    at: datetime | None = None


def log(connection: Connection, viewer: Viewer, words: str, skip: int, limit: int) -> list[Decided]:
    """What was decided; with words, of all cards that were ever closed those of cases that have them, the newest card first."""
    query = select(*_LINE).where(DECIDED_STATES, actions.c.id == actions.c.card)
    if viewer.hidden:
        query = query.where(not_(is_hidden(viewer.hidden, actions.c.case_id)))
    if words:
        found = searching.numbers(connection, query, actions.c.id, actions.c.case_id, words, skip, limit)
        query = query.where(one_of(actions.c.id, found)).order_by(actions.c.id.desc())
    else:
        # decisions are numbered as they come: from the last one back, each card where its last decision stands
        query = query.join(approvals, approvals.c.action_id == actions.c.id).where(approvals.c.id == _LAST)
        query = query.order_by(approvals.c.id.desc()).limit(limit).offset(skip)
    lines = {row.card: Decided(row) for row in connection.execute(query)}
    _add_others(connection, lines)
    _add_people(connection, lines)
    return list(lines.values())


def _add_others(connection: Connection, lines: Mapping[int, Decided]) -> None:
    query = select(*_LINE).where(one_of(actions.c.card, list(lines)), actions.c.id != actions.c.card)
    for row in connection.execute(query.order_by(actions.c.id)):
        lines[row.card].others.append(row)


def _add_people(connection: Connection, lines: Mapping[int, Decided]) -> None:
    columns = (approvals.c.action_id, approvals.c.revision, approvals.c.decision, approvals.c.person, approvals.c.at)
    query = select(*columns).where(one_of(approvals.c.action_id, list(lines))).order_by(approvals.c.id.desc())
    last: dict[int, Any] = {}
    for row in connection.execute(query):
        newest, line = last.setdefault(row.action_id, row), lines[row.action_id]
        if (row.revision, row.decision) == (newest.revision, newest.decision):
            line.people, line.at = (row.person, *line.people), line.at or row.at
