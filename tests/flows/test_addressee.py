"""A question to a person says whom it is for and until when: what the step says, else its flow."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from flows import compare
from flows.runtime import Runtime
from flows.simulate import simulate
from kontorist.cli import app
from kontorist.core.check import check_text
from kontorist.core.clock import utcnow
from kontorist.core.office import parse_flow
from kontorist.core.yamlfile import YamlFile, parse_yaml
from kontorist.store import case_decisions, tables
from tests.flows.offices import arrive, case, make_office, work

ASKED = """
    trigger: {file: {connection: scans}}
    steps:
      - ask: "Please look at {{ file.text }}."
        by: "{{ 'accounting' if file.text == 'invoice' else 'service' }}"
        due: 2d
        escalate: petra
"""
USUAL = """
    trigger: {file: {connection: scans}}
    unclear: {by: "{{ file.text }}", due: 4h}
    steps:
      - when: file.text == 'anna'
        steps: [{ask: "Anna?", by: [ole, anna]}]
      - when: file.text == 'service'
        steps: [{lookup: erp.orders, where: {number: "1"}, if_missing: ask}]
      - {lookup: erp.orders, where: {number: "{{ 1 / 0 }}"}, on_error: ask}
"""
LATER = """
    trigger: {file: {connection: scans}}
    unclear: {by: "{{ order.customer }}", due: 4h}
    steps:
      - {id: order, lookup: erp.orders, where: {number: "1"}}
"""
OPEN = """
    trigger: {file: {connection: scans}}
    steps: [{ask: "Who takes it?"}]
"""
FORWARDED = """
    unclear: {by: accounting}
    steps: [{use: inner}]
"""
INNER = """
    unclear: {by: petra}
    steps: [{lookup: erp.orders, where: {number: "1"}}]
"""
FLOWS = {"asked": ASKED, "usual": USUAL, "later": LATER, "open": OPEN, "forwarded": FORWARDED, "inner": INNER}


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, FLOWS)
    yield made
    made.close()


def question(runtime: Runtime, flow: str, text: str = "x") -> dict[str, Any]:
    """What a case with this text asks."""
    (case_id,) = arrive(runtime, flow, text)
    work(runtime)
    found = case(runtime, case_id)
    assert found.state == "unclear", found.error
    return dict(found.question)


def columns(runtime: Runtime) -> tuple[str, str, Any]:
    """What the newest case repeats for lists."""
    with runtime.database.read() as connection:
        row = connection.execute(select(tables.cases).order_by(tables.cases.c.id.desc())).first()
    assert row is not None
    return row.deciders, row.escalate, row.due


def test_a_step_says_whom_it_asks_until_when_and_who_is_asked_then(runtime: Runtime) -> None:
    before = utcnow()
    asked = question(runtime, "asked", "invoice")
    assert asked["by"] == ["accounting"]
    assert asked["escalate"] == "petra"
    assert before + timedelta(days=2) <= asked["due"] <= utcnow() + timedelta(days=2)
    assert columns(runtime) == ("|accounting|", "petra", asked["due"])
    assert question(runtime, "asked", "letter")["by"] == ["service"]


def test_a_question_to_nobody_in_particular_stays_as_it_was(runtime: Runtime) -> None:
    assert question(runtime, "open") == {"kind": "look", "text": "Who takes it?"}
    assert columns(runtime) == ("", "", None)


def test_a_look_up_that_finds_nothing_asks_whom_its_flow_names(runtime: Runtime) -> None:
    asked = question(runtime, "usual", "service")
    assert asked["by"] == ["service"]
    assert asked["due"] > utcnow() + timedelta(hours=3)


def test_a_step_that_fails_and_asks_then_asks_whom_its_flow_names(runtime: Runtime) -> None:
    asked = question(runtime, "usual", "accounting")
    assert "1 / 0" in asked["text"] or "zero" in asked["text"]
    assert asked["by"] == ["accounting"]


def test_a_case_that_stops_before_what_its_flow_goes_by_is_for_whoever_takes_it(runtime: Runtime) -> None:
    asked = question(runtime, "later")
    assert "by" not in asked
    assert asked["due"] > utcnow()


def test_a_step_that_names_somebody_asks_them_and_takes_the_rest_from_its_flow(runtime: Runtime) -> None:
    asked = question(runtime, "usual", "anna")
    assert asked["by"] == ["ole", "anna"]
    assert asked["due"] > utcnow() + timedelta(hours=3)


def test_the_flow_that_the_step_stands_in_says_whom_it_asks(runtime: Runtime) -> None:
    assert question(runtime, "forwarded")["by"] == ["petra"]


def test_what_is_for_somebody_whom_nobody_knows_is_for_whoever_takes_it(runtime: Runtime) -> None:
    runtime.office.flows["asked"].steps[0].by = ["servise", "{{ file.text }}"]
    assert "by" not in question(runtime, "asked", "letter")
    assert question(runtime, "asked", "service")["by"] == ["service"]


def test_a_case_that_is_closed_or_tried_again_is_nobodys(runtime: Runtime) -> None:
    for what in (case_decisions.close, case_decisions.retry):
        question(runtime, "asked", what.__name__)
        with runtime.database.write() as connection:
            number = connection.execute(select(tables.cases.c.id).where(tables.cases.c.state == "unclear")).scalar_one()
            what(connection, number, "anna")
        assert columns(runtime) == ("", "", None)


def test_a_simulation_says_whom_a_question_is_for_and_a_comparison_that_it_is_for_others(
    runtime: Runtime, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    changed = parse_flow(parse_yaml(textwrap.dedent(ASKED).replace("'service'", "'anna'"), YamlFile("asked.yaml")))
    assert changed is not None
    other = dataclasses.replace(runtime.office, flows={**runtime.office.flows, "asked": changed})
    (old,), (new,) = (list(simulate(o, tmp_path, "asked", [tmp_path / "letter.txt"])) for o in (runtime.office, other))
    asked = {k: old["question"][k] for k in ("text", "by", "escalate")}
    assert asked == {"text": old["error"], "by": ["service"], "escalate": "petra"}
    assert old["question"]["due"] > utcnow()
    assert compare.differences(old, new) == ["asked: service → anna"]
    assert compare.differences(old, {k: v for k, v in old.items() if k != "question"}) == ["asked: service → whoever takes it"]


def test_a_case_says_in_a_terminal_whom_it_asks(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, plain = question(runtime, "asked", "letter"), question(runtime, "open")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    where = ["--office", str(tmp_path / "office"), "--data", str(tmp_path / "data")]
    shown = [CliRunner().invoke(app, ["cases", "show", str(n), *where]).stdout for n in (1, 2)]
    assert f"  for service, due {asked['due']:%Y-%m-%d %H:%M}, then also for petra\n" in shown[0]
    assert "  for " not in shown[1]
    assert plain["kind"] == "look"
    (line,) = CliRunner().invoke(app, ["cases", "show", "1", "--json", *where]).stdout.splitlines()
    assert json.loads(line)["question"]["by"] == ["service"]


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("steps:\n  - ask: Hello\n    by: servise\n", 3, "there is no group or person 'servise', did you mean 'service'?"),
        ("steps:\n  - ask: Hello\n    by: [service, oli]\n", 3, "there is no group or person 'oli', did you mean 'ole'?"),
        ("steps:\n  - ask: Hello\n    by: service\n    escalate: petera\n", 4, "there is no group or person 'petera', did you mean 'petra'?"),
        ("steps:\n  - ask: Hello\n    by: service\n    due: soon\n", 4, "'soon' is not a duration"),
        ("steps:\n  - ask: Hello\n    by: '{{ topic.label }}'\n", 3, "'topic' is not known here"),
        ("unclear: {by: servise}\nsteps:\n  - ask: Hello\n", 1, "there is no group or person 'servise', did you mean 'service'?"),
        ("unclear: {by: '{{ topic.label }}'}\nsteps:\n  - ask: Hello\n", 1, "'topic' is not known here"),
    ],
)  # fmt: skip
def test_check_names_who_is_not_there(runtime: Runtime, written: str, line: int, said: str) -> None:
    (problem,) = check_text(runtime.office, "new", written)
    assert problem.line == line
    assert said in problem.message


def test_check_lets_templates_and_known_names_pass(runtime: Runtime) -> None:
    written = "unclear: {by: '{{ who.name }}'}\nsteps:\n  - {id: who, set: {name: anna}}\n  - {ask: Hello, by: ['{{ who.name }}', ole], due: 2d, escalate: petra}\n"
    assert check_text(runtime.office, "new", written) == []
