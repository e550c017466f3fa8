"""An amount that a flow tells of its action: on the list like every other, though it moves no money."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inbox.desks import Desk, make_desk
from tests.inbox.test_several import offered

FLOW = """
    description: Reminds
    trigger: {file: {connection: scans}}
    steps:
      - id: keep
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
        amount: "{{ (file.text | length) * 1234.56 }}"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path, flows={"keep": textwrap.dedent(FLOW)})
    yield made
    made.runtime.close()


def test_it_stands_on_the_list_and_sorts_it(desk: Desk):
    desk.cards("a", "bb")
    page = desk.browser("anna").get("/?sort=amount&by=none").text
    assert page.index("€2,469.12") < page.index("€1,234.56")


def test_it_stays_when_the_letter_is_edited(desk: Desk):
    (row,) = desk.cards("a")
    anna = desk.browser("anna")
    anna.decide(row, "edit", **{f"a{row.id}.content": "the new text", f"a{row.id}.content.is": "line", "save": "1"})
    assert (desk.row(row.id).revision, desk.row(row.id).sha256 == row.sha256) == (2, False)
    assert "€1,234.56" in desk.browser("ole").get("/").text
    with desk.runtime.database.read() as connection:
        assert connection.exec_driver_sql("SELECT amount FROM actions").scalar_one() == 1234.56


def test_a_large_one_keeps_no_letter_out_of_several_at_once(desk: Desk):
    rows = desk.cards("a", "bb")
    assert offered(desk.browser("anna")) == [r.id for r in rows]


@pytest.mark.parametrize("written", ["''", '"{{ none }}"', "soon"])
def test_what_is_no_amount_is_left_out(tmp_path: Path, written: str):
    made = make_desk(tmp_path, flows={"keep": textwrap.dedent(FLOW).replace('"{{ (file.text | length) * 1234.56 }}"', written)})
    (row,) = made.cards("a")
    assert "amount" not in row.rule
    made.runtime.close()
