"""Looking things up in the audit chain, the newest first, without reading all of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from kontorist.store.tables import events, storable

WINDOW = 200_000
"""So many events are looked through at once; older ones with the next page."""


@dataclass(frozen=True)
class Found:
    """Events that fit, and where to go on."""

    events: Sequence[dict[str, Any]]
    before: int | None
    """The number before which to look on; None when the beginning was reached."""


def search(
    connection: Connection,
    *,
    kind: str = "",
    actor: str = "",
    subject: str = "",
    words: str = "",
    before: int = 0,
    limit: int = 100,
) -> Found:
    """Events of this kind (or beginning of one), by this actor, about this subject, with these words in their data."""
    top = before or (connection.execute(select(func.max(events.c.seq))).scalar() or 0) + 1
    bottom = 0 if subject else max(0, top - WINDOW)  # a subject has an index of its own
    query = select(events).where(events.c.seq < top, events.c.seq >= bottom)
    if kind:
        query = query.where(events.c.kind.startswith(storable(kind), autoescape=True))
    if actor:
        query = query.where(events.c.actor == storable(actor))
    if subject:
        query = query.where(events.c.subject == storable(subject))
    for word in storable(words).split()[:8]:
        query = query.where(func.lower(events.c.data).contains(word.lower(), autoescape=True))
    rows = [
        {**r._mapping, "data": json.loads(r.data)} for r in connection.execute(query.order_by(events.c.seq.desc()).limit(limit))
    ]
    following = rows[-1]["seq"] if len(rows) == limit else bottom
    return Found(rows, following if following > 1 else None)
