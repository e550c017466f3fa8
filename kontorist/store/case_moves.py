"""Moves of cases: journal entries and the next state, written together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.store import audit, facets
from kontorist.store.audit import Event
from kontorist.store.cases import Entry
from kontorist.store.leasing import held, wake_settled
from kontorist.store.many import among, insert_rows
from kontorist.store.tables import cases, journal
from kontorist.store.withdrawing import withdraw

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_CHANGE = update(cases).where(among(cases.c.id, "which"))
_ENTRY = (
    "case_id", "round", "path", "seq", "step", "kind", "flow", "output", "evidence", "info", "model", "ms", "voided", "at", "nanos",
)  # fmt: skip


@attrs.frozen(slots=False)
class Move:
    """What becomes of a case: new journal entries and its next state, written together."""

    case_id: int
    entries: Sequence[Entry] = ()
    round: int = 0
    state: str | None = None
    error: str | None = None
    question: Any = None
    not_before: datetime | None = None
    failed_attempt: bool = False
    words: Any = None
    """The values that the case is found by, where it is found by nothing yet."""


def move(connection: Connection, moves: Sequence[Move], owner: str, run: str | None = None) -> set[int]:
    """Write journal entries and states of a chunk in the caller's transaction; states other than None end the lease.

    What a worker reports of a case that was closed meanwhile, or that another worker has taken over, is left out; the cases of which it was.
    """
    if not moves:
        return set()
    mine = held(connection, [m.case_id for m in moves], owner)
    late = [m.case_id for m in moves if m.case_id not in mine]
    write(connection, [m for m in moves if m.case_id in mine], owner, run)
    _leave_out(connection, late, owner)
    return set(late)


def write(connection: Connection, moves: Sequence[Move], owner: str, run: str | None = None) -> None:
    """`move` for cases that are known to be this worker's: their rows are locked in this transaction."""
    now = utcnow()
    rows = [
        (
            m.case_id,
            m.round,
            e.path,
            e.seq,
            e.step,
            e.kind,
            e.flow,
            e.output,
            e.evidence,
            e.info,
            e.model,
            e.ms,
            False,
            now,
            _cost(e.info),
        )
        for m in moves
        for e in m.entries
    ]
    insert_rows(connection, journal, _ENTRY, rows)
    for alike in _alike(moves):
        _set_state(connection, alike, now, run)
    wake_settled(connection, [m.case_id for m in moves if m.state == "waiting"])
    ended = [m for m in moves if m.state in ("done", "failed", "unclear", "closed")]
    audit.append(
        connection, [Event(f"case.{m.state}", owner, f"case:{m.case_id}", {"error": m.error} if m.error else {}) for m in ended]
    )


def _cost(info: Mapping[str, Any]) -> int:
    """What a step's model cost, in billionths."""
    usage = info.get("usage")
    cost = usage.get("cost") if isinstance(usage, Mapping) else None
    return int(Decimal(str(cost)) * 1_000_000_000) if cost else 0


def _leave_out(connection: Connection, ids: Sequence[int], owner: str) -> None:
    if not ids:
        return
    closed = list(connection.execute(select(cases.c.id).where(cases.c.id.in_(ids), cases.c.state == "closed")).scalars())
    for case_id in closed:
        withdraw(connection, case_id)
    audit.append(connection, [Event("case.late-report", owner, f"case:{i}", {}) for i in ids])


def _alike(moves: Sequence[Move]) -> list[list[Move]]:
    """The moves that change a state, those to the same one together."""
    groups: dict[Any, list[Move]] = {}
    for m in moves:
        if m.state is not None:
            own = m.case_id if m.question is not None else None
            groups.setdefault((m.state, m.error, own, m.not_before, m.failed_attempt), []).append(m)
    return list(groups.values())


def _set_state(connection: Connection, alike: Sequence[Move], now: datetime, run: str | None) -> None:
    m = alike[0]
    values: dict[str, Any] = {
        "state": m.state,
        "error": m.error,
        "question": m.question,
        "not_before": m.not_before,
        "updated": now,
        "lease_until": None,
        "lease_owner": None,
        **facets.addressed(m.question),
    }
    if run:
        values["run"] = run
    change = _CHANGE.values(attempts=cases.c.attempts + 1) if m.failed_attempt else _CHANGE
    if not m.failed_attempt:
        values["attempts"] = 0
    connection.execute(change, {"which": [x.case_id for x in alike], **values})
