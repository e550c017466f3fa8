"""Cases that follow cases: what a flow with the trigger `after:` begins with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, String, cast, select

from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.store import office_state
from kontorist.store.cases import Case, load
from kontorist.store.tables import cases

AFTER = "after"
"""The connection of cases that follow others; their source key is the number of the other."""


def since(connection: Connection, flow: str, other: str) -> datetime:
    """When this flow first came after the other: what ended earlier is not made up for."""
    name = f"after.{sha256(f'{flow} {other}'.encode())[:24]}"
    begun: datetime | None = office_state.get(connection, name)
    if begun is None:
        begun = utcnow()
        office_state.put(connection, name, begun)
    return begun


def ended(connection: Connection, flow: str, other: str, state: str, begun: datetime, limit: int) -> list[Case]:
    """Cases of the other flow that ended in this state since then and that no case of this flow follows yet, oldest first."""
    follows = cases.alias()
    taken = select(follows.c.id).where(
        follows.c.flow == flow, follows.c.connection == AFTER, follows.c.source_key == cast(cases.c.id, String)
    )
    query = select(cases.c.id).where(cases.c.flow == other, cases.c.state == state, cases.c.updated >= begun, ~taken.exists())
    return load(connection, list(connection.execute(query.order_by(cases.c.id).limit(limit)).scalars()))
