"""Voided approvals: what they rested on has changed, and the action is to be decided again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from kontorist.store import conversations
from kontorist.store.action_revisions import renew
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.tables import actions


def void(connection: Connection, row: ActionRow, reason: str, actor: str, code: str = "changed") -> None:
    """What the approval rested on has changed: a new revision with the reason as a warning, to be decided again."""
    kept = [w for w in row.warnings if w.get("code") != code]
    renew(connection, row, reason, actor, [*kept, {"code": code, "text": reason, "stop": False}])


def void_threads(connection: Connection, keys: Sequence[str], new_case: int, reason: str) -> int:
    """A new mail came in these conversations: void what is proposed or approved in them. Returns how many."""
    ids = [i for i in conversations.in_thread(connection, keys) if i != new_case]
    query = select(actions).where(actions.c.case_id.in_(ids), actions.c.state.in_(("proposed", "approved")))
    rows = [as_row(r) for r in connection.execute(query.order_by(actions.c.id).with_for_update())] if ids else []
    for row in rows:
        void(connection, row, reason, "intake", "thread")
    return len(rows)
