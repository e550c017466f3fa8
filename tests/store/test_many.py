"""Many rows and numbers at once, on both databases: as SQLAlchemy itself would write and find them."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select, Update, bindparam, func, insert, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from kontorist import store
from kontorist.store.many import among, insert_rows
from kontorist.store.tables import cases, events, journal
from tests.store.offices import propose

AT = datetime(2026, 11, 28, 7, 30, tzinfo=UTC)
CASE = (
    "flow",
    "flow_version",
    "connection",
    "source_key",
    "source",
    "title",
    "data",
    "state",
    "attempts",
    "created",
    "updated",
    "who",
)


def case(key: str, title: str = "Rechnung", data: object = None) -> tuple:
    return ("a", "v", "mailbox", key, "INBOX 1", title, data or {}, "runnable", 0, AT, AT, "")


def test_a_row_is_stored_as_the_types_of_its_columns_say(database) -> None:
    data = {"paid": Decimal("12.30"), "on": AT.date(), "text": "half \ud800 and \0"}
    with database.write() as connection:
        insert_rows(connection, cases, CASE, [case("1", "NUL \0 here", data)])
        connection.execute(insert(cases).values(dict(zip(CASE, case("2", "NUL \0 here", data), strict=True))))
    with database.read() as connection:
        one, two = connection.execute(select(cases).order_by(cases.c.id)).all()
    assert one.data == data
    assert (one.title, one.created) == ("NUL \ufffd here", AT)
    same = [c.name for c in cases.c if c.name not in ("id", "source_key")]
    assert [getattr(one, name) for name in same] == [getattr(two, name) for name in same]


def test_columns_may_stand_in_any_order(database) -> None:
    columns = tuple(reversed(CASE))
    with database.write() as connection:
        insert_rows(connection, cases, columns, [tuple(reversed(case(str(i), f"Title {i}"))) for i in range(3)])
    with database.read() as connection:
        assert connection.execute(select(cases.c.title).order_by(cases.c.id)).scalars().all() == ["Title 0", "Title 1", "Title 2"]


def test_of_new_rows_those_that_are_there_are_left_out(database) -> None:
    for title, keys in (("before", ["1", "2"]), ("after", ["2", "3"])):
        with database.write() as connection:
            insert_rows(connection, cases, CASE, [case(key, title) for key in keys], new=True)
    with database.read() as connection:
        found = connection.execute(select(cases.c.source_key, cases.c.title).order_by(cases.c.source_key)).all()
    assert [tuple(row) for row in found] == [("1", "before"), ("2", "before"), ("3", "after")]


def test_no_rows_are_no_statement(database) -> None:
    with database.write() as connection:
        insert_rows(connection, cases, CASE, [])
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(cases)).scalar() == 0


def test_a_column_is_one_of_many_numbers_or_texts(database) -> None:
    with database.write() as connection:
        insert_rows(connection, cases, CASE, [case(f"käse {i}") for i in range(50)])
        ids = connection.execute(select(cases.c.id).order_by(cases.c.id)).scalars().all()
    by_number = select(func.count()).select_from(cases).where(among(cases.c.id, "which"))
    by_text = select(cases.c.id).where(among(cases.c.source_key, "keys", "texts"), cases.c.id != bindparam("but"))
    with database.read() as connection:
        counts = [
            connection.execute(by_number, {"which": w}).scalar() for w in ([], ids[:1], ids, [*range(ids[0], ids[0] + 70_000)])
        ]
        keys = ["käse 3", 'quote " and \\', "käse 3", "käse 7", "{x}"]
        found = connection.execute(by_text, {"keys": keys, "but": ids[7]}).scalars().all()
    assert counts == [0, 1, 50, 50]
    assert found == [ids[3]]


def test_what_is_stored_of_an_action_is_read_as_it_was_proposed(database) -> None:
    action = propose(database, payload={"body": "Grüße", "amount": "12.50"})
    assert action.data == {"body": "Grüße", "amount": "12.50"}
    assert (action.attempt, action.card) == (0, action.id)
    with database.read() as connection:
        chain = connection.execute(select(events.c.seq, events.c.previous, events.c.hash).order_by(events.c.seq)).all()
        assert connection.execute(select(func.count()).select_from(journal)).scalar() == 0
    assert all(b.previous == a.hash and b.seq == a.seq + 1 for a, b in itertools.pairwise(chain))


def _asking_for_many() -> Iterator[tuple[str, Any]]:
    """Every statement of the store, made once at import, that asks for many numbers or texts."""
    for info in pkgutil.iter_modules(store.__path__, "kontorist.store."):
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, Select | Update) and "json_each" in str(value.compile(dialect=sqlite_dialect())):
                yield f"{info.name}.{name}", value


@pytest.mark.parametrize(("name", "statement"), [pytest.param(n, s, id=n) for n, s in _asking_for_many()])
def test_no_statement_for_many_reads_a_whole_table(sqlite, name: str, statement: Any) -> None:
    if isinstance(statement, Update) and not statement._values:  # its values come with its parameters
        statement = statement.values(updated=statement.table.c.updated)
    compiled = statement.compile(dialect=sqlite.engine.dialect)
    with sqlite.read() as connection:
        text = re.sub(r"__\[POSTCOMPILE_[^\]]*\]", "?", str(compiled))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[1]",) * text.count("?")).all()
    steps = [row[3] for row in plan if "json_each" not in row[3]]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN")], name
