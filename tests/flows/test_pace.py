"""How much is done at once: more where it takes no time, less where others would wait for it."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Item, NewDocument
from flows import gate, intake
from flows.advance import SMALLEST, following_size


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
