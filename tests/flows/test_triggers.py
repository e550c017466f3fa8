"""What starts a case beside mails, files and rows: a file that somebody hands in, and a case of another flow that has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.handed_in import hand_in
from flows.advance import Tally
from flows.intake import intake
from flows.runtime import Runtime
from flows.simulate import simulate
from kontorist.core.check import check
from kontorist.core.errors import KontoristError, NotAllowed
from kontorist.store import cases
from tests.flows.offices import ANNA, approve, arrive, case, make_office, proposals, reject, work

HANDED = """
    trigger: {upload: {pattern: "*.txt"}}
    steps:
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
FIRST = """
    trigger: {file: {connection: scans}}
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "{{ file.text }}"}
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ order.status }}"}
        approve: {by: service}
"""
SECOND = """
    trigger: {after: {flow: first}}
    steps:
      - set: {said: "{{ before.flow }} {{ before.state }}: {{ before.steps.order.customer }} {{ file.name }}"}
"""


def numbers(runtime: Runtime, flow: str) -> list[int]:
    with runtime.database.read() as connection:
        return [row.id for row in cases.find(connection, flow=flow)]


def test_a_case_that_the_clock_starts_says_in_words_when_that_is(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"nightly": "title: Nachtlauf\ntrigger: {schedule: '0 7 * * 1-5'}\nsteps: [{stop: over}]\n"})
    intake(runtime, "nightly", Tally())

    started = case(runtime, numbers(runtime, "nightly")[0])
    assert started.title.startswith("Nachtlauf ")
    assert started.source == "werktags (Mo–Fr) um 7:00"


def test_a_file_that_is_handed_in_becomes_a_case_once(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"handed": HANDED})
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "b.txt").write_text("hello")
    (number,) = hand_in(runtime.office, runtime.database, "handed", [tmp_path / "a.txt"], "anna")
    assert number
    assert hand_in(runtime.office, runtime.database, "handed", [tmp_path / "b.txt"], "anna") == [None]
    assert intake(runtime, "handed", Tally()) == 0
    work(runtime)
    assert [(row.data["name"], row.data["content"]) for row in proposals(runtime)] == [("a.txt", "hello")]
    runtime.close()


def test_what_a_flow_does_not_take_is_refused_and_nothing_is_taken_in(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"handed": HANDED, "first": FIRST})
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "a.pdf").write_text("hello")
    with pytest.raises(KontoristError, match=r"a\.pdf does not fit \*\.txt"):
        hand_in(runtime.office, runtime.database, "handed", [tmp_path / "a.txt", tmp_path / "a.pdf"], "anna")
    with pytest.raises(NotAllowed, match="takes no files that are handed in"):
        hand_in(runtime.office, runtime.database, "first", [tmp_path / "a.txt"], "anna")
    assert numbers(runtime, "handed") == []
    runtime.close()


def test_a_case_follows_one_that_ended_once_and_knows_what_came_of_it(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"first": FIRST, "second": SECOND})
    intake(runtime, "second", Tally())
    first, rejected = arrive(runtime, "first", "4711", "4712")
    work(runtime)
    intake(runtime, "second", Tally())
    assert numbers(runtime, "second") == []

    by_case = {row.case_id: row for row in proposals(runtime)}
    approve(runtime, by_case[first])
    reject(runtime, by_case[rejected], who=ANNA)
    work(runtime)
    assert [intake(runtime, "second", Tally()) for _ in range(2)] == [1, 0]
    work(runtime)
    (number,) = numbers(runtime, "second")
    assert case(runtime, number).journal["-1"].output == {"said": "first done: Meier 0.txt"}
    runtime.close()


def test_what_ended_before_the_flow_was_there_is_not_made_up_for(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"first": "trigger: {file: {connection: scans}}\nsteps: [{stop: x}]\n", "second": SECOND})
    arrive(runtime, "first", "a")
    work(runtime)
    assert intake(runtime, "second", Tally()) == 0
    runtime.close()


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ({"a": "trigger: {after: {flow: b}}\nsteps: [{stop: x}]\n"}, "a.yaml:1:25: there is no flow 'b'"),
        ({"a": "trigger: {after: {flow: a}}\nsteps: [{stop: x}]\n"}, "a.yaml:1:25: the flow 'a' comes after this one itself"),
        ({"a": "trigger: {after: {flow: b, state: gone}}\nsteps: [{stop: x}]\n"}, "'done' or 'closed'"),
        ({"a": "trigger: {upload: {patern: x}}\nsteps: [{stop: x}]\n"}, "unknown option 'patern', did you mean 'pattern'?"),
    ],
)
def test_check_says_what_is_wrong_with_a_trigger(tmp_path: Path, flows: dict[str, str], said: str) -> None:
    make_office(tmp_path, {"first": FIRST}).close()
    for name, text in flows.items():
        (tmp_path / "office" / "flows" / f"{name}.yaml").write_text(text)
    assert said in "\n".join(map(str, check(tmp_path / "office")))


def test_a_flow_that_takes_files_is_simulated_with_files(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"handed": HANDED})
    (tmp_path / "a.txt").write_text("hello")
    (result,) = simulate(runtime.office, tmp_path / "data", "handed", [tmp_path / "a.txt"])
    assert result["proposals"][0]["payload"]["content"] == "hello"
    runtime.close()
