"""Who may see what: a flow may say that only some groups read its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from kontorist.core.errors import NotFound
from kontorist.inbox.viewer import Viewer
from kontorist.store import actions as store
from kontorist.store import authority
from kontorist.store.tables import actions, cases, journal


def hidden_flows(viewer: Viewer) -> Sequence[str]:
    """The flows whose cases are for others only; auditors read everything."""
    return viewer.hidden


def is_hidden(hidden: Sequence[str], case: Any) -> Any:
    """Whether the case with the number in this column came to one of these flows, or was handed on to one.

    It is asked line by line: a list of all such cases, to see whether one is among them, takes longer with every case of the past.
    """
    of, through, asked = cases.alias(), journal.alias(), actions.alias()
    return or_(
        exists().where(of.c.id == case, of.c.flow.in_(hidden)),
        exists().where(through.c.case_id == case, through.c.flow.in_(hidden)),
        exists().where(asked.c.case_id == case, asked.c.flow.in_(hidden)),
    )


def hidden_cases(hidden: Sequence[str]) -> Any:
    """A query of the cases that came to one of these flows, or were handed on to one; to be narrowed to some."""
    return select(cases.c.id).where(is_hidden(hidden, cases.c.id))


def require_sight(connection: Connection, viewer: Viewer, case_id: int) -> None:
    """Raises NotFound, as if there were no such case, unless this person may read it or has to decide something in it."""
    hidden = hidden_flows(viewer)
    if not hidden or connection.execute(hidden_cases(hidden).where(cases.c.id == case_id)).scalar() is None:
        return
    rows = connection.execute(select(actions).where(actions.c.case_id == case_id))
    if not any(authority.may_decide(store.as_row(r), viewer.as_who) for r in rows) and not _is_asked(connection, viewer, case_id):
        raise NotFound(f"There is no case {case_id}; `kontorist cases list` shows those there are.")


def _is_asked(connection: Connection, viewer: Viewer, case_id: int) -> bool:
    """Whether a case asks something of this person."""
    query = select(cases.c.question).where(cases.c.id == case_id, cases.c.state == "unclear")
    question = connection.execute(query).scalar()
    return bool(isinstance(question, Mapping) and question.get("by")) and authority.may_answer(question, viewer.as_who)


def seen(connection: Connection, viewer: Viewer, found: Sequence[Any]) -> list[Any]:
    """Of these cases, those this person may read."""
    hidden = hidden_flows(viewer)
    if not hidden or not found:
        return list(found)
    query = hidden_cases(hidden).where(cases.c.id.in_([c.id for c in found]))
    theirs = set(connection.execute(query).scalars())
    return [c for c in found if c.id not in theirs]
