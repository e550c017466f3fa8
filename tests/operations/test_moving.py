"""An office moves from SQLite to PostgreSQL whole, or not at all; only one of both ever acts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from kontorist.cli import app
from kontorist.core.errors import ConfigurationError, KontoristError, NotApproved
from kontorist.store import audit, copying, instance, moving
from kontorist.store.database import Database, open_database
from kontorist.store.tables import threads
from tests.postgres import Postgres
from tests.store.offices import approve, claim, kinds, propose, take_in


@pytest.fixture
def office(sqlite: Database) -> Database:
    """An office that has begun one effect and has another one approved."""
    approve(sqlite, propose(sqlite))
    assert len(claim(sqlite)) == 1
    approve(sqlite, propose(sqlite, sentence="Ümläut \ud800 and \0"))
    return sqlite


def test_all_rows_are_the_same_in_postgresql_and_work_goes_on_there(office: Database, postgres: Postgres) -> None:
    with office.read() as here:
        before = copying.counts_of(here)
    url = postgres.empty_database()
    counts = moving.move(office.data_dir, url)
    assert {**before, "events": before["events"] + 1} == counts
    there = open_database(office.data_dir, url)
    with office.read() as old, there.read() as new:
        assert audit.verify(old) == audit.verify(new)
        assert audit.verify(new).problem == ""
    assert len(claim(there)) == 1, "the data folder is the same, so nobody has to adopt it"
    assert take_in(there, "later") == [counts["cases"] + 1], "numbers go on"
    there.close()


def test_what_was_left_neither_executes_nor_takes_in(office: Database, postgres: Postgres) -> None:
    moving.move(office.data_dir, postgres.empty_database())
    with pytest.raises(NotApproved, match="has moved to PostgreSQL"):
        claim(office)
    with pytest.raises(NotApproved, match="Set DATABASE_URL"):
        take_in(office, "too late")


def test_what_was_left_is_not_moved_a_second_time(office: Database, postgres: Postgres) -> None:
    moving.move(office.data_dir, postgres.empty_database())
    other = postgres.empty_database()
    with pytest.raises(NotApproved, match="has moved to PostgreSQL"):
        moving.move(office.data_dir, other)
    there = open_database(office.data_dir, other)
    with there.read() as connection:
        copying.require_empty(connection)
    there.close()


def test_a_move_whose_program_was_killed_is_said_and_can_be_done_again(office: Database, postgres: Postgres) -> None:
    url = postgres.empty_database()
    code = (
        "import os, signal, sys; from pathlib import Path; from kontorist.store import copying, moving\n"
        "whole = copying._copy\n"
        "def dying(source, target, raw, query):\n"
        "    if raw.name == 'events': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return whole(source, target, raw, query)\n"
        "copying._copy = dying\n"
        "moving.move(Path(sys.argv[1]), sys.argv[2])\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(office.data_dir), url], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with pytest.raises(NotApproved, match="run it again"):
        claim(office)
    moving.move(office.data_dir, url)
    there = open_database(office.data_dir, url)
    assert len(claim(there)) == 1
    there.close()


def test_an_admin_may_go_back_and_decides_anew(office: Database, postgres: Postgres) -> None:
    moving.move(office.data_dir, postgres.empty_database())
    instance.adopt(office, "petra")
    assert claim(office) == []
    assert len(take_in(office, "again")) == 1


def test_a_target_with_anything_in_it_is_refused(office: Database, postgres: Postgres) -> None:
    url = postgres.new_database()
    there = open_database(office.data_dir, url)
    take_in(there, "another office")
    there.close()
    with pytest.raises(KontoristError, match="is not empty"):
        moving.move(office.data_dir, url)
    assert len(claim(office)) == 1


def test_a_target_that_is_no_postgresql_is_refused(office: Database) -> None:
    for url in (f"sqlite:///{office.data_dir}/other.sqlite", "hello", "mysql://host/name"):
        with pytest.raises(ConfigurationError, match="no PostgreSQL"):
            moving.move(office.data_dir, url)


def test_a_move_that_breaks_leaves_the_office_where_it_was(office: Database, postgres: Postgres) -> None:
    with office.engine.begin() as connection:
        connection.execute(insert(threads).values(key="x" * 300, case_id=1))  # longer than PostgreSQL takes
    url = postgres.empty_database()
    with pytest.raises(KontoristError, match="the office goes on where it is"):
        moving.move(office.data_dir, url)
    assert kinds(office, "office") == ["office.moved", "office.stayed"]
    assert len(claim(office)) == 1
    there = open_database(office.data_dir, url)
    with there.read() as connection:
        copying.require_empty(connection)
    there.close()


def test_a_broken_chain_is_not_moved(office: Database, postgres: Postgres) -> None:
    with office.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER events_no_update")
        connection.exec_driver_sql("UPDATE events SET actor = 'nobody' WHERE seq = 2")
    with pytest.raises(KontoristError, match="chain of the embedded database is broken: event 2"):
        moving.move(office.data_dir, postgres.empty_database())


def test_from_a_shell_with_the_address_people_write(office: Database, postgres: Postgres) -> None:
    url = postgres.empty_database().replace("postgresql+psycopg://", "postgresql://")
    done = CliRunner().invoke(app, ["move-to", url, "--data", str(office.data_dir), "--json"])
    assert json.loads(done.stdout)["rows"]["actions"] == 2


def test_an_empty_folder_has_nothing_to_move(tmp_path: Path) -> None:
    with pytest.raises(KontoristError, match="nothing to move"):
        moving.move(tmp_path, "postgresql://localhost/x")
    assert list(tmp_path.iterdir()) == []
