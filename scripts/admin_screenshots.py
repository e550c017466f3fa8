"""Takes the pictures of the administration in docs/screenshots: every page in both languages, on a desk and a phone, light and dark.

The sample office gets a past for it: its cases are spread over the last month and decided by its people; the figures are counted from that.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from PIL import Image
from playwright.sync_api import sync_playwright
from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.core.office import Model, load_office
from kontorist.store import actions, office_state, tables
from kontorist.store.actions import Edit, Who
from kontorist.store.database import Database, open_database
from kontorist.store.model_calls import Memory
from scripts.screenshots import ARGUMENTS, HERE, Shot, chromium, one_pass, serving, take

PAGES = ("", "figures", "flows", "flows/mailroom", "connections", "stuck", "ledger", "models", "people", "audit")
DAYS = 30


def main() -> int:
    """Fill an office, give it a past, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "docs" / "screenshots")
    parser.add_argument("--data", type=Path, help="a data folder after one pass, instead of a new one; it is changed")
    parser.add_argument("--only", default="", help="only pictures whose name begins like this")
    given = parser.parse_args()
    program = chromium()
    if program is None:
        return 1
    with tempfile.TemporaryDirectory(prefix="kontorist-screenshots-") as folder:
        data = given.data or Path(folder)
        if not given.data:
            one_pass(HERE / "config", data)
        office, database = load_office(HERE / "config"), open_database(data)
        office.settings.models["mistral"] = Model(
            preset="mistral", model="mistral-small-latest", budget_per_day="2.50", price_in=1, price_out=3
        )  # type: ignore[call-arg]
        give_past(database)
        with serving(office, database, again=lambda case, _: case) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for shot in shots():
                if shot.name.startswith(given.only):
                    take(browser, address, shot, given.out)
                    for file in given.out.glob(f"{shot.name}-*.png"):
                        smaller(file)
            browser.close()
        database.close()
    return 0


def shots() -> Iterator[Shot]:
    """Every page, as German, English and dark."""
    for path in PAGES:
        name, place = f"admin-{path.rpartition('/')[2] or 'overview'}", f"/admin/{path}".rstrip("/")
        full = path == "figures"
        yield Shot(name, "mareike", place, full=full)
        yield Shot(f"{name}-dark", "mareike", place, dark=True, full=full)
        yield Shot(f"{name}-english", "mareike", place, language="en-GB", full=full)


def smaller(file: Path) -> None:
    """With 256 colours: pages have no more, and the repository stays small."""
    with Image.open(file) as picture:
        reduced = picture.convert("RGB").quantize(256)
    reduced.save(file, optimize=True)


def give_past(database: Database) -> None:
    """Spread the cases over the last month, and let the office's people decide most of them."""
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
    with suppress(KontoristError), patch("kontorist.store.actions.utcnow", lambda: decided):
        if chance < 0.08:
            actions.reject(connection, [r.shown for r in rows], who, "Schon erledigt")
        else:
            if chance < 0.24:
                edited = Edit(rows[0].data, rows[0].sentence, [], rows[0].rests_on)
                rows = [
                    r if i else actions.get(connection, actions.edit(connection, r.shown, edited, who).action_id)
                    for i, r in enumerate(rows)
                ]
            actions.approve(connection, [r.shown for r in rows], who, "angerufen")
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


if __name__ == "__main__":
    sys.exit(main())
