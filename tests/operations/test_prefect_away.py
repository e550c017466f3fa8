"""Prefect's server is frozen or dead: the office's work goes on, and the server comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import prefect_server
from flows.runtime import Runtime
from tests.flows.offices import NOTES, make_office, proposals

PASSES = """
import os, sys, time
from pathlib import Path
from flows import prefect_client, runner
prefect_client.ANSWER_SECONDS = 1.0
office, data = Path(sys.argv[1]), Path(sys.argv[2])
at_work = runner.Runner(office, data)
for i in range(2):
    file = data / "scans" / f"{i}.txt"
    file.write_text(f"letter {i}")
    os.utime(file, (time.time() - 60, time.time() - 60))
    began = time.monotonic()
    at_work._pass()
    print(f"{time.monotonic() - began:.1f}")
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, {"notes": NOTES})
    (tmp_path / "data" / "scans").mkdir(parents=True)
    yield made
    made.close()


def _pid(data: Path) -> int:
    return int(json.loads((data / "prefect" / "server.json").read_text())["pid"])


def test_a_frozen_server_holds_up_one_pass_for_seconds_and_the_next_not_at_all(office: Runtime, tmp_path: Path) -> None:
    with prefect_server.server(tmp_path / "server") as api:
        env = prefect_server.environment(tmp_path / "server", api) | {"DATABASE_URL": office.database.url}
        os.killpg(_pid(tmp_path / "server"), signal.SIGSTOP)
        given = [sys.executable, "-c", PASSES, str(office.office.directory), str(tmp_path / "data")]
        done = subprocess.run(given, env=env, capture_output=True, text=True, timeout=120, check=False)
        os.killpg(_pid(tmp_path / "server"), signal.SIGCONT)
    assert len(proposals(office, "proposed")) == 2, done.stderr
    first, second = map(float, done.stdout.split())
    assert first < 30, "of ten requests at most two are waited for"
    assert second < 3, "for a minute nothing is asked of Prefect"
    assert "passes are made without it for 60 s" in done.stderr


def test_a_server_that_ends_or_falls_silent_is_started_again_at_the_same_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefect_server, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(prefect_server, "SILENT_SECONDS", 1.0)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(prefect_server, "use", lambda *_: None)
    said: list[str] = []
    with prefect_server.kept(tmp_path) as ours:
        for times, sign in enumerate((signal.SIGKILL, signal.SIGSTOP), 1):
            ours.look(said.append)
            assert len(said) == times - 1
            os.killpg(before := _pid(tmp_path), sign)
            while len(said) < times:
                ours.look(said.append)
            assert prefect_server.answers(f"{ours.url}/health")
            assert _pid(tmp_path) != before
    assert len(said) == 2
    assert not prefect_server.answers(f"{ours.url}/health")


def test_a_server_that_somebody_else_runs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_server, "LOOK_SECONDS", 0.0)
    nowhere = f"http://127.0.0.1:{prefect_server.free_port()}/api"
    theirs, said = prefect_server.Kept(tmp_path, nowhere, None), []
    theirs.look(said.append)
    theirs.end()
    assert said == []
