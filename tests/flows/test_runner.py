"""The runner of `kontorist up`: awake when something happens, asleep when nothing does, and not dependent on Prefect."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import flows.schedule
from connectors.folder import Folder
from flows import runner as runner_module
from flows.pace import ROUND, Pace
from flows.runner import Runner, direct_pass
from kontorist.store import actions, deciding, office_state
from tests.agents.scripted_server import Reply, ScriptedServer
from tests.flows.offices import ANNA, ASKS, CONNECTIONS, NOTES, ORDERS, make_office

STATEMENT = """:20:A
:25:DE89370400440532013000
:28C:1
:60F:C261101EUR0,00
:61:2611031103C10,00NTRFNONREF
:86:166?00GUTSCHRIFT?20RE 4711?32Meier
:62F:C261101EUR10,00
"""


class Running:
    """A runner in a thread, and what it does."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        more: Mapping[str, str] | None = None,
        models: str = "",
        connections: str = "",
        orders: str = ORDERS,
    ) -> None:
        runtime = make_office(folder, {"notes": NOTES, **(more or {})}, connections=CONNECTIONS + connections, orders=orders)
        with (folder / "office" / "office.yaml").open("a") as file:
            file.write(models)
        self.data, self.database = runtime.data_dir, runtime.database
        (self.data / "scans").mkdir(parents=True, exist_ok=True)
        (self.data / "post").mkdir(exist_ok=True)
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/store.sqlite")
        self.passes: list[float] = []
        monkeypatch.setattr(flows.schedule, "one_pass", self._broken)
        monkeypatch.setattr(runner_module, "WITHOUT", 0.0)  # so that each pass asks for it and is counted
        self.runner = Runner(folder / "office", self.data)
        self.thread = threading.Thread(target=self.runner.run)
        self.thread.start()

    def _broken(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        """Prefect's server is away: the runner has to do without."""
        self.passes.append(time.monotonic())
        raise ConnectionError("no Prefect")

    def until(self, what: Callable[[], Any], seconds: float = 15) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.05)
        raise AssertionError("it did not happen")

    def rows(self, state: str) -> list[actions.ActionRow]:
        with self.database.read() as connection:
            return actions.find(connection, state=state)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    made = Running(tmp_path, monkeypatch)
    yield made
    made.runner.stopping.set()
    made.thread.join(20)
    made.database.close()


def test_what_arrives_is_prepared_and_what_is_approved_is_done_at_once_and_then_it_rests(running: Running) -> None:
    (running.data / "scans" / "a.txt").write_text("hello")
    (row,) = running.until(lambda: running.rows("proposed"))
    with running.database.write() as connection:
        deciding.approve(connection, [row.shown], ANNA, "")
    began = time.monotonic()
    running.until(lambda: running.rows("done"))
    assert time.monotonic() - began < 10
    assert (running.data / "shelf" / "a.txt").read_text() == "hello"
    time.sleep(1.5)  # the last passes find nothing to do
    count = len(running.passes)
    time.sleep(1.5)
    assert len(running.passes) == count


def test_a_changed_flow_is_taken_up_and_a_broken_office_is_said_and_goes_on(
    running: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner_module, "RELOAD", 0.1)
    office = running.runner._office
    (office / "flows" / "notes.yaml").write_text(textwrap.dedent(NOTES).replace("{{ file.text }}", "changed"))
    running.until(lambda: "is in use" in capfd.readouterr().err)
    (running.data / "scans" / "a.txt").write_text("hello")
    (row,) = running.until(lambda: running.rows("proposed"))
    assert row.data["content"] == "changed"
    before = (office / "connections.yaml").read_text()
    (office / "connections.yaml").write_text("scans: [")
    running.until(lambda: "connections.yaml" in capfd.readouterr().err)
    (office / "connections.yaml").write_text(before)
    running.until(lambda: "is in use" in capfd.readouterr().err)
    (running.data / "scans" / "b.txt").write_text("hello again")
    running.until(lambda: len(running.rows("proposed")) == 2)


def test_what_is_over_is_forgotten_by_the_way(running: Running) -> None:
    def last() -> Any:
        with running.database.read() as connection:
            return office_state.get(connection, "retention.last")

    assert running.until(last)


def test_an_office_with_statements_and_exports_rests_when_nothing_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every five seconds was a pass, day and night, a run in Prefect each."""
    monkeypatch.setattr("connectors._looking.AGAIN", (1.0,))
    (tmp_path / "office" / "bank").mkdir(parents=True)
    head, rows = "number;customer;status", ("4711;Meier;versandt", "4712;Schulze;offen")
    flow = """
        trigger: {rows: {connection: %s, table: %s}}
        steps:
          - id: note
            action: shelf.save
            with: {name: "{{ case.id }}.txt", content: "{{ row | string }}"}
            approve: {by: service}
    """
    more = {"orders": flow % ("erp", "orders"), "entries": flow % ("giro", "entries")}
    running = Running(tmp_path, monkeypatch, more, connections="giro: {connector: bank, folder: bank}\n", orders=head + "\n")
    try:
        running.until(lambda: running.passes and time.monotonic() - running.passes[-1] > 6.0, 30)
        (tmp_path / "office" / "erp" / "orders.csv").write_text("\n".join((head, *rows, "")))
        running.until(lambda: len(running.rows("proposed")) == 2)
        (tmp_path / "office" / "bank" / "umsaetze.sta").write_text(STATEMENT)
        running.until(lambda: len(running.rows("proposed")) == 3)
    finally:
        running.runner.stopping.set()
        running.thread.join(20)
        running.database.close()


def test_a_source_that_is_away_is_noted_and_its_watcher_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import watch

    monkeypatch.setattr(watch, "FIRST_PAUSE", 0.2)
    running = Running(tmp_path, monkeypatch)
    try:
        scans = running.data / "scans"
        running.until(lambda: running.passes)
        with monkeypatch.context() as broken:
            broken.setattr("connectors.folder.Folder.must_be_there", _away)
            running.until(lambda: _problem(running) == "the share is away")
        (scans / "b.txt").write_text("there again")
        assert running.until(lambda: running.rows("proposed"))
    finally:
        running.runner.stopping.set()
        running.thread.join(20)
        running.database.close()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_source_that_is_away_and_takes_its_time_is_left_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stopped: bool
) -> None:
    """A mail server that does not answer takes longer than a pass may: no reason for another pass at once, and again."""
    monkeypatch.setattr(runner_module, "SLICE", 0.1)
    running = Running(tmp_path, monkeypatch)
    try:
        (running.data / "scans" / "a.txt").write_text("hello")
        (row,) = running.until(lambda: running.rows("proposed"))
        if stopped:
            with running.database.write() as connection:
                office_state.set_stops(connection, office_state.Stops(office=True), "anna")
                deciding.approve(connection, [row.shown], ANNA, "")
        monkeypatch.setattr("connectors.folder.Folder.read", _slowly_away)
        running.runner._woken.set()
        running.until(lambda: _problem(running) == "the share is away")
        time.sleep(1.5)
        count = len(running.passes)
        time.sleep(2.5)
        assert len(running.passes) == count
        assert bool(running.rows("approved")) == stopped
    finally:
        running.runner.stopping.set()
        running.thread.join(20)
        running.database.close()


def test_a_source_that_is_away_makes_no_other_one_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of fifty that waits for a dead mail server became one of ten, and stayed it as long as the server was away."""
    monkeypatch.setattr("flows.pace.ROUND_SLOW", 2.0)
    runtime = make_office(
        tmp_path,
        {"notes": NOTES, "post": NOTES.replace("scans", "post")},
        connections=CONNECTIONS + '\npost: {connector: folder, path: "data:post"}\n',
    )
    for folder in ("scans", "post"):
        (runtime.data_dir / folder).mkdir(parents=True)
    (runtime.data_dir / "scans" / "a.txt").write_text("hello")
    usual = Folder.read

    def read(self: Folder, *given: Any) -> Any:
        if self.surroundings.name == "post":
            time.sleep(2.1)
            _away(None)
        return usual(self, *given)

    monkeypatch.setattr(Folder, "read", read)
    lines = {line["flow"]: line for line in direct_pass(runtime)}
    assert (lines["notes"]["taken_in"], lines["post"]["failed"]) == (1, 1)
    assert runtime.pace.round == ROUND
    runtime.close()


def test_nobody_waits_again_and_again_for_a_source_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead mail server cost its time-out in each pass, whatever that was made for; once it is back, it is asked at once."""
    asked, usual = [], Folder.read
    gone = threading.Event()
    gone.set()

    def read(self: Folder, *given: Any) -> Any:
        if self.surroundings.name == "post":
            asked.append(time.monotonic())
            if gone.is_set():
                time.sleep(1.0)
                _away(None)
        return usual(self, *given)

    monkeypatch.setattr("flows.pace.RESTS", 60.0)
    monkeypatch.setattr(Folder, "read", read)
    post = '\npost: {connector: folder, path: "data:post"}\n'
    running = Running(tmp_path, monkeypatch, {"post": NOTES.replace("scans", "post")}, connections=post)
    try:
        running.until(lambda: asked and time.monotonic() - asked[-1] > 2.0)
        before = len(asked)
        for name in "abc":
            (running.data / "scans" / f"{name}.txt").write_text(name)
            running.until(lambda n=name: len(running.rows("proposed")) == "abc".index(n) + 1)
        assert len(asked) == before
        gone.clear()
        (running.data / "post" / "d.txt").write_text("there again")
        running.until(lambda: len(running.rows("proposed")) == 4)
    finally:
        running.runner.stopping.set()
        running.thread.join(20)
        running.database.close()


def put(folder: Path, name: str) -> None:
    """A file that appears whole, so that its watcher says so once."""
    (folder / ".new").write_text("hello")
    (folder / ".new").rename(folder / name)


def at_rest(running: Running) -> None:
    """Wait until nothing has happened for a while."""
    running.until(lambda: running.passes and time.monotonic() - running.passes[-1] > 1.5, 60)


def test_a_source_that_hiccups_is_asked_again_although_it_says_nothing_more(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had come lay there for five minutes: the watcher had said so once, and the pass that it woke found the source away."""
    # pytest changes the environment after the start (PYTEST_CURRENT_TEST): a change of the configuration, with watchers anew
    monkeypatch.setattr(runner_module, "RELOAD", 3600.0)
    at_rest(running)
    monkeypatch.setattr("flows.pace.AGAIN", 0.3)
    usual, asked = Folder.read, list[float]()

    def read(self: Folder, *given: Any) -> Any:
        asked.append(time.monotonic())
        return _away(None) if len(asked) < 3 else usual(self, *given)

    monkeypatch.setattr(Folder, "read", read)
    put(running.data / "scans", "a.txt")
    running.until(lambda: running.rows("proposed"))
    assert len(asked) == 3
    assert asked[2] - asked[1] > asked[1] - asked[0] > 0.3, "the pauses grow"


def test_what_a_pass_was_made_for_is_not_lost_when_it_fails(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    at_rest(running)
    monkeypatch.setattr(runner_module, "FIRST_PAUSE", 0.1)
    usual, failed = runner_module.gating.gate, list[float]()

    def gate(*given: Any) -> Any:
        if len(failed) < 2:
            failed.append(time.monotonic())
            _away(None) if failed[1:] else _broken()
        return usual(*given)

    monkeypatch.setattr(runner_module.gating, "gate", gate)
    put(running.data / "scans", "a.txt")
    running.until(lambda: running.rows("proposed"))
    assert len(failed) == 2


def _broken() -> None:
    raise RuntimeError("nobody expected that")


def _slowly_away(*_: Any) -> None:
    time.sleep(0.3)
    _away(None)


def test_who_is_stopped_while_a_pass_is_about_to_begin_does_not_work_off_a_backlog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM has 20 s, no more than a pass: then the program is killed, in the middle of a mail perhaps."""
    runtime = make_office(tmp_path, {"notes": NOTES})
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.setattr(runner_module, "Pace", lambda: Pace(first_chunk=10, round=10))
    (runtime.data_dir / "scans").mkdir(parents=True)
    for number in range(30):
        (runtime.data_dir / "scans" / f"{number}.txt").write_text(f"text {number}")
    runner = Runner(tmp_path / "office", runtime.data_dir)
    monkeypatch.setattr(runner, "_prefect_failed", time.monotonic())
    runner.stop()
    (line,) = runner._lines()
    assert line["taken_in"] == 10
    runner._runtime.close()
    runtime.close()


SLOW = ASKS.replace("scans", "post")


def test_what_is_approved_is_done_while_a_slow_model_keeps_the_pass_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=4.0)) as server:
        models = f'models: {{ours: {{base_url: "{server.url}", model: test}}}}\n'
        post = '\npost: {connector: folder, path: "data:post"}\n'
        running = Running(tmp_path, monkeypatch, {"slow": SLOW}, models, post)
        try:
            (running.data / "scans" / "a.txt").write_text("hello")
            (row,) = running.until(lambda: running.rows("proposed"))
            for number in range(4):
                (running.data / "post" / f"{number}.txt").write_text(f"Wo bleibt meine Bestellung {number}?")
            running.until(lambda: server.requests)
            with running.database.write() as connection:
                deciding.approve(connection, [row.shown], ANNA, "")
            began = time.monotonic()
            running.until(lambda: running.rows("done"))
            assert time.monotonic() - began < 3.0
            assert running.runner._busy_since is not None  # the pass was at work all the time
        finally:
            running.runner.stopping.set()
            running.thread.join(60)
            running.database.close()


def test_what_arrives_or_is_changed_has_its_turn_before_a_backlog_is_worked_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "SLICE", 1.0)
    monkeypatch.setattr(runner_module, "RELOAD", 0.1)
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=0.5)) as server:
        models = f'models: {{ours: {{base_url: "{server.url}", model: test, max_concurrency: 2}}}}\n'
        post = '\npost: {connector: folder, path: "data:post"}\n'
        for number in range(60):
            (tmp_path / "data" / "post").mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / "post" / f"{number}.txt").write_text(f"Wo bleibt meine Bestellung {number}?")
        monkeypatch.setattr(runner_module, "Pace", lambda: Pace(first_chunk=10, round=10))
        running = Running(tmp_path, monkeypatch, {"slow": SLOW}, models, post)
        try:
            running.until(lambda: server.requests)
            (running.runner._office / "flows" / "notes.yaml").write_text(
                textwrap.dedent(NOTES).replace("{{ file.text }}", "changed")
            )
            (running.data / "scans" / "a.txt").write_text("hello")
            (row,) = running.until(lambda: running.rows("proposed"))
            assert len(server.requests) < 40  # of 60, two at a time
            assert row.data["content"] == "changed"
            running.until(lambda: len(server.requests) == 60, 30)
        finally:
            running.runner.stopping.set()
            running.thread.join(60)
            running.database.close()


def test_who_is_stopped_finishes_the_cases_at_hand_and_not_the_backlog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "Pace", lambda: Pace(first_chunk=10, round=50))
    post = '\npost: {connector: folder, path: "data:post"}\n'
    (tmp_path / "data" / "post").mkdir(parents=True)
    for number in range(50):
        (tmp_path / "data" / "post" / f"{number}.txt").write_text(f"Wo bleibt meine Bestellung {number}?")
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=0.2)) as server:
        models = f'models: {{ours: {{base_url: "{server.url}", model: test, max_concurrency: 2}}}}\n'
        running = Running(tmp_path, monkeypatch, {"slow": SLOW}, models, post)
        try:
            running.until(lambda: server.requests)
            running.runner.stop()
            running.thread.join(4)  # all fifty would take five seconds
            assert not running.thread.is_alive()
            assert len(server.requests) == 10
            with running.database.read() as connection:
                leased = connection.exec_driver_sql("SELECT count(*) FROM cases WHERE lease_owner IS NOT NULL").scalar()
            assert leased == 0
        finally:
            running.runner.stopping.set()
            running.thread.join(60)
            running.database.close()


def _away(_: Any) -> None:
    from kontorist.core.errors import Unavailable

    raise Unavailable("the share is away")


def _problem(running: Running) -> str:
    with running.database.read() as connection:
        return str((office_state.get(connection, "heartbeat.scans") or {}).get("problem"))


def test_a_pass_without_prefect_does_the_same(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": NOTES})
    (runtime.data_dir / "scans").mkdir(parents=True)
    (runtime.data_dir / "scans" / "a.txt").write_text("hello")
    lines = {line["flow"]: line for line in direct_pass(runtime)}
    assert (lines["notes"]["taken_in"], lines["notes"]["proposed"]) == (1, 1)
    runtime.close()


def test_a_port_in_use_is_said_and_the_sample_office_takes_another() -> None:
    import socket

    from flows.up import _usable
    from kontorist.core.errors import Unavailable

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, said = taken.getsockname()[1], []
        assert _usable(port, said.append, choose=True) == 0
        assert str(port) in said[0]
        with pytest.raises(Unavailable, match="--port"):
            _usable(port, said.append, choose=False)
    assert _usable(port, said.append, choose=False) == port
