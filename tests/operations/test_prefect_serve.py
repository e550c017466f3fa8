"""Prefect's server and its SQLite: who waits for a lock holds up nobody else."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

from flows import prefect_serve, prefect_server
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
    failed = _a_write_that_fails(waiting, holder)
    holder.execute("BEGIN IMMEDIATE")
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


def _a_write_that_fails(connection: sqlite3.Connection, other: sqlite3.Connection) -> sqlite3.Cursor:
    """What a refused request leaves behind, in its traceback."""
    connection.execute("BEGIN")
    assert connection.execute("SELECT count(*) FROM run").fetchall() == [(1000,)]
    other.execute("INSERT INTO run VALUES (4)")
    cursor = connection.cursor()
    with pytest.raises(sqlite3.OperationalError, match="locked"):  # at once: what was read is no longer so, waiting is no use
        cursor.execute("INSERT INTO run VALUES (5)")
    connection.execute("ROLLBACK")
    return cursor


def _refused(waiting: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        waiting.execute("BEGIN IMMEDIATE")


def test_letting_go_of_a_cursor_does_not_wait_for_another_connections_lock(file: Path) -> None:
    assert _seconds_to_let_go_of_a_cursor(file, PatientConnection) < 1


def test_an_ordinary_connection_holds_up_who_lets_go_of_a_cursor(file: Path) -> None:
    assert _seconds_to_let_go_of_a_cursor(file, sqlite3.Connection) > 1, "then flows/prefect_serve.py is needed no more"


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_write_waits_until_the_other_has_committed(file: Path, begin: str, rows: int) -> None:
    holder, waiting = _open(file), _open(file)
    holder.execute("BEGIN IMMEDIATE")
    holder.execute("INSERT INTO run VALUES (5006)")
    threading.Timer(0.3, holder.execute, ["COMMIT"]).start()
    waiting.execute(begin)
    if rows == 1:
        waiting.execute("INSERT INTO run VALUES (5007)")
    else:
        waiting.cursor().executemany("INSERT INTO run VALUES (?)", ((5007,) for _ in range(rows)))
    waiting.execute("COMMIT")
    assert waiting.execute("SELECT id FROM run WHERE id > 5000 ORDER BY rowid").fetchall() == [(5006,), *[(5007,)] * rows]


def test_who_waits_too_long_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_serve, "WAIT_SECONDS", 0.1)
    holder, waiting = _open(file), _open(file)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        waiting.execute("BEGIN IMMEDIATE")


@pytest.mark.slow
def test_pages_of_other_sites_cannot_use_the_server(tmp_path: Path):
    """They could have a worker run a command: a deployment's pull steps are programs."""
    with prefect_server.server(tmp_path) as api:
        own = api.removesuffix("/api")
        for headers, status in (
            ({}, 200),
            ({"Origin": own}, 200),
            ({"Origin": "https://evil.example"}, 403),
            ({"Host": "evil.example"}, 403),
        ):
            assert httpx.post(f"{api}/deployments/filter", json={}, headers=headers, timeout=30).status_code == status
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        assert httpx.options(f"{api}/deployments/", headers=asked, timeout=30).status_code == 403
