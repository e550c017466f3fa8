"""Gives the sample office a past for its pictures: cases spread over the last month and decided by its people, so that there are figures."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.core.office import Model, Office
from kontorist.store import actions, deciding, editing, office_state, tables
from kontorist.store.authority import Who
from kontorist.store.database import Database
from kontorist.store.editing import Edit
from kontorist.store.model_calls import Memory

DAYS = 30


def give_past(office: Office, database: Database) -> None:
    """Spread the cases over the last month, let the office's people decide most of them, and pay a model for its work."""
    office.settings.models["mistral"] = Model(
        preset="mistral", model="mistral-small-latest", budget_per_day="2.50", price_in=1, price_out=3
    )  # type: ignore[call-arg]
    dice = random.Random(7)  # noqa: S311 - the same pictures each time
    with database.write() as connection:
        moments = _spread(connection, dice)
        people = {"order-status": ("anna", "jens", "mareike"), "incoming-invoice": ("petra", "ole", "mareike")}
        for row in actions.find(connection, state="open", limit=10_000):
            made = moments.get(row.case_id)
            if row.id != row.card or made is None or made > utcnow() - timedelta(days=2):
                continue
            _decide(connection, dice, row.id, people.get(row.flow, ("anna", "petra", "ole", "jens", "mareike")), made)
        _measure(connection, dice)
        office_state.beat(connection, "mailbox", "")
    memory = Memory(database)
    for i in range(40):
        usage = {"prompt_tokens": 900, "completion_tokens": 200, "cost": Decimal("0.021"), "ms": 900}
        memory.note("mistral", f"{i}", "", usage)


def _spread(connection: Connection, dice: random.Random) -> dict[int, datetime]:
    """Working hours of the last month, more on Mondays."""
    moments = {}
    for case in connection.execute(select(tables.cases.c.id)).scalars().all():
        day = utcnow() - timedelta(days=dice.randrange(DAYS))
        if day.weekday() >= 5:
            day -= timedelta(days=dice.choice((1, 2, 5)))
        moments[case] = min(utcnow(), day.replace(hour=dice.randrange(7, 16), minute=dice.randrange(60)))
    for case, moment in moments.items():
        connection.execute(update(tables.cases).where(tables.cases.c.id == case).values(created=moment))
        connection.execute(update(tables.actions).where(tables.actions.c.case_id == case).values(created=moment, due=None))
    return moments


def _decide(connection: Connection, dice: random.Random, card: int, people: tuple[str, ...], made: datetime) -> None:
    person, chance = dice.choice(people), dice.random()
    rows = [r for r in actions.card(connection, card) if r.state == "proposed"]
    groups = frozenset(str(n) for r in rows for n in r.rule.get("by") or ())
    who = Who(person, groups)
    decided = made + timedelta(minutes=dice.randrange(2, 180))
    with (
        suppress(KontoristError),
        patch("kontorist.store.deciding.utcnow", lambda: decided),
        patch("kontorist.store.action_revisions.utcnow", lambda: decided),
    ):
        if chance < 0.08:
            deciding.reject(connection, [r.shown for r in rows], who, "Schon erledigt")
        else:
            if chance < 0.24:
                edited = Edit(rows[0].data, rows[0].sentence, [], rows[0].rests_on)
                rows = [
                    r if i else actions.get(connection, editing.edit(connection, r.shown, edited, who).action_id)
                    for i, r in enumerate(rows)
                ]
            deciding.approve(connection, [r.shown for r in rows], who, "angerufen")
    ids = [r.id for r in rows]
    connection.execute(
        update(tables.actions).where(tables.actions.c.id.in_(ids), tables.actions.c.state == "approved").values(state="done")
    )


def _measure(connection: Connection, dice: random.Random) -> None:
    rows = connection.execute(
        select(tables.actions.c.flow, tables.approvals.c.at, tables.approvals.c.decision).join_from(
            tables.approvals, tables.actions, tables.actions.c.id == tables.approvals.c.action_id
        )
    ).all()
    for flow, at, _ in rows:
        edited = dice.random() < 0.3
        seconds = dice.randrange(70, 260) if edited else dice.randrange(6, 28)
        day, outcome = at.date().isoformat(), "edited" if edited else "approved"
        connection.execute(tables.handling.insert().values(day=day, flow=flow, outcome=outcome, seconds=seconds))
