"""Revisions of actions: what is stored is compared with what was shown, and changed only where it is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import Stale
from kontorist.core.values import sha256
from kontorist.store import audit, facets
from kontorist.store.actions import ActionRow, Shown, as_row, composer, get
from kontorist.store.audit import Event
from kontorist.store.many import among, insert_rows
from kontorist.store.tables import actions, revisions

WITHDRAWABLE = ("proposed", "approved", "refused")
"""States in which nothing has left yet: an action can be edited and rejected."""

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_ADD_REVISION = insert(revisions)
_HELD = select(actions).where(among(actions.c.id, "which")).order_by(actions.c.id).with_for_update()
_SHOWN = cast(actions.c.id, String) + "/" + cast(actions.c.revision, String) + "/" + actions.c.sha256
_SAME = update(actions).where(
    among(actions.c.id, "which"),  # so that they are found
    among(_SHOWN, "shown", "texts"),
    actions.c.state.in_(bindparam("in_states", expanding=True)),
)


def current(connection: Connection, shown: Shown, states: tuple[str, ...]) -> ActionRow:
    """The action that was shown, if it still is that revision and in one of these states. Raises Stale."""
    return current_many(connection, [shown], states)[0]


def current_many(connection: Connection, shown: Sequence[Shown], states: tuple[str, ...]) -> list[ActionRow]:
    """`current` of several, which nobody else decides meanwhile: two pairs of eyes at the same moment must see each other."""
    ids = [item.action_id for item in shown]
    found = {row.id: as_row(row) for row in connection.execute(_HELD, {"which": ids}).all()}
    for item in shown:
        _require_current(found.get(item.action_id) or get(connection, item.action_id), item, states)
    if len(found) != len(ids):
        raise Stale("One of these is named twice; each is decided once.")
    return [found[i] for i in ids]


def _require_current(row: ActionRow, shown: Shown, states: tuple[str, ...]) -> None:
    if (row.revision, row.sha256) != (shown.revision, shown.sha256):
        raise Stale(f"Action {row.id} has a newer revision ({row.revision}); look at it and decide again.")
    if row.state not in states:
        raise Stale(f"Action {row.id} is {row.state} already.")


def compare_and_set(connection: Connection, shown: Sequence[Shown], states: tuple[str, ...], **values: Any) -> None:
    """Compare and set on (id, revision, hash, state) of each. Raises Stale when somebody else was faster."""
    seen = [f"{s.action_id}/{s.revision}/{s.sha256}" for s in shown]
    same = {"which": [s.action_id for s in shown], "shown": seen, "in_states": states}
    if connection.execute(_SAME, {**same, "updated": utcnow(), **values}).rowcount != len(shown):
        numbers = ", ".join(str(s.action_id) for s in shown)
        raise Stale(f"Action {numbers} was changed by somebody else; look at it again.")


def next_revision(connection: Connection, row: ActionRow, payload: bytes, by: str, reason: str, **values: Any) -> Shown:
    """Store the next revision, proposed anew, with other columns of it; returns what to show now. Raises Stale."""
    now, new = utcnow(), Shown(row.id, row.revision + 1, sha256(payload))
    values = {**values, **_relisted(row, payload, values)}
    compare_and_set(connection, [row.shown], (row.state,), revision=new.revision, payload=payload, sha256=new.sha256, state="proposed", not_before=None, error=None, **values)  # fmt: skip
    keep_revision(connection, row.id, new.revision, payload, by, reason, now)
    return new


def renew(connection: Connection, row: ActionRow, reason: str, actor: str, warnings: Sequence[Mapping[str, Any]]) -> None:
    """What its approval rested on has changed: the same payload as a new revision with these warnings, to be decided again."""
    next_revision(connection, row, row.payload, composer(connection, row), reason, warnings=list(warnings))
    audit.append(connection, [Event("action.voided", actor, f"action:{row.id}", {"reason": reason})])


def _relisted(row: ActionRow, payload: bytes, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns for lists, of a new revision; whom it is about stays."""
    rule, warnings = values.get("rule", row.rule), values.get("warnings", row.warnings)
    amount = facets.number_of(facets.amount_of([facets.payload_of(payload)], rule)[0])
    return {**facets.ruled(rule, row.assigned), "risk": facets.risk_of(warnings), "amount": amount}


def keep_revision(
    connection: Connection, action_id: int, revision: int, payload: bytes, by: str, reason: str, now: datetime
) -> None:
    """Keep a revision of a payload: who composed it and why."""
    about = {"action_id": action_id, "revision": revision, "composed_by": by, "reason": reason, "at": now}
    connection.execute(_ADD_REVISION, {**about, "payload": payload, "sha256": sha256(payload)})


def keep_first(connection: Connection, proposals: Sequence[tuple[Mapping[str, Any], int]]) -> None:
    """First revisions of what a flow has proposed: each as it is stored, and its number."""
    written = [(i, 1, v["payload"], v["sha256"], "flow", "", v["created"]) for v, i in proposals]
    insert_rows(connection, revisions, ("action_id", "revision", "payload", "sha256", "composed_by", "reason", "at"), written)
