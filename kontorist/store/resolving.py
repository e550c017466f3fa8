"""Uncertain actions: a person states whether they happened, and what came of it is added when it is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed
from kontorist.store import audit, conversations, leasing
from kontorist.store.action_revisions import compare_and_set, current, next_revision
from kontorist.store.actions import ActionRow, Shown, composer
from kontorist.store.audit import Event
from kontorist.store.authority import Who, may_decide
from kontorist.store.deciding import record
from kontorist.store.tables import actions


def resolve(connection: Connection, shown: Shown, who: Who, *, happened: bool, comment: str) -> None:
    """A person decides an uncertain action with the evidence before them: it happened, or it is proposed anew."""
    row = current(connection, shown, ("uncertain",))
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not decide action {row.id}.")
    record(connection, [row], "resolve", who, comment, utcnow())
    if happened:
        receipt = {"evidence": {"stated_by": who.name, "comment": comment}}  # what came of it is found out when its case goes on
        compare_and_set(connection, [shown], ("uncertain",), state="done", receipt=receipt, error=None)
        leasing.wake(connection, [row.case_id])
    else:
        next_revision(connection, row, row.payload, composer(connection, row), "did not happen; to be decided again")
    audit.append(connection, [Event("action.resolved", who.name, f"action:{row.id}", {"happened": happened, "comment": comment})])


def tell(connection: Connection, row: ActionRow, evidence: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """What is known of an action of which a person said that it happened: found outside, or what follows from its payload."""
    receipt = {"evidence": {**evidence, **row.receipt["evidence"]}, "outputs": dict(outputs)}
    connection.execute(update(actions).where(actions.c.id == row.id, actions.c.state == "done").values(receipt=receipt))
    conversations.sent(connection, [(row.case_id, outputs)])
    audit.append(
        connection, [Event("action.looked-up", "gate", f"action:{row.id}", {"found": bool(evidence), "receipt": evidence})]
    )
