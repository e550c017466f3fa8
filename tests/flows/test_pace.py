"""How much is done at once: more where it takes no time, less where others would wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from connectors.base import Item, NewDocument
from flows import gate, intake
from flows.pace import AT_ONCE, ROUND, SMALLEST, Pace, following_size, rounds


def test_quick_work_is_done_in_larger_portions() -> None:
    assert following_size(50, 50, 0.1, 500) == 250, "what takes half a second"
    assert following_size(50, 50, 0.9, 500) == 100
    assert following_size(400, 400, 0.1, 500) == 500, "never more than the most"


def test_slow_work_is_done_in_smaller_portions() -> None:
    assert following_size(50, 50, 60.0, 500) == 25
    assert following_size(SMALLEST, SMALLEST, 60.0, 500) == SMALLEST
    assert following_size(50, 3, 60.0, 500) == 25, "three that took a minute say enough"


def test_a_portion_at_the_gate_ends_before_its_fence_does() -> None:
    assert following_size(100, 100, 0.9, gate.LARGEST, gate.QUICK, gate.SLOW) == 50
    assert following_size(100, 100, 0.5, gate.LARGEST, gate.QUICK, gate.SLOW) == 100
    assert following_size(100, 100, 0.1, gate.LARGEST, gate.QUICK, gate.SLOW) == 200


def test_a_portion_that_was_not_full_says_nothing_of_a_full_one() -> None:
    assert following_size(50, 3, 0.1, 500) == 50


def test_small_items_are_taken_in_many_at_once_and_large_ones_few() -> None:
    assert [len(b) for b in intake._batches(_items(intake.BATCH * 2 + 1, 10))] == [intake.BATCH, intake.BATCH, 1]
    assert [len(b) for b in intake._batches(_items(5, intake.BYTES // 2))] == [2, 2, 1]


def _items(count: int, size: int) -> Iterator[Item]:
    return (Item(f"{i}", "box", "Mail", {}, [NewDocument("mail.eml", "message/rfc822", b"x" * size)]) for i in range(count))


class Source:
    """A flow's source with so many items in it, each of which takes its time."""

    def __init__(self, count: int, seconds_each: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.pace, self.taken = count, Pace(), list[int]()
        self._now, self._each = 0.0, seconds_each
        monkeypatch.setattr(time, "monotonic", lambda: self._now)

    def intake(self, names: list[str]) -> dict[str, int]:
        self.taken.append(min(self.pace.round, self.left))
        self.left -= self.taken[-1]
        return dict.fromkeys(names, self.taken[-1])

    def advance(self) -> None:
        self._now += self.taken[-1] * self._each


def test_much_that_is_quick_is_taken_in_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(2000, 0.001, monkeypatch)
    rounds(source.pace, ["mails"], source.intake, source.advance)
    assert source.taken == [ROUND, AT_ONCE, 2000 - ROUND - AT_ONCE]


def test_where_a_case_takes_seconds_a_new_mail_waits_for_few_of_the_old_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(200, 3.0, monkeypatch)
    rounds(source.pace, ["mails"], source.intake, source.advance)
    assert source.taken[:4] == [50, 25, 12, 10]
    assert set(source.taken[4:]) <= {10, source.taken[-1]}
    assert sum(source.taken) == 200


def test_a_pass_whose_time_is_over_leaves_the_rest_to_the_next_and_hands_on_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(200, 3.0, monkeypatch)
    source.pace.until = 200.0
    rounds(source.pace, ["mails"], source.intake, source.advance)
    assert source.taken == [50, 25]
    source.pace.until = 250.0
    rounds(source.pace, ["mails"], source.intake, source.advance)
    assert source.taken[2:] == [12]


def test_a_slow_flow_makes_no_other_one_slow_nor_a_quick_one_it_large() -> None:
    pace = Pace()
    pace.worked("bank", 50, 0.1)
    pace.worked("mails", 50, 40.0)
    assert (pace.chunk("bank"), pace.chunk("mails"), pace.chunk("new")) == (250, 25, 50)


def test_who_is_stopped_just_before_a_pass_begins_stays_stopped() -> None:
    pace = Pace()
    pace.stop()
    pace.until = time.monotonic() + 20.0  # as a pass says when it begins
    assert pace.is_over


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment that it is."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("seconds", "rest"), [(0.002, 0.04), (2.0, 40.0), (30.0, 60.0)])
def test_a_source_that_was_away_rests_the_longer_it_kept_others_waiting(clock: list[float], seconds: float, rest: float) -> None:
    pace = Pace()
    pace.was_away("mails", seconds)
    clock[0] += rest - 0.01
    assert pace.rests("mails")
    assert not pace.rests("scans")
    clock[0] += 0.02
    assert not pace.rests("mails")


def test_a_source_that_calls_is_asked_at_once(clock: list[float]) -> None:
    pace = Pace()
    pace.was_away("mails", 10.0)
    clock[0] += 1.0
    pace.called("mails")
    assert not pace.rests("mails")


def test_a_source_that_called_while_it_was_asked_is_asked_again(clock: list[float]) -> None:
    """It came back just as a pass gave it up: nothing else would say so a second time."""
    pace = Pace()
    pace.called("mails")
    clock[0] += 5.0
    pace.was_away("mails", 10.0)
    assert not pace.rests("mails")
    clock[0] += 20.0
    pace.was_away("mails", 10.0)
    assert pace.rests("mails"), "that call was answered"


def test_what_rests_is_left_out_of_a_round_and_the_others_are_not(clock: list[float]) -> None:
    asked: list[list[str]] = []
    pace = Pace()
    pace.was_away("mails", 10.0)
    for _ in range(2):
        rounds(pace, ["mails", "scans"], lambda left: asked.append(left) or {}, lambda: None)
        clock[0] += 61.0
    assert asked == [["scans"], ["mails", "scans"]]


def test_who_was_away_is_asked_again_after_growing_pauses_a_minute_apart_at_most(clock: list[float]) -> None:
    pace, pauses = Pace(), list[float]()
    assert pace.asks_again == float("inf")
    for _ in range(8):
        pace.was_away("mails", 0.001)
        pauses.append(pace.asks_again - clock[0])
        clock[0] = pace.asks_again + 0.01
        assert pace.to_ask(["mails", "scans"]) == ["mails", "scans"]
        assert pace.asks_again == float("inf"), "it has its turn; else passes would follow each other without a pause"
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    pace.answered("mails")
    pace.was_away("mails", 0.001)
    assert pace.asks_again - clock[0] == 2.0


def test_who_rests_is_not_asked_again_before_the_rest_is_over(clock: list[float]) -> None:
    pace = Pace()
    pace.was_away("mails", 1.5)
    assert pace.asks_again == clock[0] + 30.0
    clock[0] += 10.0
    assert pace.to_ask(["mails"]) == []
    assert pace.asks_again == clock[0] + 20.0, "a pass made for another reason does not make it forgotten"
    pace.answered("mails")
    assert pace.asks_again == float("inf")


def test_a_source_that_is_no_longer_part_of_the_office_makes_no_passes(clock: list[float]) -> None:
    pace = Pace()
    pace.was_away("mails", 0.001)
    clock[0] += 3.0
    assert pace.to_ask(["scans"]) == ["scans"]
    assert pace.asks_again == float("inf")
