"""Workers that sleep past their lease, right before and after the fence, and wake up when another one has been there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.chaos import worker
from tests.chaos.office import Office
from tests.chaos.test_crash_matrix import LOCAL, MAILDIR, SERVERS, needs_servers


def asleep(office: Office, point: str) -> int:
    """A worker that sleeps at a point; returns its process id."""
    child = office.worker(lambda: worker.at(point, worker.stop))
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    return child


def wake(child: int) -> None:
    """Let it go on to its end."""
    os.kill(child, signal.SIGCONT)
    assert worker.ended(child) == 0


@pytest.mark.parametrize("point", ["before-execute", "before-fence", "after-fence", "before-last-byte", "after-effect"])
@pytest.mark.parametrize("kind", [*LOCAL, *MAILDIR, *SERVERS])
def test_a_worker_that_wakes_up_late_does_nothing_a_second_time(office: Office, kind: str, point: str) -> None:
    needs_servers(kind)
    action = office.prepare(kind)
    zombie = asleep(office, point)
    office.drain()
    meanwhile = office.state(action)
    wake(zombie)
    office.drain()
    report = office.check(kind)
    assert report.wrong == []
    assert office.state(action) == "done"
    if point in ("before-execute", "before-fence"):
        assert meanwhile == "done"  # it needed no one to wake up


@pytest.mark.parametrize("point", ["before-fence", "after-fence", "before-last-byte"])
@pytest.mark.parametrize("kind", ["erp.import", "books.post"])
def test_a_file_that_was_taken_away_meanwhile_does_not_appear_again(fresh: Office, kind: str, point: str, tmp_path: Path) -> None:
    """The ERP and DATEV take files away as soon as they are there: then its name no longer stands in the way."""
    fresh.prepare(kind)
    folder = fresh.folder / "data" / ("import" if kind == "erp.import" else "books")
    zombie = asleep(fresh, point)
    fresh.drain()
    taken = [p.rename(tmp_path / p.name) for p in folder.glob("*.csv")]
    wake(zombie)
    fresh.drain()
    assert len(taken) + len(list(folder.glob("*.csv"))) == 1
