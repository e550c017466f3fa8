"""Rejecting with a new draft: what was prepared is refused for good, and the flow prepares it anew with the reason before it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed
from kontorist.store import actions, audit, cases, deciding
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.audit import Event
from kontorist.store.authority import Who
from kontorist.store.cases import Case
from kontorist.store.context import scope_of
from kontorist.store.tables import actions as table
from kontorist.store.tables import journal

KIND = "redraft"
"""Journal entries of this kind say why the steps before were done again; agents that write read it."""
AT_MOST = 3
"""New drafts of a case; then a person writes it."""
_UNFINISHED = ("proposed", "approved", "claimed", "committing", "uncertain", "refused")


def possible(connection: Connection, rows: Sequence[ActionRow]) -> bool:
    """Whether nothing else of the case waits that the same steps have prepared, and there were not three new drafts already."""
    again = select(func.count()).where(
        journal.c.case_id == rows[0].case_id,
        journal.c.kind == KIND,
        journal.c.path.startswith(f"{rows[0].path}~", autoescape=True),
    )
    if int(connection.execute(again).scalar_one()) >= AT_MOST:
        return False
    others = select(table.c.id).where(
        table.c.case_id == rows[0].case_id, table.c.card != rows[0].card, table.c.state.in_(_UNFINISHED)
    )
    return connection.execute(others.limit(1)).scalar() is None and not rows[0].path.startswith("ask-")


def newest(connection: Connection, row: ActionRow) -> int | None:
    """The card of the last draft that came in place of this one; None where it was not drafted anew, or none has come yet."""
    place, mark, _ = row.path.rpartition("~")
    if not mark:
        return None
    later = select(table.c.card).where(
        table.c.case_id == row.case_id,
        table.c.id > row.id,
        (table.c.path == place) | table.c.path.startswith(f"{place}~", autoescape=True),
    )
    return connection.execute(later.order_by(table.c.id.desc()).limit(1)).scalar()


def redraft(connection: Connection, shown: Sequence[Shown], who: Who, reason: str, steps: Collection[str]) -> None:
    """Reject these revisions for good, and let the flow do `steps` again and propose anew. Raises Stale or NotAllowed."""
    rows = [actions.get(connection, item.action_id) for item in shown]
    if not possible(connection, rows):
        raise NotAllowed(
            "Something else of this case still waits, or there were three new drafts already: decide that first, or reject this without a new draft."
        )
    deciding.reject(connection, shown, who, reason)
    (case,) = cases.load(connection, [rows[0].case_id])
    _void(connection, case, rows[0], steps)
    for row in rows:
        _retire(connection, case, row, who, reason)


def _void(connection: Connection, case: Case, row: ActionRow, steps: Collection[str]) -> None:
    """The results of these steps count no more, nor what was worked out from them; what a person answered stays."""
    here = [e for e in case.journal.values() if scope_of(e.path) == scope_of(row.path) and not e.info.get("answered_by")]
    first = min((e.seq for e in here if e.step in steps), default=None)
    if first is None:
        return
    again = [e.path for e in here if e.step in steps or (e.kind in ("set", "when") and e.seq > first)]
    mine = (journal.c.case_id == case.id, journal.c.path.in_(again))
    connection.execute(update(journal).where(*mine).values(voided=True))


def _retire(connection: Connection, case: Case, row: ActionRow, who: Who, reason: str) -> None:
    """The refused action gives its place in the flow to the one that comes; its entry says why."""
    path = f"{row.path}~{row.id}"
    connection.execute(update(table).where(table.c.id == row.id).values(path=path))
    connection.execute(
        insert(journal).values(
            case_id=case.id, round=case.round + 1, path=path, seq=len(case.journal), step="", kind=KIND, flow=row.flow,
            output={"reason": reason}, evidence={}, info={"answered_by": who.name}, model="", ms=0.0, voided=False, at=utcnow(),
        )
    )  # fmt: skip
    audit.append(connection, [Event("action.redrafted", who.name, f"action:{row.id}", {"reason": reason})])
