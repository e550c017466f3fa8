"""A flow with two gates in a loop, nested flows, a retry, a wait, a forgiven error: it may die anywhere, and goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from flows.runtime import open_runtime
from tests.chaos import story, worker
from tests.flows.offices import case, proposals, saved

LONG = bool(os.environ.get("LONG_TESTS"))
"""Every boundary takes minutes; each 23rd goes with the other tests."""
MOST = 320


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, empty_office: Path) -> tuple[Path, int, set[str]]:
    """An office before the story, how many boundaries the story has, and the steps it goes through."""
    before, told = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("told") / "office"
    shutil.copyfile(empty_office, before / "store.sqlite")
    story.begin(before)
    shutil.copytree(before, told)
    count = told.with_name("count")

    def work() -> None:
        passed = story.at_boundary(0, lambda: None)
        story.tell(told, "first")
        count.write_text(str(passed()))

    assert worker.ended(worker.fork(work)) == 0
    check_end(told)
    return before, int(count.read_text()), set(story.journalled(told))


def check_end(folder: Path) -> None:
    """All of it happened once, in the right order."""
    runtime = open_runtime(folder / "office", folder / "data", url=f"sqlite:///{folder}/store.sqlite")
    state, rows, files = case(runtime, 1).state, proposals(runtime), saved(runtime)
    runtime.close()
    assert (state, files) == ("done", story.EXPECTED)
    assert len({r.path for r in rows}) == len(rows) == len(story.EXPECTED) + 1
    assert sorted(r.state for r in rows) == ["done"] * len(story.EXPECTED) + ["rejected"]
    assert (folder / "data" / "shelf" / "second.txt").read_text() == "first.txt"


def test_the_story_has_boundaries_enough(whole: tuple[Path, int, set[str]]) -> None:
    _, boundaries, steps = whole
    assert 60 < boundaries < MOST
    assert any(path.count("#") and path.count(">") == 2 for path in steps), "a flow within a flow within a loop"


@pytest.mark.parametrize("boundary", range(1, MOST, 1 if LONG else 23))
def test_it_goes_on_where_it_died(whole: tuple[Path, int, set[str]], tmp_path: Path, boundary: int) -> None:
    before, boundaries, steps = whole
    if boundary > boundaries:
        pytest.skip("The story is over by then.")
    folder = tmp_path / "office"
    shutil.copytree(before, folder)

    def work() -> None:
        story.at_boundary(boundary, worker.die)
        story.tell(folder, "first")

    assert worker.ended(worker.fork(work)) == -signal.SIGKILL
    known = story.journalled(folder)
    assert worker.ended(worker.fork(lambda: story.tell(folder, "second"))) == 0
    check_end(folder)
    after = story.journalled(folder)
    assert set(after) == steps, "no step is left out"
    assert {path: after[path] for path in known} == known, "no step is repeated with another result"
