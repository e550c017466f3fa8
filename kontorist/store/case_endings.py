"""Cases that end with an action: where that was the last step, what it gave is journalled and the case is done, without reading it again."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sqlalchemy import Connection, func, select

from kontorist.core.copies import altered
from kontorist.store.case_moves import Move, write
from kontorist.store.cases import Entry
from kontorist.store.leasing import NOTED
from kontorist.store.many import among
from kontorist.store.tables import actions, cases, journal

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_FREE = (
    select(cases.c.id, cases.c.flow, cases.c.flow_version)
    .where(among(cases.c.id, "which"), cases.c.state == "runnable", cases.c.lease_owner.is_(None), cases.c.not_before.is_(None))
    .order_by(cases.c.id)
    .with_for_update(skip_locked=True)
)
_NOT_NOTED = select(actions.c.case_id, actions.c.id).where(among(actions.c.case_id, "which"), ~NOTED.correlate(actions).exists())
_JOURNALS = (
    select(journal.c.case_id, func.count(), func.max(journal.c.round))
    .where(among(journal.c.case_id, "which"), journal.c.voided.is_(False))
    .group_by(journal.c.case_id)
)


@attrs.frozen(slots=False)
class Last:
    """An action that is done and behind which a version of its flow has no step, and its journal entry, whose place is not known yet."""

    case_id: int
    action_id: int
    flow_version: str
    entry: Entry


def end(connection: Connection, last: Sequence[Last], owner: str, run: str | None = None) -> list[Last]:
    """End the cases of these actions, in the caller's transaction; those for which that was done.

    Left to a walk is a case that somebody works on, that goes by another version of its flow, or of which another action is not through.
    """
    which = {"which": [one.case_id for one in last]}
    version = {case_id: about for case_id, *about in connection.execute(_FREE, which).all()}
    if not version:
        return []
    open_actions: dict[int, list[int]] = {}
    for case_id, action_id in connection.execute(_NOT_NOTED, which).all():
        open_actions.setdefault(case_id, []).append(action_id)
    journals = {case_id: (count, round_) for case_id, count, round_ in connection.execute(_JOURNALS, which).all()}
    ended, moves = [], []
    for one in last:
        if version.get(one.case_id) == [one.entry.flow, one.flow_version] and open_actions.get(one.case_id) == [one.action_id]:
            count, round_ = journals.get(one.case_id, (0, 0))
            moves.append(Move(one.case_id, [altered(one.entry, seq=count)], round_, "done"))
            ended.append(one)
    write(connection, moves, owner, run)
    return ended
