"""Actions that pass their fence together: whoever dies among them, sleeps or is stopped, each of them happens once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import _files as saving_files
from flows import gate as gating
from flows.advance import Tally
from kontorist.core.errors import Uncertain
from kontorist.store import ledger
from kontorist.store.office_state import Stops, set_stops
from tests.chaos import worker
from tests.chaos.mutations import Mutate
from tests.chaos.office import Office

KIND = "shelf.save"
MANY = 5


def nth(n: int, act: Callable[[], None]) -> Callable[[], None]:
    """Act the n-th time."""
    seen = 0

    def call() -> None:
        nonlocal seen
        seen += 1
        if seen == n:
            act()

    return call


def at(where: str, act: Callable[[], None]) -> Mutate:
    """Have a worker do something at a point of a portion of five."""

    def prepare() -> None:
        if where == "before-the-fence":
            worker.around(ledger, "share_fence", before=act)
        elif where == "fence-before-its-note":
            worker.around(worker.instance, "note", before=act)
        elif where == "after-the-fence":
            worker.around(ledger, "share_fence", after=act)
        elif where == "before-the-third":
            worker.around(os, "link", before=nth(3, act))
        elif where == "after-the-third":
            worker.around(os, "link", after=nth(3, act))
        elif where == "before-the-report":
            worker.around(ledger, "all_done", before=act)
        else:
            worker.around(ledger, "all_done", after=act)

    return prepare


POINTS = (
    "before-the-fence",
    "fence-before-its-note",
    "after-the-fence",
    "before-the-third",
    "after-the-third",
    "before-the-report",
    "after-the-report",
)


def all_done_once(office: Office, ids: list[int]) -> None:
    office.drain()
    report = office.check(KIND)
    assert report.wrong == []
    assert {office.state(i) for i in ids} == {"done"}


@pytest.mark.parametrize("point", POINTS)
def test_whoever_dies_among_several_has_done_each_once(fresh: Office, point: str) -> None:
    ids = [fresh.prepare(KIND) for _ in range(MANY)]
    assert fresh.crash(at(point, worker.die)) == -signal.SIGKILL
    all_done_once(fresh, ids)


@pytest.mark.parametrize("point", ["after-the-fence", "before-the-third"])
def test_who_sleeps_past_its_lease_does_nothing_any_more_that_others_did(fresh: Office, point: str) -> None:
    """It wakes up among five actions that another worker has taken over and done meanwhile."""
    ids = [fresh.prepare(KIND) for _ in range(MANY)]
    child = fresh.worker(at(point, worker.stop))
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    all_done_once(fresh, ids)
    os.kill(child, signal.SIGCONT)
    assert worker.ended(child) == 0
    all_done_once(fresh, ids)


def test_the_stop_button_holds_back_the_rest_of_a_portion(fresh: Office) -> None:
    """The third one takes long; the stop button is pressed meanwhile."""
    ids = [fresh.prepare(KIND) for _ in range(MANY)]

    def press() -> None:
        runtime = fresh.runtime()
        with runtime.database.write() as connection:
            set_stops(connection, Stops(office=True), "anna")
        runtime.close()

    def prepare() -> None:
        ledger.SHARED = ledger.timedelta(0)  # as if it took long: each passes its fence again
        worker.around(os, "link", after=nth(3, press))

    assert fresh.crash(prepare) == 0
    assert [fresh.state(i) for i in ids] == ["done", "done", "done", "approved", "approved"]


@pytest.mark.parametrize("commits", [True, False])
def test_a_database_that_goes_away_at_the_shared_fence_loses_nothing(fresh: Office, commits: bool) -> None:
    """Also when the commit counted and only its answer was lost."""
    ids = [fresh.prepare(KIND) for _ in range(MANY)]

    def prepare() -> None:
        inner = ledger.share_fence

        def call(*args: object) -> None:
            if commits:
                inner(*args)  # type: ignore[arg-type]
            raise ledger.NotApproved("The database does not answer.")

        ledger.share_fence = call  # type: ignore[assignment]

    fresh.crash(prepare)
    all_done_once(fresh, ids)


def test_one_that_changed_meanwhile_does_not_hold_up_its_neighbours(fresh: Office) -> None:
    ids = [fresh.prepare("shelf.move") for _ in range(3)]
    moved = sorted((fresh.folder / "data" / "shelf" / "in").iterdir())[1]
    moved.write_text("something else")
    assert fresh.crash(lambda: None) == 0
    assert [fresh.state(i) for i in ids] == ["done", "proposed", "done"]


def test_who_dies_while_the_disk_is_waited_for_has_done_each_once(fresh: Office) -> None:
    """The names are there, the folder is not yet on disk, and nothing has been reported."""
    ids = [fresh.prepare(KIND) for _ in range(MANY)]
    assert fresh.crash(lambda: worker.around(saving_files, "sync_folder", before=nth(2, worker.die))) == -signal.SIGKILL
    assert {fresh.state(i) for i in ids} == {"committing"}
    all_done_once(fresh, ids)


def test_a_disk_that_refuses_leaves_its_own_action_to_a_person_and_no_other(fresh: Office) -> None:
    ids = [fresh.prepare(KIND) for _ in range(MANY)]

    def refuse() -> None:
        raise Uncertain("The disk did not confirm the new file.")

    assert fresh.crash(lambda: worker.around(saving_files, "sync_folder", before=nth(3, refuse))) == 0
    assert sorted(fresh.state(i) for i in ids) == ["done"] * 4 + ["uncertain"], (
        "which one is third is up to the threads that wait"
    )


def test_nothing_is_done_before_the_disk_has_confirmed_it(fresh: Office) -> None:
    ids = [fresh.prepare(KIND) for _ in range(2)]
    seen: list[set[str]] = []
    runtime = fresh.runtime()
    inner = saving_files.sync_folder

    def slow(folder: Path) -> None:
        time.sleep(0.2)
        seen.append({fresh.state(i) for i in ids})
        inner(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving_files, "sync_folder", slow)
        gating.gate(runtime, Tally())
    runtime.close()
    assert seen == [{"committing"}, {"committing"}]
    assert {fresh.state(i) for i in ids} == {"done"}
