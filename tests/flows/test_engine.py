"""A case moves along its flow: journalled, gated, in chunks; one bad case fails alone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from flows.advance import Tally, advance
from tests.flows.offices import ANNA, OLE, approve, arrive, case, make_office, proposals, reject, saved, work

SAVE = """
    trigger: {file: {connection: scans}}
    steps:
      - id: wanted
        agent: extract
        text: "{{ file.text }}"
        fields: {number: {type: text, pattern: "\\\\d{4}", required: true}}
      - id: order
        lookup: erp.orders
        where: {number: "{{ wanted.number }}"}
      - id: note
        action: shelf.save
        with: {name: "{{ order.number }}.txt", content: "{{ order.customer }}: {{ order.status }}"}
        approve: {by: service}
"""


def test_a_case_goes_from_arrival_through_approval_to_the_effect(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": SAVE})
    (case_id,) = arrive(runtime, "notes", "Bestellung 4711 bitte")

    work(runtime)

    (row,) = proposals(runtime)
    assert (row.state, row.data, case(runtime, case_id).state) == (
        "proposed",
        {"name": "4711.txt", "content": "Meier: versandt", "folder": ""},
        "waiting",
    )
    assert row.origins["content"] == ["erp"]
    assert saved(runtime) == []

    approve(runtime, row)
    work(runtime)

    assert saved(runtime) == ["4711.txt"]
    assert (runtime.data_dir / "shelf" / "4711.txt").read_text() == "Meier: versandt"
    assert case(runtime, case_id).state == "done"
    work(runtime)
    assert len(proposals(runtime, "done")) == 1


def test_what_is_rejected_or_undecided_never_runs(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": SAVE})
    first, second = arrive(runtime, "notes", "Bestellung 4711", "Bestellung 4712")
    work(runtime)
    one, _two = proposals(runtime)

    reject(runtime, one)
    work(runtime)

    assert saved(runtime) == []
    assert (case(runtime, first).state, case(runtime, second).state) == ("closed", "waiting")


def test_an_unclear_case_waits_for_a_person_and_the_others_go_on(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": SAVE})
    unclear, missing, good = arrive(runtime, "notes", "gar keine Nummer", "Bestellung 9999", "Bestellung 4712")

    tally = work(runtime)

    assert [case(runtime, i).state for i in (unclear, missing, good)] == ["unclear", "unclear", "waiting"]
    assert "9999" in str(case(runtime, missing).error)
    assert tally.of("notes", "unclear") == 2


def test_a_changed_master_record_voids_the_approval(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": SAVE})
    arrive(runtime, "notes", "Bestellung 4711")
    work(runtime)
    (row,) = proposals(runtime)
    approve(runtime, row)
    orders = runtime.office.directory / "erp" / "orders.csv"
    orders.write_text(orders.read_text().replace("versandt", "storniert"))

    work(runtime)

    (after,) = proposals(runtime)
    assert saved(runtime) == []
    assert (after.state, after.revision) == ("proposed", 2)
    assert "erp.orders" in after.warnings[-1]["text"]

    approve(runtime, after)  # knowing that, which now stands for the world as it is
    work(runtime)
    assert len(saved(runtime)) == 1


@pytest.mark.parametrize(("cheap", "again"), [(0.0, []), (1e9, ["notes:wanted"])], ids=["journalled", "cheap"])
def test_only_a_cheap_step_is_repeated_after_a_crash(tmp_path: Path, monkeypatch, cheap: float, again: list[str]) -> None:
    monkeypatch.setattr("flows.advance.CHEAP_MS", cheap)
    runtime = make_office(tmp_path, {"notes": SAVE})
    (case_id,) = arrive(runtime, "notes", "Bestellung 4711")
    ran: list[str] = []

    def crash(rt, works):
        from flows.steps import perform

        ran.append(works[0].place)
        if works[0].path == "order" and ran.count(works[0].place) == 1:
            raise KeyboardInterrupt
        return perform(rt, works)

    with contextlib.suppress(KeyboardInterrupt):
        advance(runtime, Tally(), run_step=crash)
    with runtime.database.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET lease_until = '2000-01-01T00:00:00+00:00'")
    advance(runtime, Tally(), run_step=crash)

    assert ran == ["notes:wanted", "notes:order", *again, "notes:order", "notes:note"]
    assert len(proposals(runtime)) == 1
    assert case(runtime, case_id).state == "waiting"


TOGETHER = """
    trigger: {file: {connection: scans}}
    steps:
      - id: first
        action: shelf.save
        with: {name: first.txt, content: "{{ file.text }}"}
        approve: {by: service}
      - when: file is defined
        steps:
          - id: second
            action: shelf.save
            with: {name: second.txt, content: x}
            approve: {together_with: first}
      - id: third
        action: shelf.save
        with: {name: third.txt, content: "{{ first.name }}"}
        approve: {by: service}
"""


def test_one_card_two_records_and_a_step_after_the_approval(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"pair": TOGETHER})
    arrive(runtime, "pair", "hello")
    work(runtime)
    one, two = proposals(runtime)
    assert two.card == one.card

    approve(runtime, one, two)
    work(runtime)

    assert saved(runtime) == ["first.txt", "second.txt"]
    (third,) = proposals(runtime, "open")
    assert third.data["content"] == "first.txt"
    approve(runtime, third)
    work(runtime)
    assert saved(runtime) == ["first.txt", "second.txt", "third.txt"]


LOOP = """
    trigger: {file: {connection: scans}}
    steps:
      - id: lines
        each: file.text.split(",")
        as: line
        steps:
          - use: save
            with: {name: "{{ line }}"}
"""
USED = """
    parameters: {name: none}
    steps:
      - id: one
        action: shelf.save
        with: {name: "{{ name }}-1.txt", content: a}
        approve: {by: service}
        if_rejected: continue
      - when: one.state == "done"
        steps:
          - id: two
            action: shelf.save
            with: {name: "{{ name }}-2.txt", content: b}
            approve: {by: service}
        otherwise:
          - set: {gone: "yes"}
"""


def test_two_gates_in_one_loop_in_a_used_flow(tmp_path: Path) -> None:
    """Peers break exactly here: nested, looped, twice, with a rejection in between."""
    runtime = make_office(tmp_path, {"loop": LOOP, "save": USED})
    (case_id,) = arrive(runtime, "loop", "a,b,c")
    work(runtime)
    first = {r.data["name"]: r for r in proposals(runtime, "open")}
    assert sorted(first) == ["a-1.txt", "b-1.txt", "c-1.txt"]

    approve(runtime, first["a-1.txt"])
    reject(runtime, first["b-1.txt"])
    work(runtime)
    assert sorted(r.data["name"] for r in proposals(runtime, "open")) == ["a-2.txt", "c-1.txt"]

    approve(runtime, *proposals(runtime, "open"))
    work(runtime)
    approve(runtime, *proposals(runtime, "open"))
    work(runtime)

    assert saved(runtime) == ["a-1.txt", "a-2.txt", "c-1.txt", "c-2.txt"]
    assert case(runtime, case_id).state == "done"


FOUR_EYES = """
    trigger: {file: {connection: scans}}
    steps:
      - id: note
        action: shelf.save
        with: {name: n.txt, content: "{{ file.text }}"}
        approve: {by: service, count: "{{ 2 if file.text == 'big' else 1 }}"}
"""


def test_the_number_of_approvers_can_depend_on_the_case(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"n": FOUR_EYES})
    arrive(runtime, "n", "big")
    work(runtime)
    (row,) = proposals(runtime)

    approve(runtime, row, who=ANNA)
    work(runtime)
    assert saved(runtime) == []
    approve(runtime, row, who=OLE)
    work(runtime)
    assert saved(runtime) == ["n.txt"]


def test_a_bad_expression_fails_its_case_alone_with_the_step_named(tmp_path: Path) -> None:
    flow = """
    trigger: {file: {connection: scans}}
    steps:
      - id: half
        set: {n: "{{ 10 / (file.text | int) }}"}
    """
    runtime = make_office(tmp_path, {"f": flow})
    bad, good = arrive(runtime, "f", "0", "5")
    work(runtime)
    assert (case(runtime, bad).state, case(runtime, good).state) == ("failed", "done")
    assert "step half" in str(case(runtime, bad).error)


def test_a_source_with_much_in_it_is_worked_off_in_portions(tmp_path: Path) -> None:
    from flows import intake as taking

    runtime = make_office(tmp_path, {"notes": SAVE})
    runtime.pace.round = 7
    folder = runtime.data_dir / "scans"
    folder.mkdir(parents=True)
    for i in range(20):
        (folder / f"{i}.txt").write_text(f"number {4000 + i}")
    assert [taking.intake(runtime, "notes", Tally()) for _ in range(4)] == [7, 7, 6, 0]


def test_a_case_that_an_agent_chokes_on_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agents.extract import Extract

    usual = Extract.run

    def choking(self: Extract, tasks: Any, setting: Any) -> Any:
        if any("4799" in str(task) for task in tasks):
            raise OverflowError("a date beyond all calendars")
        return usual(self, tasks, setting)

    monkeypatch.setattr(Extract, "run", choking)
    runtime = make_office(tmp_path, {"notes": SAVE})
    ids = arrive(runtime, "notes", "Bestellung 4711", "Bestellung 4799", "Bestellung 4712")
    work(runtime)
    assert [case(runtime, i).state for i in ids] == ["waiting", "failed", "waiting"]
    assert "OverflowError" in str(case(runtime, ids[1]).error)
