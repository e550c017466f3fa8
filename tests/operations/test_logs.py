"""The log says what was done to which case and action, and nothing that anybody wrote."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from flows.runtime import Runtime
from kontorist.core import logs
from kontorist.core.errors import ConfigurationError
from kontorist.store import deciding
from tests.flows.offices import ANNA, arrive, make_office, proposals, work

KEEP = """
    description: Saves what comes
    trigger: {file: {connection: scans}}
    steps:
      - id: keep
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
ASK = """
    description: Looks for an order that is not there
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "{{ file.text }}"}
        if_missing: ask
"""
CANARY = "Canary Müller <canary@example.org>"


@pytest.fixture
def office(tmp_path: Path):
    """An office whose shelf already holds another file under the name of the second one."""
    made = make_office(tmp_path, {"keep": KEEP, "ask": ASK})
    (made.data_dir / "shelf").mkdir(parents=True)
    (made.data_dir / "shelf" / "1.txt").write_text("something else")
    yield made
    made.close()


def run(office: Runtime) -> None:
    """Two files arrive and are approved; one is executed, the other refused; a third one is unclear."""
    arrive(office, "keep", f"first by {CANARY}", f"second by {CANARY}")
    arrive(office, "ask", CANARY)
    work(office)
    with office.database.write() as connection:
        deciding.approve(connection, [r.shown for r in proposals(office)], ANNA)
    work(office)


def test_json_lines_with_ids_and_times_and_no_personal_data(office: Runtime, capfd: pytest.CaptureFixture[str]) -> None:
    os.environ[logs.VARIABLE] = "json"
    logs.set_up()
    run(office)
    text = capfd.readouterr().err
    lines = [json.loads(line) for line in text.splitlines()]
    keys = {"time", "level", "event", "flow", "case", "action", "count", "ms"}
    assert all(set(line) <= keys and {"time", "level", "event", "flow"} <= set(line) for line in lines)
    brief = [(x["event"], x["level"], x["flow"], x.get("case"), x.get("action")) for x in lines]
    assert brief == [
        ("taken in", "info", "keep", 1, None),
        ("taken in", "info", "ask", 3, None),
        ("unclear", "info", "ask", 3, None),
        ("executed", "info", "keep", 1, 1),
        ("refused", "warning", "keep", 2, 2),
    ]
    assert all(line["ms"] > 0 for line in lines if "action" in line)
    assert not re.search("canary|müller|example|first|second|0.txt|anna", text, re.IGNORECASE)


def test_without_json_each_event_is_one_readable_line(office: Runtime, capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    run(office)
    lines = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"\S+ info    executed flow=keep case=1 action=1 ms=[\d.]+", lines[3])
    assert not re.search("canary|müller|example", "".join(lines), re.IGNORECASE)


def test_another_format_is_refused_with_those_there_are() -> None:
    os.environ[logs.VARIABLE] = "xml"
    with pytest.raises(ConfigurationError, match="json or text"):
        logs.set_up()


def test_a_program_that_did_not_ask_for_a_log_has_none(office: Runtime, capfd: pytest.CaptureFixture[str]) -> None:
    logs.quiet()
    run(office)
    assert capfd.readouterr().err == ""
