"""The thread that makes passes: who waits has the result before Prefect has been told, and nothing that goes wrong is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from flows import prefect_thread
from flows.prefect_thread import PassThread


@pytest.fixture
def thread() -> Iterator[PassThread]:
    made = PassThread()
    yield made
    made.close()


def test_the_result_is_there_before_the_rest_is_done(thread: PassThread) -> None:
    told, may_end = threading.Event(), threading.Event()

    def work() -> str:
        thread.hand_over("lines", large=False)
        may_end.wait(10)
        told.set()
        return "lines"

    assert thread.make(work) == "lines"
    assert not told.is_set()
    may_end.set()
    assert thread.make(told.is_set) is True


def test_what_goes_wrong_before_the_result_belongs_to_who_waits(thread: PassThread) -> None:
    def work() -> None:
        raise OSError("no server")

    with pytest.raises(OSError, match="no server"):
        thread.make(work)
    assert thread.make(lambda: 1) == 1


def test_what_goes_wrong_after_the_result_is_said_by_the_next_pass_which_is_not_made(thread: PassThread) -> None:
    made: list[int] = []

    def work() -> None:
        thread.hand_over("lines", large=False)
        raise OSError("the server has gone")

    assert thread.make(work) == "lines"
    with pytest.raises(OSError, match="has gone"):
        thread.make(lambda: made.append(1))
    assert made == []
    thread.make(lambda: made.append(2))
    assert made == [2]


def test_the_end_waits_until_the_last_pass_is_over() -> None:
    thread, over = PassThread(), threading.Event()

    def work() -> None:
        thread.hand_over(None, large=False)
        over.wait(0.2)
        over.set()

    thread.make(work)
    thread.close()
    assert over.is_set()


def test_it_is_tidied_up_after_a_large_pass_once_there_is_time(monkeypatch: pytest.MonkeyPatch, thread: PassThread) -> None:
    tidied = threading.Event()
    monkeypatch.setattr(prefect_thread, "IDLE", 0.05)
    monkeypatch.setattr(prefect_thread, "tidy_up", tidied.set)
    thread.make(lambda: thread.hand_over(1, large=False))
    assert not tidied.wait(0.2)
    thread.make(lambda: thread.hand_over(1, large=True))
    assert tidied.wait(5)


def test_large_passes_without_a_pause_are_tidied_up_in_the_end(monkeypatch: pytest.MonkeyPatch, thread: PassThread) -> None:
    tidied: list[int] = []
    monkeypatch.setattr(prefect_thread, "tidy_up", lambda: tidied.append(1))
    for _ in range(prefect_thread.AT_LATEST):
        thread.make(lambda: thread.hand_over(1, large=True))
    for _ in range(2):
        thread.make(lambda: 1)
    assert tidied == [1]


def test_nobody_waits_long_for_a_server_that_does_not_hear_of_the_end(
    monkeypatch: pytest.MonkeyPatch, thread: PassThread
) -> None:
    monkeypatch.setattr(prefect_thread, "PATIENCE", 0.1)
    answers, made = threading.Event(), []

    def work() -> None:
        thread.hand_over("lines", large=False)
        answers.wait(10)

    assert thread.make(work) == "lines"
    with pytest.raises(TimeoutError, match="not heard"):
        thread.make(lambda: made.append(1))
    answers.set()
    monkeypatch.setattr(prefect_thread, "PATIENCE", 5.0)
    thread.make(lambda: made.append(2))
    assert made == [2]


def _following(thread: PassThread, made: list[str]) -> str:
    """A work that goes on with what follows, as a flow run does."""
    wanted = "first"
    while wanted is not None:
        made.append(wanted)
        if wanted == "fails":
            raise OSError("in the middle")
        thread.hand_over(f"{wanted} done", large=False)
        wanted = thread.follow()
    made.append("end")
    return "end"


def test_a_work_goes_on_with_what_follows_it_soon(thread: PassThread) -> None:
    made: list[str] = []
    assert thread.make(lambda: _following(thread, made), "first") == "first done"
    assert thread.make(lambda: made.append("own"), "second") == "second done"
    assert thread.make(lambda: made.append("own"), "third") == "third done"
    thread.close()
    assert made == ["first", "second", "third", "end"]


def test_what_has_to_be_made_on_its_own_waits_for_the_end(thread: PassThread) -> None:
    made: list[str] = []
    thread.make(lambda: _following(thread, made), "first")
    assert thread.make(lambda: made.append("own")) is None
    assert made == ["first", "end", "own"]


def test_nothing_follows_when_nothing_comes_or_the_time_is_over(monkeypatch: pytest.MonkeyPatch, thread: PassThread) -> None:
    made: list[str] = []
    monkeypatch.setattr(prefect_thread, "IDLE", 0.05)
    thread.make(lambda: _following(thread, made), "first")
    _until(made, "end")
    monkeypatch.setattr(prefect_thread, "IDLE", 10.0)
    monkeypatch.setattr(prefect_thread, "RUN_SECONDS", 0.0)
    thread.make(lambda: _following(thread, made), "second")
    _until(made, "end", 2)
    assert made == ["first", "end", "first", "end"]


def _until(made: list[str], what: str, times: int = 1) -> None:
    end = time.monotonic() + 10
    while made.count(what) < times:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_goes_wrong_in_a_pass_that_followed_belongs_to_who_waits_for_it(thread: PassThread) -> None:
    made: list[str] = []
    thread.make(lambda: _following(thread, made), "first")
    with pytest.raises(OSError, match="in the middle"):
        thread.make(lambda: None, "fails")
    assert thread.make(lambda: 1, "first") == 1, "a work of its own, since the other one is over"


def test_large_passes_that_follow_each_other_are_tidied_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch, thread: PassThread
) -> None:
    tidied: list[int] = []
    monkeypatch.setattr(prefect_thread, "tidy_up", lambda: tidied.append(1))

    def work() -> None:
        wanted = "first"
        while wanted is not None:
            thread.hand_over(wanted, large=True)
            wanted = thread.follow()

    for _ in range(prefect_thread.AT_LATEST + 2):
        thread.make(work, "next")
    assert tidied == [1]
