"""Forgets what an office no longer keeps: contents of ended cases and their documents; the audit chain stays whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select

from kontorist.core.clock import utcnow
from kontorist.store import audit, documents, forgetting, model_calls, office_state
from kontorist.store.audit import Event
from kontorist.store.database import Database
from kontorist.store.forgetting import EMPTIED
from kontorist.store.tables import actions, case_documents, cases, passes
from kontorist.store.tables import documents as documents_table

EVERY = timedelta(days=1)
_LAST = "retention.last"
_AT_ONCE = 200
_OPEN = ("proposed", "approved", "claimed", "committing", "uncertain")


@dataclass(frozen=True)
class Keep:
    """How long contents of ended cases are kept; how long accounts of passes (they name cases) and answers of models."""

    cases: timedelta
    passes: timedelta


def nightly(database: Database, keep: Keep) -> bool:
    """Apply it if a day has passed since the last time; whether it was."""
    now = utcnow()
    with database.read() as connection:
        last = office_state.get(connection, _LAST)
    if last is not None and now - last < EVERY:
        return False
    apply(database, keep, now)
    with database.write() as connection:
        office_state.put(connection, _LAST, now)
    return True


def apply(database: Database, keep: Keep, now: datetime) -> tuple[int, int]:
    """Forget what is older than the limits; returns how many cases were emptied and how many documents deleted."""
    emptied = 0
    while count := _next(database, now - keep.cases):
        emptied += count
    with database.write() as connection:
        connection.execute(delete(passes).where(passes.c.ended.is_not(None), passes.c.ended <= now - keep.passes))
        model_calls.forget_answers(connection, now - keep.passes)
        model_calls.forget_calls(connection, now - keep.cases)
        unused = ~exists().where(case_documents.c.sha256 == documents_table.c.sha256)
        connection.execute(delete(documents_table).where(unused, documents_table.c.created <= now - keep.cases))
    deleted = documents.sweep(database, now - EVERY)
    if emptied or deleted:
        with database.write() as connection:
            audit.append(connection, [Event("office.retention", "office", "office", {"cases": emptied, "documents": deleted})])
    return emptied, deleted


def _next(database: Database, before: datetime) -> int:
    """Empty some cases in one transaction, so that nobody waits long; returns how many."""
    with database.write() as connection:
        query = select(cases.c.id).where(_is_over(before)).order_by(cases.c.id).limit(_AT_ONCE)
        ids = connection.execute(query).scalars().all()
        forgetting.empty(connection, ids, "office")
    return len(ids)


def _is_over(before: datetime) -> ColumnElement[bool]:
    ended = cases.c.state.in_(("done", "closed")) & (cases.c.updated <= before) & (cases.c.title != EMPTIED)
    waiting = exists().where(actions.c.case_id == cases.c.id, actions.c.state.in_(_OPEN))
    return ended & ~waiting
