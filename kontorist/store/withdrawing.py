"""Closed cases: what was proposed for them is withdrawn, and nothing of it runs any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from kontorist.core.clock import utcnow
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.tables import actions, cases

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_STATE = select(cases.c.state).where(cases.c.id == bindparam("which")).with_for_update(read=True)
_GONE = {"state": "withdrawn", "effect_key": None, "error": "The case was closed."}
_CLOSED = (
    update(actions)
    .where(
        actions.c.state == "approved",
        select(cases.c.id).where(cases.c.id == actions.c.case_id, cases.c.state == "closed").exists(),
    )
    .returning(actions.c.id, actions.c.case_id)
)


def withdraw(connection: Connection, case_id: int) -> None:
    """Nobody has to decide, and nothing runs any more, what was proposed for a case that a person has closed."""
    undone = (actions.c.case_id == case_id, actions.c.state.in_(("proposed", "approved", "refused")))
    withdrawing = update(actions).where(*undone).values(**_GONE, updated=utcnow()).returning(actions.c.id, actions.c.case_id)
    _note_withdrawn(connection, connection.execute(withdrawing).all())


def withdraw_closed(connection: Connection) -> None:
    """Withdraw what was on its way when its case was closed, did not happen, and would be tried again now."""
    _note_withdrawn(connection, connection.execute(_CLOSED, {**_GONE, "updated": utcnow()}).all())


def is_closed(connection: Connection, case_id: int) -> bool:
    """Whether a person has ended this case; nobody ends it until the caller's transaction is over."""
    return connection.execute(_STATE, {"which": case_id}).scalar() == "closed"


def _note_withdrawn(connection: Connection, rows: Sequence[Any]) -> None:
    audit.append(connection, [Event("action.withdrawn", "case", f"action:{r.id}", {"case": r.case_id}) for r in sorted(rows)])
