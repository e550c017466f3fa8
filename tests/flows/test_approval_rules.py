"""Who has to approve, as a flow's `approve:` says: bands of amounts, n of m people, and what time-outs never do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, Stale
from kontorist.store import editing, tables
from kontorist.store.actions import ActionRow
from kontorist.store.authority import Who, may_decide, needed
from kontorist.store.editing import Edit
from tests.flows.offices import ANNA, OLE, PETRA, approve, arrive, make_office, proposals, saved, work

JENS = Who("jens", frozenset({"accounting"}))
FLOW = """
    trigger: {file: {connection: scans}}
    steps:
      - id: keep
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: accounting, count: "{{ 3 if file.text | int > 10000 else 2 if file.text | int > 5000 else 1 }}", due: 4h, escalate: office-lead, expires: 1d}
"""


@pytest.fixture
def runtime(tmp_path: Path):
    made = make_office(tmp_path, {"keep": FLOW.replace("office-lead", "service")})
    yield made
    made.close()


@pytest.mark.parametrize(("amount", "people"), [("4999", 1), ("5001", 2), ("10001", 3)])
def test_the_band_of_the_amount_says_how_many_have_to_agree(runtime, amount: str, people: int) -> None:
    arrive(runtime, "keep", amount)
    work(runtime)
    for number, who in enumerate((ANNA, OLE, JENS)[:people], 1):
        (row,) = proposals(runtime)
        assert row.state == "proposed"
        approve(runtime, row, who=who)
        work(runtime)
        assert saved(runtime) == ([] if number < people else ["0.txt"])


def test_the_same_person_twice_is_one_of_the_two(runtime) -> None:
    arrive(runtime, "keep", "6000")
    work(runtime)
    (row,) = proposals(runtime)
    approve(runtime, row, who=ANNA)
    with pytest.raises(Stale):
        approve(runtime, row, who=ANNA)
    work(runtime)
    assert saved(runtime) == []


def test_somebody_of_another_group_is_none_of_them(runtime) -> None:
    arrive(runtime, "keep", "1")
    work(runtime)
    with pytest.raises(NotAllowed):
        approve(runtime, *proposals(runtime), who=Who("eva", frozenset({"sales"})))


def test_what_is_overdue_is_asked_of_more_people_and_never_done_by_itself(runtime) -> None:
    arrive(runtime, "keep", "1")
    work(runtime)
    service = Who("sven", frozenset({"service"}))
    (row,) = proposals(runtime)
    assert not may_decide(row, service)
    long_ago = utcnow() - timedelta(days=400)
    with runtime.database.write() as connection:
        connection.execute(tables.actions.update().values(due=long_ago, created=long_ago))
    work(runtime)
    (row,) = proposals(runtime)
    assert (row.state, saved(runtime)) == ("proposed", [])
    assert may_decide(row, service)
    assert may_decide(row, PETRA)


def edited(runtime, row, who: Who, **changed: object) -> ActionRow:
    new = Edit({**row.data, **changed}, row.sentence, [], row.rests_on)
    with runtime.database.write() as connection:
        editing.edit(connection, row.shown, new, who)
    (row,) = proposals(runtime)
    return row


def test_who_edits_what_the_number_of_people_hangs_on_cannot_approve_it_alone(runtime) -> None:
    arrive(runtime, "keep", "100")
    work(runtime)
    (row,) = proposals(runtime)
    row = edited(runtime, row, ANNA, content="90000")
    with pytest.raises(NotAllowed, match="You composed this version yourself"):
        approve(runtime, row, who=ANNA)
    for number, who in enumerate((OLE, JENS), 1):
        approve(runtime, row, who=who)
        work(runtime)
        assert saved(runtime) == ([] if number == 1 else ["0.txt"])


COUNT = "count: \"{{ 2 if file.text == 'big' else 1 }}\""


@pytest.mark.parametrize(
    ("given", "count", "field", "people"),
    [
        ('name: a.txt, content: "{{ file.text }}"', COUNT, "content", 2),
        ('name: a.txt, content: "{{ file.text }}"', COUNT, "name", 1),  # made from nothing that the count reads
        ("name: a.txt, content: x", COUNT, "name", 2),  # no field shows what the count reads: any may hang on it
        ('name: a.txt, content: "{{ file.text }}"', "count: 1", "content", 1),
    ],
)
def test_an_edit_asks_for_a_second_person_where_the_number_may_be_another_now(
    tmp_path: Path, given: str, count: str, field: str, people: int
) -> None:
    flow = f"""
        trigger: {{file: {{connection: scans}}}}
        steps:
          - id: keep
            action: shelf.save
            with: {{{given}}}
            approve: {{by: accounting, {count}}}
    """
    made = make_office(tmp_path, {"keep": flow})
    try:
        arrive(made, "keep", "small")
        work(made)
        (row,) = proposals(made)
        assert needed(row) == 1
        assert needed(edited(made, row, ANNA, **{field: "another.txt"})) == people
    finally:
        made.close()
