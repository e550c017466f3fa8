"""The inbox under load: list, search and card with ten thousand open cards and many past cases, at the server."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment
from benchmarks.inbox_past import WORDS, fill
from kontorist.core.clock import utcnow
from kontorist.core.office import load_office
from kontorist.core.values import sha256
from kontorist.inbox.app import create_app
from kontorist.store import audit, tables
from kontorist.store.audit import Event
from kontorist.store.database import Database, open_database
from kontorist.store.many import insert_new


def visitor(office: Path, database: Database, name: str) -> TestClient:
    """A signed-in browser."""
    client = TestClient(create_app(load_office(office), database))
    token, now = secrets.token_hex(16), utcnow()
    with database.write() as connection:
        person = {"name": name, "password": "!", "disabled": False, "failures": 0, "created": now}
        connection.execute(insert_new(connection, tables.people, person))
        row = {"token": sha256(token.encode()), "person": name, "csrf": "x", "created": now, "seen": now}
        connection.execute(insert(tables.sessions).values(**row, expires=now + timedelta(hours=9)))
    client.cookies.set("kontorist_session", token)
    return client


PAGES = {
    "list": lambda *_: "/",
    "list after a change": lambda *_: "/",
    "list by customer": lambda *_: "/?by=who&sort=amount",
    "search one number": lambda i, last: f"/?q=nummer{last - i * 7}",
    "search common words": lambda i, _: f"/?q={WORDS[i % len(WORDS)]}+{WORDS[(i + 3) % len(WORDS)]}",
    "card": lambda i, last: f"/card/{2 * (last - i * 3)}",
    "counts": lambda *_: "/counts",
    "done": lambda *_: "/?tab=done",
    "ledger": lambda *_: "/admin/ledger",
    "figures of 30 days": lambda *_: "/admin/figures?period=30d",
    "search the past": lambda i, _: f"/?tab=done&q=nummer{10 + i * 7}",
    "search common words in the past": lambda i, _: f"/?tab=done&q={WORDS[i % len(WORDS)][:5]}+{WORDS[(i + 3) % len(WORDS)]}",
    "search both in the past": lambda i, _: f"/?tab=done&q={WORDS[i % len(WORDS)]}+anfrage+{100 + i * 17}",
    "figures of a year": lambda *_: "/admin/figures?period=365d",
}
LIMITED = (
    "list",
    "list after a change",
    "list by customer",
    "search one number",
    "search common words",
    "search the past",
    "search common words in the past",
    "search both in the past",
    "card",
    "counts",
    "done",
)
"""What a clerk does all day: under 100 ms."""
_WARM = 3
"""Answers after the first one that are not counted: prepared statements, templates, pages of the database in memory."""


def measure(
    clerk: TestClient, admin: TestClient, database: Database, last: int, rounds: int, only: str
) -> Iterator[dict[str, Any]]:
    """The 95th percentile of each page in milliseconds, with the processor time of this process beside it; the first answer separately."""
    for name, path in PAGES.items():
        if not any(part in name for part in only.split(",")):
            continue
        taken, worked, client = [], [], admin if path(0, last).startswith("/admin") else clerk
        for i in range(rounds + 1 + _WARM):
            if name == "list after a change":
                _change(database, 2 * (last - i), i)
            began, cpu = time.perf_counter(), time.process_time()
            answer = client.get(path(i, last))
            taken.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - cpu) * 1000)
            assert answer.status_code == 200, (path(i, last), answer.status_code)
        first, taken, worked = taken[0], taken[1 + _WARM :], worked[1 + _WARM :]
        p95, median = statistics.quantiles(taken, n=20)[-1], statistics.median(taken)
        yield {
            "name": f"inbox: {name} p95",
            "value": round(p95, 1),
            "unit": "ms",
            "baseline": 100,
            "ratio": round(p95 / 100, 2),
            "median": round(median, 1),
            "processor": round(statistics.median(worked), 1),
            "first": round(first, 1),
        }


def _change(database: Database, card: int, i: int) -> None:
    """Somebody else does something with a card."""
    with database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.card == card).values(risk=i % 2))
        audit.append(connection, [Event("action.changed", "somebody", f"action:{card}", {})])


def main() -> int:
    """Print a JSON line a page; 1 if one is slower than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--past", type=int, default=50_000)
    parser.add_argument("--pages", default="", help="only pages with one of these in their names, with commas between")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--url", default="", help="a PostgreSQL database; default: SQLite")
    parser.add_argument("--data", type=Path, help="a folder that is kept; what lies there from an earlier run is not made again")
    parser.add_argument("--office", type=Path, default=Path(__file__).parents[1] / "config")
    parser.add_argument("--json", type=Path, help="where to write the figures with the machine they were made on")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kontorist-bench-") as folder:
        database = open_database(given.data or Path(folder), given.url or None)
        with database.read() as connection:
            there = connection.execute(select(func.max(tables.cases.c.id))).scalar() or 0
        if there < given.open + given.past:
            fill(database, given.open, given.past)
        about = {"database": database.engine.dialect.name, "open": given.open, "past": given.past, **environment()}
        lines, load = [], round(os.getloadavg()[0], 2)
        with visitor(given.office, database, "anna") as clerk, visitor(given.office, database, "mareike") as admin:
            for line in measure(clerk, admin, database, given.open + given.past, given.rounds, given.pages):
                lines.append(line)
                print(json.dumps(line), flush=True)
                if given.json:  # after each page, since a million cases may outlast somebody's patience
                    found = {**about, "load_before": load, "load_after": round(os.getloadavg()[0], 2), "pages": lines}
                    given.json.write_text(json.dumps(found, indent=1) + "\n")
        database.close()
    return int(any(x["value"] > 100 for x in lines if x["name"].removeprefix("inbox: ").removesuffix(" p95") in LIMITED))


if __name__ == "__main__":
    sys.exit(main())
