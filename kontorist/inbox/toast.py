"""The small note after a decision: what was decided, when it leaves, and how to undo it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound
from kontorist.inbox.security import number_in
from kontorist.inbox.sight import require_sight
from kontorist.inbox.viewer import Viewer
from kontorist.store import actions, authority, office_state
from kontorist.store.actions import ActionRow
from kontorist.store.office_state import Stops

KINDS = (
    "approved",
    "first",
    "rejected",
    "handed",
    "saved",
    "back",
    "answered",
    "retried",
    "closed",
    "settled",
    "stops",
    "asked",
    "redraft",
    "person",
    "flow",
)


@dataclass(frozen=True)
class Toast:
    """What to say; `row` is the decided action where there is one, `seconds` how long it can be taken back."""

    kind: str
    row: ActionRow | None = None
    seconds: int = 0
    undo: bool = False
    held: bool = False
    """Whether the stop button holds back what was approved."""


def toast(connection: Connection, viewer: Viewer, query: Mapping[str, str]) -> Toast | None:
    """The note that the address asks for; it only shows what the store says."""
    kind, card = query.get("did", ""), number_in(query.get("of", ""))
    if kind not in KINDS:
        return None
    if card is None or kind in ("answered", "retried", "closed", "stops", "person", "flow"):
        return Toast(kind)
    try:
        rows = actions.card(connection, card)
        require_sight(connection, viewer, rows[0].case_id)
    except NotFound:
        return None
    waits = [r for r in rows if r.state == "approved" and r.not_before]
    left = max((math.ceil((r.not_before - utcnow()).total_seconds()) for r in waits if r.not_before), default=0)
    allowed = viewer.decides and all(authority.may_decide(r, viewer.who) for r in waits)
    stops = office_state.stops(connection)
    undo = kind == "approved" and any(has_time(r, stops) for r in waits) and allowed
    return Toast(kind, rows[0], max(0, left), undo, any(stops.hits(r.flow, r.connection) for r in waits))


def has_time(row: Any, stops: Stops) -> bool:
    """Whether there is time to take back what was approved: its window is open, or it is held back. Else the next pass is as quick as a click."""
    return stops.hits(row.flow, row.connection) or bool(row.not_before and row.not_before > utcnow())
