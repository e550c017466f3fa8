"""How the work for a text grows with its length: a ratio of two lengths, so that no machine is too slow for a test."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 24
"""Eight times the text is eight times the work, or sixty-four times where that grows with the square."""
_ENOUGH = 0.002
"""Seconds that are measured at least: what takes microseconds is done so often, or one interruption would be all that is seen."""


def growth(work: Callable[[int], object], length: int = 2_000) -> float:
    """How many times as long this takes for a text of eight times the length."""
    times = max(1, round(_ENOUGH / max(min(_seconds(work, length) for _ in range(3)), 1e-6)))
    little = min(_seconds(work, length, times) for _ in range(5))
    ratio = _seconds(work, 8 * length, times) / little
    for _ in range(4):  # what came in between makes the one or the other look slow
        ratio = ratio if ratio < LINEAR else min(ratio, _seconds(work, 8 * length, times) / little)
    return ratio


def _seconds(work: Callable[[int], object], length: int, times: int = 1) -> float:
    began = time.thread_time()
    for _ in range(times):
        work(length)
    return time.thread_time() - began
