"""Who has to approve, as a flow's `approve:` says: bands of amounts, n of m people, and what time-outs never do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, Stale
from kontorist.store import tables
from kontorist.store.authority import Who, may_decide
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
