"""Asking back: a question to the sender as an action of its own; the card or case it is about rests until the answer comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import Stale
from kontorist.store import actions, audit, authority, cases, deciding, proposing
from kontorist.store.actions import Shown
from kontorist.store.audit import Event
from kontorist.store.authority import Who
from kontorist.store.proposing import NewAction
from kontorist.store.tables import actions as actions_table
from kontorist.store.tables import cases as cases_table
from kontorist.store.tables import journal

PATIENCE = timedelta(days=7)
"""After that it comes back by itself: a time-out decides nothing."""
PREFIX = "ask-"


@dataclass(frozen=True)
class Question:
    """A mail to the sender, as its connector would send it."""

    connection: str
    action: str
    payload: Mapping[str, Any]
    sentence: str
    warnings: Sequence[Mapping[str, Any]]
    rests_on: Mapping[str, Any]
    business_key: str
    rule: Mapping[str, Any]


def ask(connection: Connection, case_id: int, flow: str, question: Question, who: Who) -> int:
    """Propose the question; whoever wrote it approves it with that, unless more eyes are asked for. Returns the action."""
    number = _asked(connection, case_id) + 1
    path = f"{PREFIX}{number}"
    new = NewAction(
        case_id, flow, path, question.connection, question.action, f"{question.business_key}#{path}", question.payload,
        question.sentence, {k: [f"person:{who.name}"] for k in question.payload}, question.warnings, question.rests_on, question.rule,
    )  # fmt: skip
    action_id, _ = proposing.propose(connection, new, composed_by=who.name)
    _journal(connection, case_id, path, flow, question, who)
    row = actions.get(connection, action_id)
    if authority.needed(row) == 1:
        deciding.approve(connection, [row.shown], who, "asked back")
    return action_id


def _asked(connection: Connection, case_id: int) -> int:
    query = select(func.count()).where(actions_table.c.case_id == case_id, actions_table.c.path.startswith(PREFIX))
    return connection.execute(query).scalar_one()


def _journal(connection: Connection, case_id: int, path: str, flow: str, question: Question, who: Who) -> None:
    """The flow neither waits for the question nor sees it; people see it in the case's trace."""
    (case,) = cases.load(connection, [case_id])
    connection.execute(
        insert(journal).values(
            case_id=case_id, round=case.round, path=path, seq=len(case.journal), step="", kind="ask", flow=flow,
            output={"question": question.payload.get("body", "")}, evidence={}, info={"answered_by": who.name}, model="", ms=0.0,
            voided=False, at=utcnow(),
        )
    )  # fmt: skip


def park_card(connection: Connection, shown: Sequence[Shown], who: Who) -> None:
    """The actions of a card rest until an answer comes, or for a week. Raises Stale when one was decided meanwhile."""
    until = utcnow() + PATIENCE
    for item in shown:
        same = (
            actions_table.c.id == item.action_id,
            actions_table.c.revision == item.revision,
            actions_table.c.state.in_(("proposed", "refused")),
        )
        rests_on = _asked_by_us(actions.get(connection, item.action_id).rests_on)
        values = {"not_before": until, "rests_on": rests_on, "updated": utcnow()}
        if not connection.execute(update(actions_table).where(*same).values(values)).rowcount:
            raise Stale(f"Action {item.action_id} was changed by somebody else; look at it again.")
        audit.append(connection, [Event("action.parked", who.name, f"action:{item.action_id}", {"until": until.isoformat()})])


def _asked_by_us(rests_on: Mapping[str, Any]) -> dict[str, Any]:
    """Our own question marks the mail as answered: that is no change that somebody else has made."""
    seen = rests_on.get("connector")
    return {**rests_on, "connector": {**seen, "answered": True}} if seen and "answered" in seen else dict(rests_on)


def park_case(connection: Connection, case_id: int, who: Who) -> None:
    """An unclear case rests until an answer comes, or for a week. Raises Stale when it was answered meanwhile."""
    until = utcnow() + PATIENCE
    mine = (cases_table.c.id == case_id, cases_table.c.state == "unclear")
    if not connection.execute(update(cases_table).where(*mine).values(not_before=until, updated=utcnow())).rowcount:
        raise Stale("This question was answered already, or has changed. Look at the case again.")
    audit.append(connection, [Event("case.parked", who.name, f"case:{case_id}", {"until": until.isoformat()})])


def resume(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """A mail came for these cases: those that rest as unclear come back, with the reason as a note."""
    query = select(cases_table.c.id, cases_table.c.warnings).where(cases_table.c.id.in_(ids), cases_table.c.state == "unclear")
    for row in connection.execute(query.where(cases_table.c.not_before.is_not(None)).order_by(cases_table.c.id)).all():
        values = {"not_before": None, "warnings": [*(row.warnings or []), reason], "updated": utcnow()}
        connection.execute(update(cases_table).where(cases_table.c.id == row.id).values(values))
        audit.append(connection, [Event("case.resumed", "intake", f"case:{row.id}", {})])
