"""A store with ten thousand open cards behind which lies the past of a year: what `bench_inbox.py` measures on."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, event, insert, literal_column, select, text
from sqlalchemy.types import TypeEngine

from kontorist.core.clock import utcnow
from kontorist.core.values import canonical, sha256
from kontorist.store import facets, tables, words
from kontorist.store.database import Database

CHUNK = 2_000
DAYS = 365
PEOPLE = ("anna", "jens", "ole", "petra", "mareike", "karl")
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
    """Past cases over a year, each decided, and open ones of the last days; each with two actions on one card.

    Past cases repeat the first `CHUNK`, moved to other days and numbers: the database multiplies them itself.
    """
    if database.is_sqlite:  # nothing of it is worth to wait for the disk, and its indexes fit into memory
        event.listen(database.engine, "connect", _quick)
        database.close()
    _full_text(database, "DROP INDEX ix_case_words_search")  # many rows are put into an index quicker at once
    _written(database, range(1, min(CHUNK, past) + 1), opened=False)
    began = time.monotonic()
    for start in range(CHUNK, past, CHUNK):
        day = utcnow().date() - timedelta(days=1 + start // CHUNK % DAYS)
        with database.write() as connection:
            _repeated(connection, start, min(CHUNK, past - start), day.isoformat())
        if start % (50 * CHUNK) == 0:
            sys.stderr.write(f"{start} past cases, {time.monotonic() - began:.0f} s\n")
    for start in range(past, past + opened, CHUNK):
        _written(database, range(start + 1, min(start + CHUNK, past + opened) + 1), opened=True)
    _full_text(database, "CREATE INDEX ix_case_words_search ON case_words USING gin (to_tsvector('simple', words))")
    with database.engine.begin() as connection:  # as autovacuum and `PRAGMA optimize` do by themselves
        connection.execute(text("ANALYZE"))
    if database.is_sqlite:
        event.remove(database.engine, "connect", _quick)
        database.close()


def _quick(connection: Any, _record: Any) -> None:
    for pragma in ("synchronous=OFF", "cache_size=-2000000"):
        connection.execute(f"PRAGMA {pragma}")


def _full_text(database: Database, command: str) -> None:
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.execute(text(command))


def _written(database: Database, numbers: range, *, opened: bool) -> None:
    rows = [_case(n, opened=opened) for n in numbers]
    made = [a for n in numbers for a in _actions(n, opened=opened)]
    with database.write() as connection:
        connection.execute(insert(tables.cases), rows)
        words.note(connection, {int(r["id"]): [f"nummer{r['id']}", r["title"], r["data"]] for r in rows})
        connection.execute(insert(tables.actions), made)
        connection.execute(insert(tables.revisions), [_revision(a) for a in made])
        if not opened:
            decided = [a for a in made if a["id"] == a["card"]]
            connection.execute(insert(tables.approvals), [_approval(a) for a in decided])
            connection.execute(insert(tables.handling), [_handling(a) for a in decided if a["id"] % 3])


def _case(n: int, *, opened: bool) -> dict[str, Any]:
    said = " ".join(WORDS[(n * k) % len(WORDS)] for k in range(1, 40))
    sender = {"name": f"Kunde {n % 5000}", "address": f"k{n % 5000}@kunde.example"}
    mail = {"subject": f"Anfrage {n}", "from": sender, "text": said, "new_text": said}
    now = _created(n, opened=opened)
    return {
        "id": n, "flow": "order-status", "flow_version": "v", "connection": "mailbox", "source_key": f"k{n}", "source": f"INBOX {n}",
        "title": f"Anfrage {n}", "data": {"mail": mail}, "state": "waiting" if opened else "done", "attempts": 0, "created": now, "updated": now,
        "who": f"Kunde {n % 5000}",
    }  # fmt: skip


def _created(n: int, *, opened: bool) -> datetime:
    hours = n % 40 if opened else 24 + n % 9
    return utcnow() - timedelta(hours=hours, seconds=n % 3_600)


def _actions(n: int, *, opened: bool) -> Iterator[dict[str, Any]]:
    rule = {
        "by": ["service" if n % 3 else "accounting"],
        "count": 2 if opened and n % 20 == 0 else 1,
        "expires": "7d",
        "undo": 15,
    }
    created = _created(n, opened=opened)
    for k in (0, 1):
        body = "Guten Tag,\n" + "vielen Dank. " * (60 if opened else 10)
        payload = canonical({"to": [f"k{n}@kunde.example"], "subject": f"Re: Anfrage {n}", "body": body})
        warnings = [{"code": "x", "text": "Bitte prüfen", "stop": n % 50 == 0}] if n % 10 == 0 else []
        yield {
            "id": 2 * n + k, "key": secrets.token_hex(8), "case_id": n, "flow": "order-status", "path": f"p{k}", "connection": "mailbox",
            "action": "reply" if k == 0 else "move", "business_key": f"b{n}-{k}", "effect_key": f"e{n}-{k}", "revision": 1, "payload": payload,
            "sha256": sha256(payload), "sentence": f"Antwortet k{n}@kunde.example mit „Re: Anfrage {n}“.", "origins": {"to": ["sender"]},
            "warnings": warnings, "rests_on": {}, "rule": rule, "card": 2 * n, "state": "proposed" if opened else "done", "attempt": 0,
            "due": created + timedelta(minutes=2_000 + n % 600) if opened else None, "model": "", "created": created, "updated": created,
            **facets.ruled(rule), "risk": facets.risk_of(warnings), "who": f"Kunde {n % 5000}", "amount": float(n % 3000),
        }  # fmt: skip


def _revision(action: dict[str, Any]) -> dict[str, Any]:
    by = "flow" if action["id"] % 10 else PEOPLE[action["case_id"] % len(PEOPLE)]
    kept = {k: action[k] for k in ("revision", "payload", "sha256")}
    return {**kept, "action_id": action["id"], "composed_by": by, "reason": "", "at": action["created"]}


def _approval(action: dict[str, Any]) -> dict[str, Any]:
    n = action["case_id"]
    at = action["created"] + timedelta(minutes=n % 170, seconds=n % 60)
    return {
        "id": n, "action_id": action["id"], "revision": 1, "sha256": action["sha256"], "decision": "approve" if n % 12 else "reject",
        "person": PEOPLE[n % len(PEOPLE)], "channel": "inbox", "comment": "", "at": at, "expires": at + timedelta(days=7),
    }  # fmt: skip


def _handling(action: dict[str, Any]) -> dict[str, Any]:
    n, day = action["case_id"], action["created"].date().isoformat()
    outcome = "edited" if action["id"] % 10 == 0 else "approved"
    return {
        "id": n,
        "day": day,
        "flow": action["flow"],
        "outcome": outcome,
        "seconds": 5 + n % (200 if outcome == "edited" else 25),
    }


_NUMBERED = {
    "cases": {"id": 1, "source_key": "k", "source": "INBOX ", "title": "Anfrage "},
    "case_words": {"case_id": 1},
    "actions": {"id": 2, "case_id": 1, "card": 2, "key": "y", "business_key": "b", "effect_key": "e"},
    "revisions": {"action_id": 2},
    "approvals": {"id": 1, "action_id": 2},
    "handling": {"id": 1},
}
"""Columns that say which case it is: moved on by the number of cases times this, or written anew with this before it."""
_KEYS = {
    "cases": "id",
    "case_words": "case_id",
    "actions": "case_id",
    "revisions": "action_id",
    "approvals": "id",
    "handling": "id",
}


def _repeated(connection: Connection, moved: int, count: int, day: str) -> None:
    """The first `count` past cases once more, `moved` numbers further, on another day."""
    for name, numbered in _NUMBERED.items():
        table = tables.metadata.tables[name]
        at_most = 2 * count + 1 if name == "revisions" else count
        columns = [_moved(table, c.name, c.type, numbered, moved, day) for c in table.c]
        query = select(*columns).where(table.c[_KEYS[name]] <= at_most)
        connection.execute(insert(table).from_select([c.name for c in table.c], query))


def _moved(table: Table, name: str, kind: TypeEngine[Any], numbered: dict[str, Any], moved: int, day: str) -> Any:
    column = f"{table.name}.{name}"
    how = numbered.get(name)
    if isinstance(how, int):
        return literal_column(f"{column} + {how * moved}")
    number = f"({table.name}.{'id' if 'id' in table.c else 'case_id'} + {2 * moved if table.name == 'actions' else moved})"
    if how is not None:
        return literal_column(f"'{how}' || {number}")
    if name == "words":
        return literal_column(f"'nummer' || {number} || ' ' || {column}")
    if isinstance(kind, tables.Utc):
        return literal_column(f"'{day}' || substr({column}, 11)")
    return literal_column(f"'{day}'") if table.name == "handling" and name == "day" else literal_column(column)
