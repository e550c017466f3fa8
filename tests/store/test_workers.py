"""What a worker had leased is free again as soon as its process has ended, and no sooner."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kontorist.core.clock import utcnow
from kontorist.store import backup, leasing, ledger, office_state, tables, workers
from tests.store.offices import approve, claim, propose, take_in

WORKER = """
import sys, time
from pathlib import Path
from kontorist.store import leasing, ledger, workers
from kontorist.store.database import open_database
data, url = Path(sys.argv[1]), sys.argv[2]
database = open_database(data, url)
me = workers.owner(data)
with database.write() as connection:
    leasing.lease(connection, me, 2, 600)
claims = ledger.claim(database, me, limit=2, lease_seconds=900)
claims[0].permit.commit()
print(me, flush=True)
time.sleep(600)
"""


@pytest.fixture
def worker(database) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has leased two cases, claimed two actions and begun with one of them; and its name."""
    for _ in range(2):
        approve(database, propose(database))
    take_in(database, "one", "two")
    url = database.engine.url.render_as_string(hide_password=False)
    given = [sys.executable, "-c", WORKER, str(database.data_dir), url]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child, child.stdout.readline().strip()
        child.kill()


@pytest.fixture(autouse=True)
def _nobody_has_looked(monkeypatch) -> None:
    monkeypatch.setattr(workers, "EVERY", 0.0)


def leased(database) -> int:
    with database.read() as connection:
        return len(connection.execute(select(tables.cases.c.id).where(tables.cases.c.lease_owner.is_not(None))).all())


def states(database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(tables.actions.c.state).order_by(tables.actions.c.id)).scalars())


def test_what_a_killed_worker_had_is_free_at_once(database, worker) -> None:
    child, name = worker
    assert states(database) == ["committing", "claimed"]
    child.kill()
    child.wait()
    assert workers.give_back(database) == [name.rpartition(":")[0]]
    assert leased(database) == 0
    with database.write() as connection:
        assert len(leasing.lease(connection, "next", 10, 600)) >= 2
    assert ledger.recover(database) == []  # the outside has a minute to end what was begun
    assert states(database) == ["committing", "approved"]
    assert [c.row.id for c in claim(database, "next")] == [2]
    with database.read() as connection:
        until = connection.execute(select(tables.actions.c.lease_until).where(tables.actions.c.id == 1)).scalar()
    assert utcnow() < until <= utcnow() + timedelta(seconds=60)
    assert workers.give_back(database) == []
    assert not [p for p in (database.data_dir / "workers").iterdir() if p.name == name.rpartition(":")[0]]


def test_what_a_worker_has_that_is_alive_or_only_stopped_is_left_to_it(database, worker) -> None:
    child, _ = worker
    assert workers.give_back(database) == []
    os.kill(child.pid, signal.SIGSTOP)
    time.sleep(0.1)
    assert workers.give_back(database) == []
    assert states(database) == ["committing", "claimed"]
    assert leased(database) == 2


def test_leases_of_others_are_left_alone(database, worker) -> None:
    child, _ = worker
    with database.write() as connection:
        leasing.lease(connection, workers.owner(database.data_dir), 1, 600)
        leasing.lease(connection, "elsewhere:12:abcdef:1", 1, 600)
    before = leased(database)
    child.kill()
    child.wait()
    workers.give_back(database)
    assert leased(database) == before - 2 == 2


def test_of_those_who_look_at_once_one_finds_it(database, worker) -> None:
    child, _ = worker
    child.kill()
    child.wait()
    together, found = threading.Barrier(4), []

    def look() -> None:
        together.wait()
        found.append(workers.give_back(database))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    assert sum(map(bool, found)) == 1


def test_names_fit_their_column_whatever_the_machine_is_called(sqlite, monkeypatch) -> None:
    monkeypatch.setattr(workers.socket, "gethostname", lambda: "x" * 40 + "/..:y" + "z" * 20)
    name = workers.owner(sqlite.data_dir)
    assert len(name) <= 64
    assert name.startswith("x" * 24 + f":{os.getpid()}:")
    assert workers.give_back(sqlite) == []


def test_a_folder_that_cannot_be_written_is_no_obstacle(sqlite) -> None:
    (sqlite.data_dir / "workers").write_text("a file")
    assert workers.owner(sqlite.data_dir)
    assert workers.give_back(sqlite) == []


def test_a_backup_has_no_workers(sqlite, tmp_path) -> None:
    workers.owner(sqlite.data_dir)
    assert not [name for name, _ in backup._files(sqlite.data_dir) if name.startswith("workers")]


def test_a_pass_ends_with_the_process_that_made_it(database, worker) -> None:
    """Else the page of the office says for ever that it still runs, and Prefect too."""
    child, name = worker
    with database.write() as connection:
        office_state.begin_pass(connection, "killed", "", name)
        office_state.begin_pass(connection, "alive", "", workers.owner(database.data_dir))
    workers.give_back(database)
    with database.read() as connection:
        assert office_state.broken_off(connection) == []
    child.kill()
    child.wait()
    workers.give_back(database)
    with database.write() as connection:
        assert office_state.broken_off(connection) == ["killed"]
        ended = dict(map(tuple, connection.execute(select(tables.passes.c.run, tables.passes.c.ended)).all()))
        assert ended["alive"] is None
        assert ended["killed"] is not None
        office_state.told(connection, ["killed"])
        assert office_state.broken_off(connection) == []


def test_a_pass_of_a_machine_that_is_gone_ends_after_a_day_and_not_sooner(database) -> None:
    """A container that comes back has another name: its pass stood there as running for ever."""
    started = {"gone": timedelta(days=2), "young": timedelta(hours=2), "ours": timedelta(days=2), "nobody's": timedelta(days=2)}
    owners = {"gone": "5f3a9c0d1e2b:1:abcdef:140", "young": "5f3a9c0d1e2b:1:abcdef:140", "ours": workers.owner(database.data_dir)}
    with database.write() as connection:
        for run, age in started.items():
            office_state.begin_pass(connection, run, "", owners.get(run, ""))
            connection.execute(update(tables.passes).where(tables.passes.c.run == run).values(started=utcnow() - age))
    workers.give_back(database)
    with database.read() as connection:
        assert office_state.broken_off(connection) == ["gone"]
        ended = connection.execute(select(tables.passes.c.run).where(tables.passes.c.ended.is_not(None))).scalars().all()
    assert ended == ["gone"]


def test_files_of_other_machines_are_deleted_after_a_week_unless_somebody_holds_them(sqlite) -> None:
    folder, week = sqlite.data_dir / "workers", 7 * 86_400
    workers.owner(sqlite.data_dir)
    (ours,) = folder.iterdir()
    for name, age in (
        ("gone:1:abcdef", week + 60),
        ("young:1:abcdef", week - 60),
        (".new-gone:2:abcdef", week + 60),
        ("held:1:a", 2 * week),
    ):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age,) * 2)
    os.utime(ours, (1, 1))
    with (folder / "held:1:a").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        workers.give_back(sqlite)
    assert {p.name for p in folder.iterdir()} == {ours.name, "young:1:abcdef", "held:1:a"}
    assert time.time() - ours.stat().st_mtime < 60, "others see that we are still there"
