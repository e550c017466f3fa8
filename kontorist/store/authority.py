"""Who may decide an action, how many have to approve it, and whose approvals count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed
from kontorist.store.actions import ActionRow, composer
from kontorist.store.many import among
from kontorist.store.tables import approvals

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_GIVEN = select(
    approvals.c.action_id, approvals.c.revision, approvals.c.decision, approvals.c.sha256, approvals.c.expires, approvals.c.person
).where(among(approvals.c.action_id, "which"))


@dataclass(frozen=True)
class Who:
    """A person deciding: their name, the groups they stand for, and the channel (`inbox`, `shell`)."""

    name: str
    groups: frozenset[str]
    channel: str = "inbox"


def may_decide(row: ActionRow, who: Who, now: datetime | None = None) -> bool:
    """Whether the rule, an assignment or an escalation lets this person decide."""
    return bool(addressees(row.rule, row.assigned, row.due, now or utcnow()) & (who.groups | {who.name}))


def may_answer(question: Any, who: Who, now: datetime | None = None) -> bool:
    """Whether an unclear case is this person's: one that names nobody is everybody's."""
    if not isinstance(question, Mapping) or not question.get("by"):
        return True
    return bool(addressees(question, None, question.get("due"), now or utcnow()) & (who.groups | {who.name}))


def addressees(rule: Mapping[str, Any], assigned: str | None, due: datetime | None, now: datetime) -> set[str]:
    """The groups and people that something is for: by its rule, by an assignment, and once it is overdue by escalation."""
    late = due is not None and due <= now
    return {
        *(rule.get("by") or ()),
        *([assigned] if assigned else ()),
        *([rule["escalate"]] if late and rule.get("escalate") else ()),
    }


def require_authority(connection: Connection, row: ActionRow, who: Who) -> None:
    """Raises NotAllowed where this person may not approve the action, or composed what four eyes have to see."""
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not decide action {row.id}; it is for {', '.join(row.rule.get('by') or ['nobody'])}.")
    if needed(row) > 1 and composer(connection, row) == who.name:
        raise NotAllowed("You composed this version yourself; with four eyes asked for, somebody else has to approve it.")


def needed(row: ActionRow) -> int:
    """How many different people have to approve; at least one, whatever a rule says."""
    return max(1, int(row.rule.get("count", 1)))


def approvers(connection: Connection, row: ActionRow, now: datetime) -> set[str]:
    """The different people whose approval of exactly this revision is valid now; nobody's, once it was rejected."""
    return approvers_of(connection, [row], now)[row.id]


def approvers_of(connection: Connection, rows: Sequence[ActionRow], now: datetime) -> dict[int, set[str]]:
    """`approvers` of several actions, by action."""
    given: dict[int, set[str]] = {row.id: set() for row in rows}
    shown = {row.id: row.shown for row in rows}
    refused = {
        row.id for row in rows if row.state == "refused"
    }  # outside: what was approved was tried, and is to be decided again
    for action_id, revision, decision, digest, expires, person in connection.execute(_GIVEN, {"which": list(given)}).all():
        row = shown[action_id]
        if revision != row.revision:
            continue
        if decision == "reject":
            refused.add(action_id)
        elif decision == "approve" and digest == row.sha256 and expires > now:
            given[action_id].add(person)
    return {action_id: set() if action_id in refused else people for action_id, people in given.items()}
