"""Prefect's server and its SQLite: who waits for a lock holds up nobody else."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from flows.prefect_serve import PatientConnection


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prefect.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE run (id INTEGER)")
        made.executemany("INSERT INTO run VALUES (?)", [(i,) for i in range(1000)])
    made.close()
    return path


def _open(path: Path, factory: type[sqlite3.Connection] = PatientConnection) -> sqlite3.Connection:
    connection = sqlite3.connect(path, factory=factory, isolation_level=None, check_same_thread=False)
    connection.cursor().execute("PRAGMA busy_timeout = 3000")  # Prefect says 60 s
    return connection


def _seconds_to_let_go_of_a_cursor(path: Path, factory: type[sqlite3.Connection]) -> float:
    """While its connection waits in another thread for a lock that is not given back meanwhile."""
    holder, waiting = _open(path, factory), _open(path, factory)
    holder.execute("BEGIN IMMEDIATE")
    failed = _a_write_that_fails(waiting)
    waiter = threading.Thread(target=lambda: waiting.cursor().execute("BEGIN IMMEDIATE"), daemon=True)
    if factory is sqlite3.Connection:
        waiter = threading.Thread(target=_refused, args=(waiting,), daemon=True)
    waiter.start()
    time.sleep(0.2)
    began = time.monotonic()
    del failed
    seconds = time.monotonic() - began
    holder.execute("COMMIT")
    waiter.join(10)
    assert not waiter.is_alive()
    return seconds


def _a_write_that_fails(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """What a refused request leaves behind, in its traceback."""
    connection.execute("BEGIN")
    assert len(connection.execute("SELECT id FROM run").fetchall()) == 1000
    cursor = connection.cursor()
    with pytest.raises(sqlite3.OperationalError, match="locked"):  # at once: SQLite waits only before a transaction has begun
        cursor.execute("INSERT INTO run VALUES (5)")
    connection.execute("ROLLBACK")
    return cursor


def _refused(waiting: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        waiting.execute("BEGIN IMMEDIATE")


def test_letting_go_of_a_cursor_does_not_wait_for_another_connections_lock(file: Path) -> None:
    assert _seconds_to_let_go_of_a_cursor(file, PatientConnection) < 1


def test_an_ordinary_connection_does_and_holds_up_every_thread(file: Path) -> None:
    assert _seconds_to_let_go_of_a_cursor(file, sqlite3.Connection) > 1, "then flows/prefect_serve.py is needed no more"
