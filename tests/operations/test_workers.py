"""The office of compose.yaml on this machine: PostgreSQL, Prefect, two workers, watcher and inbox, from its own commands."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flows import limits
from kontorist.store import actions, audit, deciding
from kontorist.store.database import Database, open_database
from kontorist.store.tables import actions as actions_table
from kontorist.store.tables import events
from tests.flows.offices import ANNA, make_office
from tests.operations.cluster import COMPOSE, Cluster, until
from tests.postgres import Postgres

FLOWS = {
    "notes": """
        trigger: {file: {connection: scans}}
        steps:
          - id: note
            action: shelf.save
            with: {name: "{{ file.name }}", content: "{{ file.text }}"}
            approve: {by: service}
    """,
    "nightly": """
        trigger: {schedule: "0 7 * * 1-5"}
        steps:
          - set: {seen: "yes"}
    """,
}
CASES = 120
"""More than two batches of 50: a run takes one and waits with it for its place."""
PATIENCE = 240
"""Seconds; on a busy machine a run alone needs twenty of them to start."""


class Office:
    """The services, and the store as a test sees it."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        make_office(folder, FLOWS).close()
        with (folder / "office" / "office.yaml").open("a") as file:
            file.write("limits: {shelf: 3}\n")
        self.data = folder / "data"
        (self.data / "scans").mkdir(parents=True)
        url = postgres.new_database()
        self.services = Cluster(folder / "office", self.data, url, folder)
        self.database: Database = open_database(self.data, url)

    def arrive(self, numbers: range) -> None:
        for n in numbers:
            (self.data / "scans" / f"{n}.txt").write_text(f"note {n}")

    def count(self, state: str) -> int:
        with self.database.read() as connection:
            query = select(func.count()).where(actions_table.c.state == state)
            return connection.execute(query).scalar_one()

    def approve_all(self) -> None:
        with self.database.write() as connection:
            deciding.approve(connection, [r.shown for r in actions.find(connection, state="proposed")], ANNA, "")

    def owners(self) -> set[str]:
        with self.database.read() as connection:
            return set(
                connection.execute(select(actions_table.c.lease_owner).where(actions_table.c.state == "claimed")).scalars()
            )

    def tell(self) -> None:
        """What pytest shows of a test that failed: where each action is, and what the services said last."""
        with self.database.read() as connection:
            for row in actions.find(connection):
                print(row.id, row.state, row.attempt, row.error)
        for name in self.services.running:
            print(f"--- {name}\n{self.services.log(name)[-3000:]}")

    def api(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.services.api}{path}", data, {"Content-Type": "application/json"})
        text = until(lambda: _answer(asked), PATIENCE, f"{path} is answered")
        return json.loads(text)


def _answer(asked: urllib.request.Request) -> bytes | None:
    """What Prefect says; a busy one (503) is asked again, as its own clients do."""
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return answer.read() or b"null"
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        time.sleep(1)
        return None


@pytest.fixture
def office(tmp_path: Path, postgres: Postgres) -> Iterator[Office]:
    made = Office(tmp_path, postgres)
    try:
        made.services.prefect()
        made.services.run("deploy")
        for service, name in (("worker", "worker-1"), ("worker", "worker-2"), ("watch", ""), ("inbox", "")):
            made.services.start(service, name)
        yield made
    finally:
        made.tell()
        made.services.stop()
        made.database.close()


def deployments(office: Office) -> dict[str, Any]:
    return {d["name"]: d for d in office.api("/deployments/filter", {})}


@pytest.mark.slow
def test_two_workers_do_everything_once(office: Office) -> None:
    found = deployments(office)
    assert sorted(found) == ["nightly", "notes", "office"]
    assert found["nightly"]["schedules"][0]["schedule"]["cron"] == "0 7 * * 1-5"
    assert found["nightly"]["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    assert found["notes"]["schedules"][0]["schedule"]["interval"] == 60
    assert all(set(d["parameters"]) == {"office", "data", "only"} for d in found.values())
    triggers = {t["trigger"]["match"]["prefect.resource.id"] for t in office.api("/automations/filter", {})}
    assert triggers == {"kontorist.office", "kontorist.flow.notes", "kontorist.flow.nightly"}

    office.arrive(range(CASES))
    until(lambda: office.count("proposed") == CASES, PATIENCE, "everything that arrived is prepared")

    hold = {"names": [limits.connection("shelf")], "slots": 3, "mode": "concurrency"}
    office.api("/v2/concurrency_limits/increment", hold)  # nobody gets a place, so every worker waits with what it has claimed
    office.approve_all()
    until(lambda: len(office.owners()) >= 2, PATIENCE, "two runs have claimed actions, each its own")
    office.api("/v2/concurrency_limits/decrement", hold)
    until(lambda: office.count("done") == CASES, PATIENCE, "everything is executed")
    with urllib.request.urlopen(f"{office.services.inbox}/health", timeout=5) as answer:
        assert json.load(answer) == {"ok": True}
    each_once(office, CASES)


def each_once(office: Office, number: int) -> None:
    """Every action was tried once and done once, and the chain says so."""
    with office.database.read() as connection:
        assert audit.verify(connection).problem == ""
        done = connection.execute(select(events.c.subject).where(events.c.kind == "action.done")).scalars().all()
        attempts = connection.execute(select(actions_table.c.attempt).where(actions_table.c.state == "done")).scalars().all()
    assert (len(done), len(set(done)), set(attempts)) == (number, number, {1})
    assert len(list((office.data / "shelf").iterdir())) == number


@pytest.mark.slow
@pytest.mark.skipif("LONG_TESTS" not in os.environ, reason="`make cluster` runs it")
def test_prefect_may_be_dropped_and_nothing_is_lost(office: Office) -> None:
    office.arrive(range(10))
    until(lambda: office.count("proposed") == 10, PATIENCE, "everything that arrived is prepared")
    office.services.kill("prefect")
    shutil.rmtree(office.services.home("prefect"))
    office.arrive(range(10, 20))
    office.approve_all()
    until(lambda: office.count("done") == 10, PATIENCE, "without Prefect the watcher does the work")
    until(lambda: office.count("proposed") == 10, PATIENCE, "what arrived meanwhile is prepared")
    office.services.prefect()
    office.services.run("deploy")
    for name in ("worker-1", "worker-2"):
        if office.services.running[name].poll() is not None:  # compose starts it again
            office.services.start("worker", name)
    office.approve_all()
    office.arrive(range(20, 25))
    until(lambda: office.count("proposed") == 5, PATIENCE, "work goes on with an empty Prefect database")
    until(lambda: office.count("done") == 20, PATIENCE, "what is approved is executed")
    each_once(office, 20)


def test_ports_are_open_on_this_machine_only_and_no_secret_stands_in_the_file() -> None:
    for name, service in COMPOSE["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key or "://" in str(value).replace("http://", ""):
                assert "${POSTGRES_PASSWORD:?" in str(value), (name, key)
