"""The database: durable settings on every connection, a schema that is what the tables say, sentences instead of tracebacks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from kontorist.core.errors import ConfigurationError, NotFound, Unavailable
from kontorist.store import audit, tables
from kontorist.store.audit import Event
from kontorist.store.database import Database, database_url, migrate, open_database, open_existing, sqlite_module, with_driver
from kontorist.store.migrations import newest
from kontorist.store.tables import metadata


def pragma(connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_every_connection_survives_a_power_cut(sqlite) -> None:
    settings = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000, "trusted_schema": 0}
    with sqlite.read() as one, sqlite.read() as two, sqlite.write() as three:
        for connection in (one, two, three):
            assert {name: pragma(connection, name) for name in settings} == settings


def test_the_sqlite_is_new_enough(sqlite) -> None:
    with sqlite.read() as connection:
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    assert tuple(int(n) for n in version.split(".")) >= (3, 51, 3)


def test_an_old_sqlite_is_refused_with_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 0))
    monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
    with pytest.raises(ConfigurationError, match="Install `pysqlite3`"):
        sqlite_module()


def test_the_migrations_give_what_the_tables_say(database) -> None:
    with database.engine.connect() as connection:
        ours = {
            "compare_type": True,
            "compare_server_default": True,
            "include_object": lambda _, name, *rest: "_search" not in (name or ""),
        }
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database) -> None:
    migrate(database)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [(newest(),)]


def test_several_programs_may_start_at_once(tmp_path: Path, postgres) -> None:
    for url in (None, postgres.empty_database()):
        together, opened = threading.Barrier(3), []

        def start(url=url, together=together, opened=opened) -> None:
            together.wait()
            opened.append(open_database(tmp_path / "data", url))

        starters = [threading.Thread(target=start) for _ in range(3)]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        assert len(opened) == 3
        for database in opened:
            database.close()


def test_a_database_of_a_newer_version_is_left_alone(database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer version of Kontorist"):
        open_database(database.data_dir, database.url)


def test_a_damaged_file_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kontorist.sqlite").write_bytes(b"This is no database at all. " * 100)
    with pytest.raises(Unavailable, match=r"damaged.*restore the file from the backup"):
        open_database(tmp_path)


def test_damage_in_the_middle_gives_a_sentence(sqlite) -> None:
    with sqlite.write() as connection:
        audit.append(connection, [Event("a", "anna", "office", {"text": "x" * 2000}) for _ in range(200)])
    with sqlite.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    sqlite.close()
    file = sqlite.data_dir / "kontorist.sqlite"
    data = bytearray(file.read_bytes())
    data[200_000:300_000] = os.urandom(100_000)
    file.write_bytes(data)
    with pytest.raises(Unavailable, match="damaged"), sqlite.read() as connection:
        list(audit.read(connection))


def test_a_server_that_is_not_there_gives_a_sentence_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer") as error:
        open_database(tmp_path, "postgresql+psycopg://anna:geheim@127.0.0.1:1/office?connect_timeout=2")
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("url", ["nonsense", "postgresql+nodriver://x/y", "mysql://x/y", "sqlite3:///x"])
def test_what_is_no_address_gives_a_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        open_database(tmp_path, url)


def test_the_address_comes_from_the_environment(monkeypatch, tmp_path: Path) -> None:
    assert database_url(tmp_path) == f"sqlite:///{tmp_path}/kontorist.sqlite"
    for given in ("postgres://u:p@h/n", "postgresql://u:p@h/n"):
        monkeypatch.setenv("DATABASE_URL", given)
        assert database_url(tmp_path) == "postgresql+psycopg://u:p@h/n"


def test_an_office_that_is_to_be_there_is_opened_and_none_is_made(monkeypatch, tmp_path: Path, postgres) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(NotFound, match=r"no kontorist\.sqlite"):
        open_existing(tmp_path)
    open_database(tmp_path).close()
    open_existing(tmp_path).close()

    url = postgres.empty_database()
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(NotFound, match="it is empty"):
        open_existing(tmp_path)
    with pytest.raises(NotFound, match="no data folder"):
        open_existing(tmp_path / "elsewhere")
    found = Database(with_driver(url), tmp_path)
    with found.read() as connection:
        assert not inspect(connection).get_table_names()
    found.close()
    open_database(tmp_path).close()
    open_existing(tmp_path).close()


def test_a_data_folder_that_cannot_be_made_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="--data"):
        open_database(tmp_path / "file" / "data")


def test_a_file_that_cannot_be_written_gives_a_sentence(sqlite) -> None:
    def write() -> None:
        with sqlite.write() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.exec_driver_sql("INSERT INTO state (name) VALUES ('x')")

    with pytest.raises(Unavailable, match="cannot be written"):
        write()


def test_a_full_disk_gives_a_sentence(sqlite) -> None:
    def write() -> None:
        with sqlite.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pragma(connection, 'page_count')}")
            for i in range(1000):
                connection.exec_driver_sql("INSERT INTO state (name, value) VALUES (?, ?)", (f"n{i}", "x" * 5000))

    with pytest.raises(Unavailable, match="disk of the database is full"):
        write()


def test_a_reader_sees_one_moment(database) -> None:
    def count(connection) -> int:
        return connection.exec_driver_sql("SELECT count(*) FROM state").scalar()

    with database.read() as connection:
        before = count(connection)
        with database.write() as other:
            other.execute(tables.state.insert().values(name="new", value=1))
        assert count(connection) == before
    with database.read() as connection:
        assert count(connection) == before + 1


def test_a_failed_block_writes_nothing(database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(tables.state.insert().values(name="new", value=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM state WHERE name = 'new'").scalar() == 0


KILLED = """
import os, sys
from pathlib import Path
from kontorist.store import office_state
from kontorist.store.database import open_database
database = open_database(Path(sys.argv[1]))
with database.write() as connection:
    office_state.put(connection, "committed", 1)
with database.write() as connection:
    office_state.put(connection, "half", 1)
    os.kill(os.getpid(), 9)
"""


def test_a_killed_program_leaves_what_it_committed_and_nothing_else(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == -9
    database = open_database(tmp_path)
    with database.read() as connection:
        names = {r[0] for r in connection.exec_driver_sql("SELECT name FROM state")}
    database.close()
    assert "committed" in names
    assert "half" not in names


def test_the_store_of_an_office_is_not_made_by_looking_for_the_engine(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.sqlite", tmp_path)
    database.close()
    assert list(tmp_path.iterdir()) == []
