"""A flow as a picture: every step is in it, a case's path is highlighted, and nothing in it is markup from outside."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from kontorist.core.flow import Flow, walk
from kontorist.core.office import load_office
from kontorist.core.picture import picture

OFFICE = load_office(Path(__file__).resolve().parents[2] / "config")
BRANCHES = Flow.model_validate({
    "steps": [
        {"when": "a", "steps": [{"id": "first", "stop": "one"}], "otherwise": [{"id": "second", "stop": "two"}]},
        {"each": "rows", "id": "loop", "steps": [{"id": "inner", "set": {"x": 1}}]},
        {"id": "last", "stop": "<script>alert(1)</script>"},
    ]
})  # fmt: skip


def highlighted(svg: str) -> list[str]:
    return re.findall(r'<g class="\w+ on">.*?<title>([^<]*)</title>', svg)


def test_every_step_of_every_shipped_flow_is_drawn() -> None:
    for flow in OFFICE.flows.values():
        svg = picture(flow, OFFICE.flows)
        root = ET.fromstring(svg)
        boxes = root.findall(".//{http://www.w3.org/2000/svg}rect")
        assert len(boxes) > len(list(walk(flow.steps)))
        assert highlighted(svg) == []


def test_the_path_of_a_case_is_highlighted_and_the_other_branch_is_not() -> None:
    assert highlighted(picture(BRANCHES, {}, {"-1": False, "-1/second": None, "loop": [1, 2], "loop#1/inner": {"x": 1}})) == [
        "used by other flows", "a", "otherwise: second: two", "rows", "for each entry: inner: x",
    ]  # fmt: skip
    assert highlighted(picture(BRANCHES, {}, {"-1": True, "-1/first": None}))[1:] == ["a", "yes: first: one"]


def test_a_schedule_is_said_in_words() -> None:
    flow = Flow.model_validate({"trigger": {"schedule": "0 7 * * 1-5"}, "steps": [{"stop": "a"}]})
    assert "<title>schedule werktags (Mo–Fr) um 7:00</title>" in picture(flow, {}, language="de")


def test_a_text_in_a_flow_is_text() -> None:
    svg = picture(BRANCHES, {})
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg


def test_words_that_are_not_the_admins_own_are_said_in_the_readers_language() -> None:
    german = {
        "yes": "ja",
        "otherwise": "sonst",
        "for each": "für jedes",
        "stop": "Ende",
        "used by other flows": "für andere Abläufe",
    }
    svg = picture(BRANCHES, {}, say=lambda word: german.get(word, word))
    assert re.findall(r"<title>([^<]*)</title>", svg)[1:4] == ["für andere Abläufe", "a", "ja: first: one"]
    assert '<tspan class="k">Ende</tspan>' in svg
    assert "sonst: second" in svg
    assert "für jedes entry" in svg
    assert 'class="stop"' in svg  # what styles rest on stays as it is
