"""While a model's server is away its cases wait; none is lost, nobody is asked without end, and they go on by themselves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.runtime import Runtime, open_runtime
from tests.agents.scripted_server import ScriptedServer
from tests.flows.offices import ASKS, arrive, case, make_office, proposals, work
from tests.flows.test_gate import execute_sql

FLOW = f"""{ASKS}
      - id: keep
        action: shelf.save
        with: {{name: "{{{{ file.name }}}}", content: "{{{{ topic.label }}}}"}}
        approve: {{by: service}}
"""
TEXTS = [f"Wo bleibt meine Bestellung {number}?" for number in range(60)]


class ClosedDoor:
    """A server that hangs up on everybody, and counts who came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            visitor.close()

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def door() -> Iterator[ClosedDoor]:
    closed = ClosedDoor()
    yield closed
    closed.close()


def office(tmp_path: Path, door: ClosedDoor, when_away: str) -> Runtime:
    make_office(tmp_path, {"sort": FLOW}).close()
    with (tmp_path / "office" / "office.yaml").open("a") as file:
        file.write(
            f"models: {{ours: {{base_url: 'http://127.0.0.1:{door.port}/v1', model: m, max_retries: 0, when_away: {when_away}}}}}\n"
        )
    return open_runtime(tmp_path / "office", tmp_path / "data", url=f"sqlite:///{tmp_path}/store.sqlite")


def later(runtime: Runtime) -> None:
    """Some minutes on: cases are tried again, and so is the server."""
    execute_sql(runtime, "UPDATE cases SET not_before = NULL")
    runtime.setting("ours").model._silence._until = 0.0  # type: ignore[attr-defined]


def test_cases_wait_and_go_on_when_it_is_there_again(tmp_path: Path, door: ClosedDoor) -> None:
    runtime = office(tmp_path, door, "wait")
    ids = arrive(runtime, "sort", *TEXTS)

    for _ in range(8):  # more often than a step is tried again otherwise
        work(runtime)
        later(runtime)

    assert {case(runtime, i).state for i in ids} == {"runnable"}
    assert "no answer" in str(case(runtime, ids[-1]).error)
    assert door.calls < 60, "a server that is away is not asked for every case"

    door.close()
    with ScriptedServer(port=door.port) as server:
        server.will({"label": "order", "confidence": 0.9, "quote": "Wo bleibt meine Bestellung"})
        later(runtime)
        while work(runtime).counts:
            later(runtime)

        assert len(server.requests) == len(ids)
    assert [row.data["content"] for row in proposals(runtime)] == ["order"] * len(ids)


def test_where_the_office_wants_no_waiting_the_built_in_model_does_it_and_says_so(tmp_path: Path, door: ClosedDoor) -> None:
    runtime = office(tmp_path, door, "fall_back")
    ids = arrive(runtime, "sort", *TEXTS)

    work(runtime)

    assert not {case(runtime, i).state for i in ids} & {"runnable", "failed"}
    assert all(row.warnings for row in proposals(runtime))
    assert door.calls < 12
