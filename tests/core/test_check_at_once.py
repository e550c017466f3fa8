"""Every mistake of an office is told at once, at its place, and nothing that only follows from one of them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from kontorist.core.check import check
from tests.flows.offices import CONNECTIONS, NOTES, OFFICE, make_office

TOLD_IN_FLOW = "no group or person 'servise'"


def told(folder: Path, **files: str) -> list[str]:
    """Name of the file, line and message of each problem of a small office with these files; a flow asks somebody who is not there."""
    make_office(folder, {"notes": NOTES, "other": NOTES.replace("by: service", "by: servise")}).close()
    for name, text in files.items():
        place = "flows/notes" if name == "notes" else name
        (folder / "office" / f"{place}.yaml").write_text(textwrap.dedent(text))
    return [f"{Path(p.file).name}:{p.line}: {p.message}" for p in check(folder / "office")]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("undo_window: 0s", "undo_window: [0s", "not valid YAML"),
        ("groups: {service: {}, accounting: {}}", "gruops: {service: {}, accounting: {}}", "did you mean 'groups'"),
        ("groups: {service: {}, accounting: {}}", "groups: [service, accounting]", "valid dictionary"),
    ],
)
def test_a_mistake_that_hides_the_names_of_office_yaml_is_told_alone(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    (only,) = told(tmp_path, office=OFFICE.replace(right, wrong))
    assert only.startswith("office.yaml:")
    assert says in only


def test_independent_mistakes_of_office_yaml_and_of_flows_are_told_together(tmp_path: Path) -> None:
    office = OFFICE.replace("{name: Anna, groups: [service,", "{nme: Anna, groups: [servce,").replace("admin}", "admn}")
    found = told(tmp_path, office=office + "model: biult-in\ntone: frmal\n")
    assert len(found) == 6
    for place in (
        "office.yaml:5: unknown option 'nme', did you mean 'name'?",
        "office.yaml:5: there is no group 'servce', did you mean 'service'?",
        "office.yaml:7: should be 'approver', 'admin' or 'auditor'",
        "office.yaml:9: there is no model 'biult-in', did you mean 'built-in'?",
        "office.yaml:10: should be 'formal' or 'informal'",
    ):
        assert place in found
    assert TOLD_IN_FLOW in " ".join(found)


@pytest.mark.parametrize(
    ("connections", "says"),
    [
        (CONNECTIONS.replace("scans: {", "scans: [{"), "not valid YAML"),
        (CONNECTIONS.replace("scans: {connector: folder, ", "scans: {"), "needs a `connector:`"),
        (CONNECTIONS.replace("shelf: {connector: folder,", "shelf: {connector: fodler,"), "did you mean 'folder'"),
    ],
)
def test_a_broken_connection_is_told_and_not_that_flows_lack_it(tmp_path: Path, connections: str, says: str) -> None:
    first, second = told(tmp_path, connections=connections)
    assert says in first
    assert TOLD_IN_FLOW in second


def test_a_misspelt_step_hides_no_other_mistake_of_its_flow(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        notes="""
        trigger: {file: {connection: scans}}
        steps:
          - id: topic
            agnet: classify
            text: "{{ file.text }}"
            labels: {a: one, b: two}
          - whne: topic.label == "a"
            steps:
              - id: order
                lookup: erp.ordres
                where: {number: "{{ topic.label }}"}
          - id: note
            action: shelf.save
            with: {name: "{{ order.number }}", content: "{{ fiel.text }}"}
            approve: {by: servise}
          - id: second
            action: shelf.save
            with: {name: "{{ note.name }}", content: "{{ entry }}"}
            approve: {by: service, dew: 4h}
          - action: shelf.save
            with: {name: a, content: b}
            approve: {together_with: second}
        """,
    )
    mine = [one for one in found if one.startswith("notes.yaml")]
    assert [one.split(", did")[0].split(";")[0] for one in mine] == [
        "notes.yaml:5: unknown step 'agnet'",
        "notes.yaml:8: unknown step 'whne'",
        "notes.yaml:11: the connection 'erp' has no table 'ordres'",
        "notes.yaml:15: 'fiel' is not known here",
        "notes.yaml:16: there is no group or person 'servise'",
        "notes.yaml:20: unknown option 'dew'",
    ]
