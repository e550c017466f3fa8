"""A server that does not answer is left alone for a while, and asked again without anybody's help."""

from __future__ import annotations

import pytest

from agents._model.budget import BudgetSpent
from agents._model.silence import AT_MOST, REST, Silence
from kontorist.core.errors import Rejected, Unavailable


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def call(silence: Silence, error: Exception | None = None) -> None:
    with silence.watched():
        if error:
            raise error


def fails(silence: Silence, error: Exception) -> None:
    with pytest.raises(type(error)):
        call(silence, error)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def silence(clock: Clock) -> Silence:
    return Silence("ours", clock)


def test_after_some_calls_without_an_answer_no_more_are_made_for_a_while(silence: Silence, clock: Clock) -> None:
    for _ in range(AT_MOST):
        fails(silence, Unavailable("away"))

    made = []
    with pytest.raises(Unavailable, match="asked again in 30 s"), silence.watched():
        made.append("a call")

    assert made == []


def test_then_a_single_call_tries_it_and_the_others_still_wait(silence: Silence, clock: Clock) -> None:
    for _ in range(AT_MOST):
        fails(silence, Unavailable("away"))
    clock.now += REST

    with silence.watched(), pytest.raises(Unavailable, match="asked again"):
        call(silence)

    call(silence)  # the single one was answered: all go on


def test_who_answers_in_between_is_not_left_alone(silence: Silence) -> None:
    for _ in range(5):
        fails(silence, Unavailable("away"))
        call(silence)


@pytest.mark.parametrize("error", [BudgetSpent("spent"), Rejected("no such model")])
def test_an_answer_that_we_do_not_like_and_a_spent_budget_are_no_silence(silence: Silence, error: Exception) -> None:
    for _ in range(AT_MOST + 2):
        fails(silence, error)
    call(silence)
