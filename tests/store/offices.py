"""Small stores with cases and actions in them, and people who decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.store import actions, cases, deciding, editing, ledger, proposing, tables, taking_in
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.authority import Who
from kontorist.store.cases import Case
from kontorist.store.database import Database
from kontorist.store.ledger import Claim
from kontorist.store.proposing import NewAction
from kontorist.store.taking_in import NewCase

ANNA = Who("anna", frozenset({"service"}))
OLE = Who("ole", frozenset({"service"}))
PETRA = Who("petra", frozenset({"accounting"}))
NEW = NewCase("orders", "v1", "office-mail", "key-1", "mail 1", "Where is my order?", {"text": "hello"})


def take_in(database: Database, *keys: str, **values: Any) -> list[int]:
    """New cases with these source keys."""
    with database.write() as connection:
        ids = taking_in.take_in(connection, [replace(NEW, source_key=k, **values) for k in keys], "intake")
    return [i for i in ids if i is not None]


def case(database: Database, case_id: int) -> Case:
    """A case as it is now."""
    with database.read() as connection:
        return cases.load(connection, [case_id])[0]


def new_action(database: Database, case_id: int | None = None, **values: Any) -> NewAction:
    """A proposal about to be stored, of a new case if none is given."""
    number = _count(database) + 1
    case_id = case_id or take_in(database, f"case-{number}")[0]
    given = {"path": f"reply-{number}", "business_key": f"fact-{number}", "rule": {"by": ["service"]}, **values}
    return NewAction(
        case_id=case_id,
        flow="orders",
        connection="office-mail",
        action="reply",
        **{"payload": {"text": "Dear customer"}, "sentence": "Reply", "origins": {}, "warnings": [], "rests_on": {}, **given},
    )


def propose(database: Database, case_id: int | None = None, **values: Any) -> ActionRow:
    """A proposal, of a new case if none is given."""
    new = new_action(database, case_id, **values)
    with database.write() as connection:
        action_id, _ = proposing.propose(connection, new)
    return get(database, action_id)


def _count(database: Database) -> int:
    with database.read() as connection:
        return len(actions.find(connection, state="all"))


def get(database: Database, action_id: int) -> ActionRow:
    """An action as it is now."""
    with database.read() as connection:
        return actions.get(connection, action_id)


def approve(database: Database, *rows: ActionRow, who: Who = ANNA, comment: str = "") -> list[str]:
    """Approve exactly these revisions."""
    with database.write() as connection:
        return deciding.approve(connection, [r.shown for r in rows], who, comment)


def reject(database: Database, *rows: ActionRow, who: Who = ANNA) -> None:
    """Reject exactly these revisions."""
    with database.write() as connection:
        deciding.reject(connection, [r.shown for r in rows], who, "not so")


def edit(database: Database, row: ActionRow, payload: Mapping[str, Any], who: Who = ANNA, **values: Any) -> Shown:
    """Store a person's version."""
    version = editing.Edit(**{"payload": payload, "sentence": "Reply", "warnings": [], "rests_on": {}, **values})
    with database.write() as connection:
        return editing.edit(connection, row.shown, version, who)


def claim(database: Database, owner: str = "worker", limit: int = 10) -> list[Claim]:
    """Claim what may run."""
    return ledger.claim(database, owner, limit=limit, lease_seconds=60)


def pass_time(database: Database, action_id: int, **ago: float) -> None:
    """As if the lease and the waiting time of an action lay in the past by so much."""
    moment = utcnow() - timedelta(**(ago or {"seconds": 1}))
    values = {"lease_until": moment, "not_before": moment}
    with database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.id == action_id).values(values))


def kinds(database: Database, subject: str) -> Sequence[str]:
    """The kinds of audit events of a subject, in order."""
    from kontorist.store import audit

    with database.read() as connection:
        return [e["kind"] for e in audit.read(connection, subject)]
