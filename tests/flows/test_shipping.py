"""An admin changes flows while cases are on their way: each case ends on a version that existed, and none is lost."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from flows.advance import Tally, advance
from flows.gate import gate
from flows.intake import intake
from flows.runtime import Runtime, open_runtime
from kontorist.core.errors import ConfigurationError, KontoristError
from kontorist.store import actions, case_decisions, cases, deciding, flow_faults, versions
from tests.flows.offices import ANNA, approve, arrive, case, make_office, proposals, work

FLOW = """
trigger: {{file: {{connection: scans}}}}
steps:
  - id: first
    set: {{version: {version}}}
  - id: note
    action: shelf.save
    with: {{name: "{{{{ file.text }}}}.first", content: "{version}"}}
    approve: {{by: service}}
  - id: second
    set: {{version: {version}}}
  - id: again
    action: shelf.save
    with: {{name: "{{{{ file.text }}}}.second", content: "{version}"}}
    approve: {{by: service}}
"""


class Admin:
    """Somebody who edits the flow of a running office."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_office(folder, {"notes": FLOW.format(version=1)}).close()

    def write(self, text: str) -> None:
        path = self.folder / "office" / "flows" / "notes.yaml"
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)

    def runtime(self) -> Runtime:
        return open_runtime(self.folder / "office", self.folder / "data", url=f"sqlite:///{self.folder}/store.sqlite")


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    return Admin(tmp_path)


def steps(runtime: Runtime, number: int) -> dict[str, object]:
    return {path: entry.output.get("version") for path, entry in case(runtime, number).journal.items() if entry.kind == "set"}


def test_a_case_ends_on_the_version_it_began_with(admin: Admin) -> None:
    old = admin.runtime()
    (number,) = arrive(old, "notes", "a")
    work(old)
    old.close()
    admin.write(FLOW.format(version=2))
    new = admin.runtime()
    (later,) = arrive(new, "notes", "b")
    for _ in range(2):
        approve(new, *proposals(new, "proposed"))
        work(new)
    approve(new, *proposals(new, "proposed"))
    work(new)
    assert steps(new, number) == {"first": 1, "second": 1}
    assert steps(new, later) == {"first": 2, "second": 2}
    assert {case(new, n).state for n in (number, later)} == {"done"}
    with new.database.read() as connection:
        assert len(versions.history(connection, "notes")) == 2
        kept = versions.flows_of(connection, case(new, number).flow_version)
    assert kept is not None
    assert kept["notes"].steps[0].set == {"version": 1}
    new.close()


@pytest.mark.parametrize(
    "broken", ["steps: [", "steps: []", "nonsense: 1", FLOW.format(version=2).replace("shelf.save", "shelv.save")]
)
def test_a_flow_with_a_fault_goes_on_as_it_was(admin: Admin, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    admin.runtime().close()
    admin.write(broken)
    runtime = admin.runtime()
    assert "The flow 'notes' has a fault, so it goes on as it was" in capsys.readouterr().err
    (number,) = arrive(runtime, "notes", "a")
    work(runtime)
    assert steps(runtime, number) == {"first": 1}
    with runtime.database.read() as connection:
        assert list(flow_faults.known(connection)) == ["notes"]
    runtime.close()
    admin.write(FLOW.format(version=3))
    runtime = admin.runtime()
    with runtime.database.read() as connection:
        assert flow_faults.known(connection) == {}
    assert runtime.office.flows["notes"].steps[0].set == {"version": 3}
    runtime.close()


def test_a_flow_that_was_never_without_a_fault_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"notes\.yaml"):
        make_office(tmp_path, {"notes": "steps: ["})


def test_a_used_flow_belongs_to_the_version(tmp_path: Path) -> None:
    outer = "trigger: {file: {connection: scans}}\nsteps:\n  - use: inner\n"
    make_office(tmp_path, {"outer": outer, "inner": FLOW.format(version=1).replace("trigger", "# trigger")}).close()
    admin = Admin.__new__(Admin)
    admin.folder = tmp_path
    runtime = admin.runtime()
    (number,) = arrive(runtime, "outer", "a")
    work(runtime)
    runtime.close()
    inner = tmp_path / "office" / "flows" / "inner.yaml"
    inner.write_text(inner.read_text().replace("version: 1", "version: 2"))
    runtime = admin.runtime()
    approve(runtime, *proposals(runtime, "proposed"))
    work(runtime)
    assert set(steps(runtime, number).values()) == {1}
    runtime.close()


@pytest.mark.parametrize("broken", ["steps: [", FLOW.format(version=2).replace("shelf.save", "shelv.save")])
def test_a_flow_that_uses_one_with_a_fault_has_not_changed_itself(tmp_path: Path, broken: str) -> None:
    outer = "trigger: {file: {connection: scans}}\nsteps:\n  - use: inner\n"
    inner = FLOW.format(version=1).replace("trigger", "# trigger")
    make_office(tmp_path, {"outer": outer, "inner": inner}).close()
    admin = Admin.__new__(Admin)
    admin.folder = tmp_path
    (tmp_path / "office" / "flows" / "inner.yaml").write_text(broken.replace("trigger", "# trigger"))
    runtime = admin.runtime()
    with runtime.database.read() as connection:
        assert list(flow_faults.known(connection)) == ["inner"]
        (change,) = versions.history(connection, "outer")
        assert change.refused == ""
        assert versions.is_good(connection, "outer", runtime.flow_versions["outer"])
    (number,) = arrive(runtime, "outer", "a")
    work(runtime)
    assert set(steps(runtime, number).values()) == {1}
    runtime.close()


def test_a_case_that_is_tried_again_takes_the_mended_flow(admin: Admin) -> None:
    admin.write(FLOW.format(version=1).replace('"{{ file.text }}.first"', '"{{ 1 // (file.size - file.size) }}"'))
    runtime = admin.runtime()
    (number,) = arrive(runtime, "notes", "a")
    work(runtime)
    assert case(runtime, number).state == "failed"
    runtime.close()
    admin.write(FLOW.format(version=2))
    runtime = admin.runtime()
    work(runtime)
    assert case(runtime, number).state == "failed"
    with runtime.database.write() as connection:
        case_decisions.retry(connection, number, "petra")
    work(runtime)
    assert [row.data["content"] for row in proposals(runtime, "proposed")] == ["2"]
    assert case(runtime, number).flow_version == runtime.flow_versions["notes"]
    runtime.close()


TOTAL = int(os.environ.get("RELOAD_CASES", "100"))
"""`make chaos` tries it with a thousand."""


CHANGES = (FLOW.format(version=1), FLOW.format(version=2), "steps: [", FLOW.format(version=3), FLOW.format(version=4))


def test_many_cases_while_the_flow_changes_three_times_and_once_breaks(admin: Admin) -> None:
    scans = admin.folder / "data" / "scans"
    scans.mkdir(parents=True)
    total, stop = TOTAL // len(CHANGES) * len(CHANGES), threading.Event()
    begun: list[int] = []
    worker = threading.Thread(target=_work, args=(admin, total, stop, begun))
    try:
        for wave, text in enumerate(CHANGES):
            admin.write(text)
            if wave:
                _until_begun_anew(begun)
            for n in range(wave * total // len(CHANGES), (wave + 1) * total // len(CHANGES)):
                (scans / f"{n:05}.txt").write_text(str(n))
            if not wave:
                worker.start()
            _until_taken_in(admin, (wave + 1) * total // len(CHANGES))
        worker.join(600)
    finally:
        stop.set()
        worker.join()
    runtime = admin.runtime()
    with runtime.database.read() as connection:
        states = Counter(row.state for row in cases.find(connection, limit=5000))
        rows = actions.find(connection, state="all", limit=5000)
    assert states == {"done": total}
    by_case: dict[int, set[str]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, set()).add(row.data["content"])
    assert all(len(contents) == 1 for contents in by_case.values()), "one case, one version"
    assert set().union(*by_case.values()) <= {"1", "2", "3", "4"}
    assert len(set().union(*by_case.values())) == 4
    assert len(list((admin.folder / "data" / "shelf").iterdir())) == 2 * total
    runtime.close()


def _until_begun_anew(begun: list[int]) -> None:
    """A pass at work still goes by what was there when it began, and could take in all that comes now."""
    before = len(begun)
    for _ in range(6000):
        if len(begun) > before + 1:  # the first may have been about to begin
            return
        time.sleep(0.02)


def _until_taken_in(admin: Admin, count: int) -> None:
    runtime = admin.runtime()
    for _ in range(6000):
        with runtime.database.read() as connection:
            if len(cases.find(connection, limit=5000)) >= count:
                break
        time.sleep(0.02)
    runtime.close()


def _work(admin: Admin, total: int, stop: threading.Event, begun: list[int]) -> None:
    """Passes, each with the configuration as it is then, and a person who approves everything."""
    left = 1
    while left and not stop.is_set():
        runtime = admin.runtime()
        begun.append(left)
        tally = Tally()
        with runtime.database.write() as connection:
            shown = [row.shown for row in actions.find(connection, limit=max(20, total // 5))]
            deciding.approve(connection, shown, ANNA)
        gate(runtime, tally)
        try:
            intake(runtime, "notes", tally)
        except KontoristError as error:
            raise AssertionError from error
        advance(runtime, tally)
        with runtime.database.read() as connection:
            left = total - len(cases.find(connection, state="done", limit=5000))
        runtime.close()
