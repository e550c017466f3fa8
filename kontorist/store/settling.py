"""Payments of open items: whoever takes an item to be unpaid is told of a payment to it that waits or was made just now.

An action says under `rests_on` which items it `settles` and which it takes to be `unpaid`, by their names (kontorist.core.open_items).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from kontorist.core.clock import utcnow
from kontorist.store.action_revisions import renew
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.many import insert_new
from kontorist.store.tables import action_items, actions, storable

CODE = "paid"
SETTLES, UNPAID = "settles", "unpaid"
TOLD = "payments"
"""Under `rests_on`: the cards of payments that were told when it was about to be carried out."""
_ALIVE = ("proposed", "approved", "claimed", "committing", "uncertain", "refused")
_SETTLED_LATELY = timedelta(days=14)
"""So long the list of open items may not know a payment that was posted: after that it does, or the rest is open indeed."""


def payments(connection: Connection, rests_on: Mapping[str, Any], but: int = 0) -> list[dict[str, Any]]:
    """A warning for each payment to items that an action takes to be unpaid."""
    if not (keys := _keys(rests_on, UNPAID)):
        return []
    recent = (actions.c.state == "done") & (actions.c.updated >= utcnow() - _SETTLED_LATELY)
    query = _linked(SETTLES, keys).where(or_(actions.c.state.in_(_ALIVE), recent), actions.c.id != but)
    found = connection.execute(query.with_only_columns(actions.c.card, actions.c.sentence).distinct().order_by(actions.c.card))
    return [_warning(row.card, row.sentence) for row in found]


def _warning(card: int, sentence: str) -> dict[str, Any]:
    text = f"There is a payment that is not considered here, card {card}: {sentence}"
    return {"code": CODE, "text": text, "stop": False, "card": card}


def link(connection: Connection, made: Sequence[tuple[int, int, Mapping[str, Any]]]) -> None:
    """Note which items actions (with case and what they rest on) settle or take to be unpaid; those that others settle now are told."""
    rows = [
        {"key": key, "role": role, "action_id": action_id, "case_id": case_id}
        for action_id, case_id, rests_on in made
        for role in (SETTLES, UNPAID)
        for key in _keys(rests_on, role)
    ]
    if rows:
        connection.execute(insert_new(connection, action_items), rows)
    if settled := {key for _, _, rests_on in made for key in _keys(rests_on, SETTLES)}:
        _tell(connection, sorted(settled))


def unseen(connection: Connection, row: ActionRow) -> list[dict[str, Any]]:
    """The warnings of which nobody knew who approved this action."""
    told = {w.get("card") for w in row.warnings if w.get("code") == CODE}
    told |= set(row.rests_on.get(TOLD) or ())
    return [w for w in payments(connection, row.rests_on, row.id) if w["card"] not in told]


def _tell(connection: Connection, keys: Sequence[str]) -> None:
    """Actions that nobody has carried out yet and that take these items to be unpaid are to be decided again."""
    query = _linked(UNPAID, keys).where(actions.c.state.in_(("proposed", "approved"))).with_only_columns(actions.c.id)
    ids = sorted(set(connection.execute(query).scalars()))
    for row in map(
        as_row, connection.execute(select(actions).where(actions.c.id.in_(ids)).order_by(actions.c.id).with_for_update())
    ):
        if new := unseen(connection, row):
            reason = "A payment has come for what this takes to be unpaid."
            renew(connection, row, reason, "store", [*row.warnings, *new])


def _keys(rests_on: Mapping[str, Any], role: str) -> list[str]:
    named: Iterable[Any] = rests_on.get(role) or ()
    return list(dict.fromkeys(storable(str(key))[:255] for key in named))


def _linked(role: str, keys: Sequence[str]) -> Any:
    here = (action_items.c.role == role, action_items.c.key.in_(keys))
    return select(actions).join(action_items, action_items.c.action_id == actions.c.id).where(*here)
