"""The net is tried: with one of its knots taken away the checker has to find what went wrong; as it is, there is nothing to find."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos import mutations as m
from tests.chaos import worker
from tests.chaos.history import Report
from tests.chaos.mutations import Mutate
from tests.chaos.office import Office

KIND = "shelf.save"
LATER = "UPDATE actions SET lease_until = '2000-01-01T00:00:00.000000+00:00' WHERE lease_until IS NOT NULL"
Scenario = Callable[[Office, Mutate], None]


def run(office: Office, *prepare: Mutate) -> None:
    """A worker passes the gate."""
    assert office.crash(lambda: _all(m.as_a_mail_server, *prepare)) == 0


def asleep(office: Office, point: str, *prepare: Mutate) -> int:
    """A worker that sleeps at a point."""
    child = office.worker(lambda: _all(m.as_a_mail_server, *prepare, lambda: worker.at(point, worker.stop)))
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    return child


def wake(child: int) -> None:
    """Let it go on to its end."""
    os.kill(child, signal.SIGCONT)
    assert worker.ended(child) == 0


def _all(*steps: Callable[[], Any]) -> None:
    for step in steps:
        step()


def sleeps_before_the_fence(office: Office, mutate: Mutate) -> None:
    """Another worker does it meanwhile."""
    office.prepare(KIND)
    late = asleep(office, "before-fence", mutate)
    office.sql(LATER)
    run(office, mutate)
    wake(late)


def passes_with_the_claim_of_another(office: Office, mutate: Mutate) -> None:
    """Another worker has claimed it meanwhile and finds the outside down, which it then says of what the first one did."""
    office.prepare(KIND)
    late = asleep(office, "before-fence", mutate)
    office.sql(LATER)
    other = asleep(office, "before-execute", mutate, m.down)
    wake(late)
    wake(other)
    office.sql("UPDATE actions SET not_before = NULL")
    run(office, mutate)


def another_looks_in(office: Office, mutate: Mutate) -> None:
    """Another worker starts while the first is between fence and effect, well within its lease."""
    office.prepare(KIND)
    late = asleep(office, "after-fence", mutate)
    run(office, mutate, lambda: m.as_a_mail_server(sure=True))
    wake(late)


def bytes_are_changed(office: Office, mutate: Mutate) -> None:
    """Somebody changes the stored payload after the approval."""
    office.prepare(KIND)
    evil = '{"content"\\:"This is TOKEN999999.","folder"\\:"","name"\\:"TOKEN999999.txt"}'
    office.sql(f"UPDATE actions SET payload = CAST('{evil}' AS BLOB)")
    run(office, mutate)


def one_of_two_has_approved(office: Office, mutate: Mutate) -> None:
    """The rule asks for two people, and somebody has set the state by hand when one had approved."""
    office.prepare(KIND)
    office.sql("""UPDATE actions SET rule = '{"by"\\:["service"],"count"\\:2}'""")
    run(office, mutate)


def same_fact_twice(office: Office, mutate: Mutate) -> None:
    """Two flows propose the same business fact, and both are approved."""

    def propose() -> None:
        mutate()
        office.prepare(KIND, token="TOKEN000001")
        office.prepare(KIND, token="TOKEN000001")

    assert worker.ended(worker.fork(propose)) == 0
    office.tokens = {1: "TOKEN000001", 2: "TOKEN000001"}
    run(office)


KNOTS: list[tuple[Mutate, Scenario, str]] = [
    (m.without_fence, sleeps_before_the_fence, "duplicates"),
    (m.without_attempt, passes_with_the_claim_of_another, "duplicates"),
    (m.without_lease_check, another_looks_in, "duplicates"),
    (m.without_hash_check, bytes_are_changed, "unapproved"),
    (m.without_approval_count, one_of_two_has_approved, "unapproved"),
    (m.without_unique_key, same_fact_twice, "duplicates"),
]


def outcome(office: Office, scenario: Scenario, mutate: Mutate) -> Report:
    """What the checker finds when all is over."""
    scenario(office, mutate)
    return office.check(KIND)


@pytest.mark.parametrize(("mutate", "scenario", "what"), KNOTS, ids=lambda v: getattr(v, "__name__", v))
def test_without_this_knot_the_checker_goes_red(fresh: Office, mutate: Mutate, scenario: Scenario, what: str) -> None:
    assert getattr(outcome(fresh, scenario, mutate), what)


@pytest.mark.parametrize("scenario", [k[1] for k in KNOTS], ids=lambda v: v.__name__)
def test_with_every_knot_in_place_it_stays_green(fresh: Office, scenario: Scenario) -> None:
    report = outcome(fresh, scenario, m.untouched)
    assert [*report.duplicates, *report.unapproved, *report.lost, *report.chain] == []
