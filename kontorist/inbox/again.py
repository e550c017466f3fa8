"""Processing again, trying again, and who may see what was seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from kontorist.core.errors import NotAllowed, Unavailable
from kontorist.inbox.desk import Desk
from kontorist.inbox.sight import hidden_cases, require_sight
from kontorist.inbox.viewer import Viewer
from kontorist.store import case_decisions, health
from kontorist.store import cases as store
from kontorist.store.seen import Entry
from kontorist.store.tables import cases


def process(desk: Desk, viewer: Viewer, case: int) -> int:
    """Process a case again; the number of the new one. Raises NotAllowed, NotFound or Unavailable."""
    if viewer.role != "admin":
        raise NotAllowed("Only admins may do this.")
    with desk.database.read() as connection:
        require_sight(connection, viewer, case)
    if desk.again is None:
        raise Unavailable(
            "This inbox runs alone and cannot process anything again; use `kontorist mail again` on the office's machine."
        )
    return desk.again(case, viewer.name)


def retry_alike(desk: Desk, viewer: Viewer, case: int) -> int:
    """Try all cases again that are stuck for the same reason as this one; how many. Raises NotAllowed or NotFound."""
    if viewer.role != "admin":
        raise NotAllowed("Only admins may do this.")
    with desk.database.write() as connection:
        (found,) = store.load(connection, [case])
        alike = (
            health.alike(connection, found.state, found.flow, found.error or "") if found.state in ("failed", "unclear") else []
        )
        for number in alike:
            case_decisions.retry(connection, number, viewer.name)
    return len(alike)


def visible(connection: Connection, viewer: Viewer, found: Sequence[Entry]) -> list[Entry]:
    """What was seen, without the cases of flows that are not for this viewer."""
    if not viewer.hidden or not found:
        return list(found)
    query = hidden_cases(viewer.hidden).where(cases.c.id.in_([e.case for e in found]))
    theirs = set(connection.execute(select(query.subquery().c.id)).scalars())
    return [e for e in found if e.case not in theirs]
