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
from sqlalchemy import select

from flows import prefect_server, schedule
from flows.runtime import Runtime
from kontorist.store import office_state, tables
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


FOLLOWING = """
import os, sys, time
from pathlib import Path
from flows import schedule
from kontorist.store.database import open_database
office, data, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
lent = schedule.Lent(open_database(data, url))
for i in range(3):
    file = data / "scans" / f"{i}.txt"
    file.write_text(f"471{i + 1}")
    os.utime(file, (time.time() - 60, time.time() - 60))
    print(schedule.one_pass(office, data, lent=lent)[0]["taken_in"], flush=True)
if sys.argv[4:]:
    time.sleep(60)  # until it is killed
lent.thread.close()
lent.store.close()
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, {"ask": ORDERS, "notes": NOTES})
    (tmp_path / "data" / "scans").mkdir(parents=True)
    yield made
    made.close()


def _asking_about_orders(folder: Path) -> Runtime:
    """An office with four files that a model is to be asked about."""
    made = make_office(folder, {"slow": ASKS})
    scans = folder / "data" / "scans"
    scans.mkdir(parents=True)
    for i in range(4):
        (scans / f"{i}.txt").write_text(f"Wo bleibt Bestellung {i}?")
        os.utime(scans / f"{i}.txt", (time.time() - 60, time.time() - 60))
    return made


def _with_model(office: Runtime, model: ScriptedServer) -> None:
    settings = office.office.directory / "office.yaml"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("models:")]
    settings.write_text("\n".join([*kept, f'models: {{ours: {{base_url: "{model.url}", model: test}}}}']) + "\n")


def _wait_for(model: ScriptedServer, requests: int) -> None:
    end = time.monotonic() + 60
    while len(model.requests) < requests and time.monotonic() < end:
        time.sleep(0.05)


def _states(office: Runtime) -> list[str]:
    with office.database.read() as connection:
        return list(connection.exec_driver_sql("SELECT DISTINCT state FROM cases").scalars())


@pytest.mark.parametrize("command", ["flows.runner {office} {data}", "kontorist.cli run --office {office} --data {data}"])
def test_who_is_told_to_end_finishes_the_cases_at_hand(tmp_path: Path, command: str) -> None:
    """Prefect would turn SIGTERM into an exception wherever the pass is: between the last byte of a mail and its receipt, too."""
    made = _asking_about_orders(tmp_path)
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=2.0)) as model:
        _with_model(made, model)
        with prefect_server.server(tmp_path / "server") as api:
            env = prefect_server.environment(tmp_path / "server", api) | {"DATABASE_URL": made.database.url}
            words = command.format(office=made.office.directory, data=tmp_path / "data").split()
            given = [sys.executable, "-m", *words]
            with subprocess.Popen(given, env=env, stderr=subprocess.PIPE, text=True) as runner:
                _wait_for(model, 4)
                runner.terminate()
                _, said = runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert "Traceback" not in said
    assert (_states(made), len(model.requests)) == (["done"], 4)
    made.close()


def test_what_a_killed_process_was_at_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """Its leases would last for ten minutes more: the file that it had locked says that it is gone."""
    made = _asking_about_orders(tmp_path)
    given = ["run", "--office", str(made.office.directory), "--data", str(tmp_path / "data"), "--json"]
    with prefect_server.server(tmp_path / "server") as api:
        env = prefect_server.environment(tmp_path / "server", api) | {"DATABASE_URL": made.database.url}
        with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=30.0)) as slow:
            _with_model(made, slow)
            with subprocess.Popen([sys.executable, "-m", "kontorist.cli", *given], env=env) as killed:
                _wait_for(slow, 1)
                killed.kill()
        assert _states(made) == ["runnable"]
        with ScriptedServer().will(Reply({"label": "order", "quote": ""})) as quick:
            _with_model(made, quick)
            again = subprocess.run(
                [sys.executable, "-m", "kontorist.cli", *given], env=env, capture_output=True, timeout=60, check=True
            )
        assert sorted(_flow_runs(api)) == ["COMPLETED", "CRASHED"], "a pass whose process was killed does not run for ever"
    assert json.loads(again.stdout)["advanced"] == 4
    assert _states(made) == ["done"]
    with made.database.read() as connection:
        assert office_state.broken_off(connection) == []
    made.close()


def _task_runs(api: str) -> list[str]:
    return [run["name"] for run in _filtered(api, "task_runs")]


def _flow_runs(api: str) -> list[str]:
    return [run["state_type"] for run in _filtered(api, "flow_runs")]


def _filtered(api: str, what: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{api}/{what}/filter", data=b"{}", headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


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


def test_a_pass_that_fails_is_broken_off_and_not_still_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_office(tmp_path, {"n": NOTES})

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(schedule, "gate", fails)
    with pytest.raises(ZeroDivisionError):
        schedule._pass(made, None, 0.0, schedule._Run("direct", goes_on=True))
    with made.database.read() as connection:
        (row,) = connection.execute(select(tables.passes)).all()
    assert (row.ended is not None, row.summary, row.owner) == (True, None, None)
    made.close()


def _passes(office: Runtime) -> list[Any]:
    with office.database.read() as connection:
        return list(connection.execute(select(tables.passes).order_by(tables.passes.c.started)).all())


def test_passes_that_follow_each_other_are_one_flow_run(office: Runtime, tmp_path: Path) -> None:
    """Starting one costs as much as the work on some thirty cases; each pass stands in the office's own list all the same."""
    with prefect_server.server(tmp_path / "server") as api:
        env = prefect_server.environment(tmp_path / "server", api)
        given = [sys.executable, "-c", FOLLOWING, str(office.office.directory), str(tmp_path / "data"), office.database.url]
        done = subprocess.run(given, env=env, capture_output=True, text=True, timeout=120, check=False)
        runs, tables_kept = _filtered(api, "flow_runs"), _filtered(api, "artifacts")
    assert done.stdout.split() == ["1", "1", "1"], done.stderr
    (run,) = runs
    assert run["state_type"] == "COMPLETED"
    passes = _passes(office)
    assert [row.run for row in passes] == [run["id"], f"{run['id']}.2", f"{run['id']}.3"]
    assert {row.url.rpartition("/")[2] for row in passes} == {run["id"]}
    assert [row.summary["lines"][0]["taken_in"] for row in passes] == [1, 1, 1]
    assert not [row for row in passes if row.owner is not None or row.ended is None]
    (table,) = tables_kept
    assert [line["taken_in"] for line in json.loads(table["data"]) if line["flow"] == "ask"] == [3]


def test_a_flow_run_whose_process_is_killed_between_two_passes_does_not_run_for_ever(office: Runtime, tmp_path: Path) -> None:
    with prefect_server.server(tmp_path / "server") as api:
        env = prefect_server.environment(tmp_path / "server", api)
        given = [sys.executable, "-c", FOLLOWING, str(office.office.directory), str(tmp_path / "data"), office.database.url]
        with subprocess.Popen([*given, "stay"], env=env, stdout=subprocess.PIPE, text=True) as killed:
            assert killed.stdout
            assert [killed.stdout.readline().strip() for _ in range(3)] == ["1", "1", "1"]
            killed.kill()  # within the second in which it waits for what comes next
        assert [bool(row.owner) for row in _passes(office)] == [False, False, True]
        subprocess.run(given, env=env, capture_output=True, timeout=120, check=True)
        assert sorted(_flow_runs(api)) == ["COMPLETED", "CRASHED"]
    with office.database.read() as connection:
        assert office_state.broken_off(connection) == []
