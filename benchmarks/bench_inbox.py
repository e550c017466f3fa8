"""The inbox under load: list, search and card with ten thousand open cards and many past cases, at the server."""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert
from starlette.testclient import TestClient

from kontorist.core.clock import utcnow
from kontorist.core.office import load_office
from kontorist.core.values import canonical, sha256
from kontorist.inbox.app import create_app
from kontorist.store import facets, tables, words
from kontorist.store.database import Database, open_database

CHUNK = 2_000
WORDS = [
    "rechnung",
    "lieferung",
    "auftrag",
    "palette",
    "karton",
    "folie",
    "mahnung",
    "angebot",
    "termin",
    "spedition",
    "reklamation",
    "gutschrift",
    "skonto",
]


def fill(database: Database, opened: int, past: int) -> None:
    """Cases with what lists, search and cards read: the newest are open, each with two actions on one card."""
    for start in range(0, past + opened, CHUNK):
        numbers = range(start + 1, min(start + CHUNK, past + opened) + 1)
        rows = [_case(n, n > past) for n in numbers]
        with database.write() as connection:
            connection.execute(insert(tables.cases), rows)
            words.note(connection, {r["id"]: [r["id"], r["title"], r["data"]] for r in rows})
            made = [a for n in numbers for a in _actions(n, n > past)]
            connection.execute(insert(tables.actions), made)
            kept = ("revision", "payload", "sha256")
            versions = [
                {**{k: a[k] for k in kept}, "action_id": a["id"], "composed_by": "flow", "reason": "", "at": a["created"]}
                for a in made
            ]
            connection.execute(insert(tables.revisions), versions)


def _case(n: int, opened: bool) -> dict[str, object]:
    now = utcnow()
    text = " ".join(WORDS[(n * k) % len(WORDS)] for k in range(1, 60)) + f" Nummer {n}"
    mail = {
        "subject": f"Anfrage {n}",
        "from": {"name": f"Kunde {n % 5000}", "address": f"k{n % 5000}@kunde.example"},
        "text": text,
        "new_text": text,
    }
    return {
        "id": n, "flow": "order-status", "flow_version": "v", "connection": "mailbox", "source_key": f"k{n}", "source": f"INBOX {n}",
        "title": f"Anfrage {n}", "data": {"mail": mail}, "state": "waiting" if opened else "done", "attempts": 0, "created": now, "updated": now,
        "who": f"Kunde {n % 5000}",
    }  # fmt: skip


def _actions(n: int, opened: bool) -> Iterator[dict[str, object]]:
    now, rule = (
        utcnow(),
        {"by": ["service" if n % 3 else "accounting"], "count": 2 if n % 20 == 0 else 1, "expires": "7d", "undo": 15},
    )
    for k in (0, 1):
        payload = canonical(
            {"to": [f"k{n}@kunde.example"], "subject": f"Re: Anfrage {n}", "body": "Guten Tag,\n" + "vielen Dank. " * 60}
        )
        warnings = [{"code": "x", "text": "Bitte prüfen", "stop": n % 50 == 0}] if n % 10 == 0 else []
        yield {
            "id": 2 * n + k, "key": secrets.token_hex(8), "case_id": n, "flow": "order-status", "path": f"p{k}", "connection": "mailbox",
            "action": "reply" if k == 0 else "move", "business_key": f"b{n}-{k}", "effect_key": f"e{n}-{k}", "revision": 1, "payload": payload,
            "sha256": sha256(payload), "sentence": f"Antwortet k{n}@kunde.example mit „Re: Anfrage {n}“.", "origins": {"to": ["sender"]},
            "warnings": warnings, "rests_on": {}, "rule": rule, "card": 2 * n, "state": "proposed" if opened else "done", "attempt": 0,
            "due": now + timedelta(minutes=n % 600), "model": "", "created": now, "updated": now,
            **facets.ruled(rule), "risk": facets.risk_of(warnings), "who": f"Kunde {n % 5000}", "amount": float(n % 3000),
        }  # fmt: skip


def visitor(office: Path, database: Database) -> TestClient:
    """A signed-in browser."""
    client = TestClient(create_app(load_office(office), database))
    token, now = secrets.token_hex(16), utcnow()
    with database.write() as connection:
        connection.execute(insert(tables.people).values(name="anna", password="!", disabled=False, failures=0, created=now))
        row = {"token": sha256(token.encode()), "person": "anna", "csrf": "x", "created": now, "seen": now}
        connection.execute(insert(tables.sessions).values(**row, expires=now + timedelta(hours=9)))
    client.cookies.set("kontorist_session", token)
    return client


def measure(client: TestClient, opened: int, past: int, rounds: int) -> Iterator[tuple[str, float]]:
    """The 95th percentile of each page in milliseconds."""
    last = past + opened
    pages = {
        "list": lambda _: "/",
        "list by customer": lambda _: "/?by=who&sort=amount",
        "search one number": lambda i: f"/?q={past + 1 + i * 7}",
        "search common words": lambda i: f"/?q={WORDS[i % len(WORDS)]}",
        "card": lambda i: f"/card/{2 * (last - i * 3)}",
        "counts": lambda _: "/counts",
        "done": lambda _: "/?tab=done",
    }
    for name, path in pages.items():
        taken = []
        for i in range(rounds + 2):
            began = time.perf_counter()
            answer = client.get(path(i))
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path(i), answer.status_code)
        yield name, statistics.quantiles(taken[2:], n=20)[-1]


def main() -> int:
    """Print a JSON line a page; 1 if one is slower than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--past", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; default: SQLite")
    parser.add_argument("--office", type=Path, default=Path(__file__).parents[1] / "config")
    given = parser.parse_args()
    slow = False
    with tempfile.TemporaryDirectory(prefix="kontorist-bench-") as folder:
        database = open_database(Path(folder), given.url or None)
        fill(database, given.open, given.past)
        with visitor(given.office, database) as client:
            for name, p95 in measure(client, given.open, given.past, given.rounds):
                print(
                    json.dumps(
                        {
                            "name": f"inbox: {name} p95",
                            "value": round(p95, 1),
                            "unit": "ms",
                            "baseline": 100,
                            "ratio": round(p95 / 100, 2),
                        }
                    )
                )
                slow = slow or p95 > 100
        database.close()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
