"""Actions as they are stored, and reading them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import attrs
from sqlalchemy import Connection, Select, bindparam, func, select

from kontorist.core.errors import NotFound
from kontorist.store.many import among
from kontorist.store.tables import actions, approvals, revisions

STATES = ("proposed", "approved", "claimed", "committing", "done", "refused", "uncertain", "rejected", "expired", "withdrawn")
OPEN = ("proposed", "uncertain", "refused")
"""States in which a person has to decide."""
# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_OF_CASES = select(actions).where(among(actions.c.case_id, "which")).order_by(actions.c.id)
_ONE = select(actions).where(actions.c.id == bindparam("which"))


@attrs.frozen(slots=False)
class Shown:
    """What was before a person's eyes when they decided."""

    action_id: int
    revision: int
    sha256: str


@dataclass(frozen=True)
class ActionRow:
    """An action as it is stored."""

    id: int
    key: str
    case_id: int
    flow: str
    path: str
    connection: str
    action: str
    business_key: str
    revision: int
    payload: bytes = field(repr=False)
    sha256: str
    sentence: str
    origins: Mapping[str, Any]
    warnings: Sequence[Mapping[str, Any]]
    rests_on: Mapping[str, Any]
    rule: Mapping[str, Any]
    card: int
    state: str
    assigned: str | None
    due: datetime | None
    not_before: datetime | None
    attempt: int
    receipt: Any
    error: str | None
    model: str | None
    created: datetime
    updated: datetime

    @property
    def data(self) -> dict[str, Any]:
        """The payload, parsed."""
        value: dict[str, Any] = json.loads(self.payload)  # as the permit reads it: what is shown is what runs
        return value

    @property
    def stated_by(self) -> str:
        """Who said that this happened, where nobody could know it from here."""
        return str(((self.receipt or {}).get("evidence") or {}).get("stated_by") or "") if self.state == "done" else ""

    @property
    def shown(self) -> Shown:
        """The current revision, for a decision about exactly it."""
        return Shown(self.id, self.revision, self.sha256)


FIELDS = tuple(ActionRow.__dataclass_fields__)
"""What is read of an action."""
_PICK = itemgetter(*[list(actions.c.keys()).index(name) for name in FIELDS])


def as_row(row: Any) -> ActionRow:
    """A typed action from a row of `select(actions)`: by place, many times quicker than by name."""
    return made_of(_PICK(row))


def made_of(values: Sequence[Any]) -> ActionRow:
    """An action from the values of its FIELDS, as unpickling makes one: a frozen dataclass sets each of 27 by a call."""
    made = object.__new__(ActionRow)
    made.__dict__.update(zip(FIELDS, values, strict=True))
    return made


def get(connection: Connection, action_id: int) -> ActionRow:
    """One action. Raises NotFound."""
    row = connection.execute(_ONE, {"which": action_id}).first()
    if row is None:
        raise NotFound(f"There is no action {action_id}; `kontorist inbox list` shows those there are.")
    return as_row(row)


def card(connection: Connection, action_id: int) -> list[ActionRow]:
    """All actions on the card of this action, the leading one first."""
    head = get(connection, action_id).card
    return [as_row(r) for r in connection.execute(select(actions).where(actions.c.card == head).order_by(actions.c.id))]


def told_once(warnings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each warning once, though both an agent and the connector give it; it stops or blocks where one of them does."""
    found: dict[str, dict[str, Any]] = {}
    for one in warnings:
        told = found.setdefault(str(one.get("text", "")), dict(one))
        told |= {sign: True for sign in ("stop", "blocks") if one.get(sign)}
    return list(found.values())


def find(
    connection: Connection, *, state: str = "open", limit: int = 1000, after: int = 0, case_id: int | None = None
) -> list[ActionRow]:
    """Actions in a state (`open`: those a person has to decide; `all`), due ones first."""
    given = {"at_most": limit, "after": after, "state": state, "of_case": case_id}
    return [as_row(r) for r in connection.execute(_finding(state, case_id is not None), given).all()]


@functools.cache
def _finding(state: str, of_case: bool) -> Select[Any]:
    query = select(actions).order_by(actions.c.due.is_(None), actions.c.due, actions.c.id)
    query = query.limit(bindparam("at_most")).offset(bindparam("after"))
    if state == "open":
        query = query.where(actions.c.state.in_(OPEN))
    elif state != "all":
        query = query.where(actions.c.state == bindparam("state"))
    return query.where(actions.c.case_id == bindparam("of_case")) if of_case else query


def of_cases(connection: Connection, ids: Sequence[int]) -> dict[int, list[ActionRow]]:
    """The actions of several cases, by case."""
    result: dict[int, list[ActionRow]] = {}
    for row in connection.execute(_OF_CASES, {"which": list(ids)}).all():
        result.setdefault(row.case_id, []).append(as_row(row))
    return result


def counts(connection: Connection) -> dict[str, int]:
    """How many actions are in each state."""
    rows = connection.execute(select(actions.c.state, func.count()).group_by(actions.c.state))
    return {r[0]: r[1] for r in rows}


def decisions(connection: Connection, action_id: int) -> list[dict[str, Any]]:
    """Every decision about an action, oldest first."""
    query = select(approvals).where(approvals.c.action_id == action_id).order_by(approvals.c.id)
    return [dict(r._mapping) for r in connection.execute(query)]


def history(connection: Connection, action_id: int) -> list[dict[str, Any]]:
    """Every revision of an action's payload, oldest first."""
    query = select(revisions).where(revisions.c.action_id == action_id).order_by(revisions.c.revision)
    return [{**r._mapping, "payload": json.loads(r.payload)} for r in connection.execute(query)]


def composer(connection: Connection, row: ActionRow) -> str:
    """Who composed the current revision: a person, or `flow`."""
    query = select(revisions.c.composed_by).where(revisions.c.action_id == row.id, revisions.c.revision == row.revision)
    return str(connection.execute(query).scalar())
