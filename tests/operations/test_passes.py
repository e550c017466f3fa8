"""Passes as Prefect flow runs: which tasks they have, and whose store they work on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import prefect_server
from flows.runtime import Runtime
from tests.agents.scripted_server import Reply, ScriptedServer
from tests.flows.offices import ASKS, NOTES, make_office, proposals

ORDERS = """
    trigger: {file: {connection: scans}}
    steps:
      - id: reply
        agent: draft
        template: "{{ file.text }}"
      - id: order
        lookup: erp.orders
        where: {number: "{{ file.text }}"}
"""
PASSES = """
import os, sys, time
from pathlib import Path
from flows import runtime, schedule
from kontorist.store.database import open_database
office, data, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
store = open_database(data, url)
runtime.open_database = None  # whoever opens another one fails
for i in range(2):
    file = data / "scans" / f"{i}.txt"
    file.write_text(f"471{i + 1}")
    os.utime(file, (time.time() - 60, time.time() - 60))
    print(schedule.one_pass(office, data, lent=schedule.Lent(store))[0]["taken_in"])
with store.read() as connection:
    print(connection.exec_driver_sql("SELECT count(*) FROM actions").scalar())
store.close()
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, {"ask": ORDERS, "notes": NOTES})
    (tmp_path / "data" / "scans").mkdir(parents=True)
    yield made
    made.close()


@pytest.mark.parametrize("command", ["flows.runner {office} {data}", "kontorist.cli run --office {office} --data {data}"])
def test_who_is_told_to_end_finishes_the_cases_at_hand(tmp_path: Path, command: str) -> None:
    """Prefect would turn SIGTERM into an exception wherever the pass is: between the last byte of a mail and its receipt, too."""
    made = make_office(tmp_path, {"slow": ASKS})
    scans = tmp_path / "data" / "scans"
    scans.mkdir(parents=True)
    for i in range(4):
        (scans / f"{i}.txt").write_text(f"Wo bleibt Bestellung {i}?")
        os.utime(scans / f"{i}.txt", (time.time() - 60, time.time() - 60))
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=2.0)) as model:
        with (made.office.directory / "office.yaml").open("a") as file:
            file.write(f'models: {{ours: {{base_url: "{model.url}", model: test}}}}\n')
        with prefect_server.server(tmp_path / "server") as api:
            env = prefect_server.environment(tmp_path / "server", api) | {"DATABASE_URL": made.database.url}
            words = command.format(office=made.office.directory, data=tmp_path / "data").split()
            given = [sys.executable, "-m", *words]
            with subprocess.Popen(given, env=env, stderr=subprocess.PIPE, text=True) as runner:
                end = time.monotonic() + 60
                while len(model.requests) < 4 and time.monotonic() < end:
                    time.sleep(0.05)
                runner.terminate()
                _, said = runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert "Traceback" not in said
    with made.database.read() as connection:
        states = connection.exec_driver_sql("SELECT DISTINCT state FROM cases").scalars().all()
    assert (states, len(model.requests)) == (["done"], 4)
    made.close()


def _task_runs(api: str) -> list[str]:
    request = urllib.request.Request(f"{api}/task_runs/filter", data=b"{}", headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return [run["name"] for run in found]


def _until_told(api: str) -> set[str]:
    """The names, once the server has noted all that was sent to it."""
    end = time.monotonic() + 20
    while "ask:order × 1" not in (names := set(_task_runs(api))) and time.monotonic() < end:
        time.sleep(0.2)
    return names


def test_passes_share_a_store_and_only_what_asks_outside_is_a_task_of_its_own(office: Runtime, tmp_path: Path) -> None:
    with prefect_server.server(tmp_path / "server") as api:
        env = prefect_server.environment(tmp_path / "server", api)
        given = [sys.executable, "-c", PASSES, str(office.office.directory), str(tmp_path / "data"), office.database.url]
        done = subprocess.run(given, env=env, capture_output=True, text=True, timeout=120, check=False)
        names = _until_told(api)
    assert done.stdout.split() == ["1", "1", "2"], done.stderr
    assert "ask:order × 1" in names
    assert not [name for name in names if "reply" in name or name.startswith("notes:")]
    assert len(proposals(office, "proposed")) == 2
