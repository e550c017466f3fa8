"""Who waits for SQLite's one writer holds nothing meanwhile, and has its turn when the writer is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kontorist.core.errors import Unavailable
from kontorist.store import database as opening
from kontorist.store.database import Database, open_database
from kontorist.store.waiting import begin_immediate

ROWS = "SELECT name FROM sqlite_schema"


@pytest.fixture(params=["pysqlite3", "sqlite3"])
def office(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A store with the SQLite that we bring, and one with Python's own, which treats rows that nobody read to their end in another way."""
    if request.param == "sqlite3":
        monkeypatch.setattr(opening, "_SAFE_SQLITE", (3, 0, 0))
    made = open_database(tmp_path)
    assert opening.sqlite_module().__name__.startswith(request.param)
    yield made
    made.close()


def write(database: Database, begun: list[float] | None = None) -> None:
    with database.write() as connection:
        if begun is not None:
            begun.append(time.monotonic())
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")


def rows_that_are_kept(database: Database) -> list[object]:
    """Read in part, on the connection that is the pool's next; the statement is in nobody's cache any more."""
    with database.read() as connection:
        kept = iter(connection.exec_driver_sql(ROWS))
        next(kept)
    with database.read() as connection:
        for n in (n for n in range(600) for _ in range(2)):
            connection.exec_driver_sql(f"SELECT {n // 2}").all()
    return [kept]


def test_who_is_waited_for_may_let_go_of_rows_of_the_connection_that_waits(office: Database) -> None:
    kept, begun = rows_that_are_kept(office), []
    aside = office.engine.connect()
    waiter = threading.Thread(target=write, args=(office, begun))
    with office.write():
        aside.close()
        waiter.start()
        time.sleep(0.2)
        began = time.monotonic()
        kept.clear()
        assert time.monotonic() - began < 2
        assert begun == []
    waiter.join(20)
    assert len(begun) == 1


def test_rows_in_a_traceback_do_not_keep_the_next_one_from_writing(office: Database) -> None:
    other = open_database(office.data_dir)
    for transaction in (office.read, office.write):
        with pytest.raises(ZeroDivisionError) as kept, transaction() as connection:
            [1 / 0 for _ in connection.exec_driver_sql(ROWS)]
        write(other)
        began = time.monotonic()
        write(office)
        assert time.monotonic() - began < 2
        assert kept.tb
    other.close()


def test_who_has_waited_long_has_its_turn_at_once(office: Database) -> None:
    late = []
    for _ in range(5):
        begun: list[float] = []
        waiter = threading.Thread(target=write, args=(office, begun))
        with office.write():
            waiter.start()
            time.sleep(0.5)  # SQLite would look again every 100 ms by now
        ended = time.monotonic()
        waiter.join(20)
        late.append(begun[0] - ended)
    assert sum(late) / len(late) < 0.02


def test_who_waits_too_long_is_told_so(office: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "begin_immediate", partial(begin_immediate, seconds=0.2))
    other = open_database(office.data_dir)
    with office.write(), pytest.raises(Unavailable, match="locked by another program"):
        write(other)
    write(other)
    other.close()
