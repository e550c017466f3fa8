"""How the work for a text grows with its length: a ratio of two lengths, so that no machine is too slow for a test."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 24
"""Eight times the text is eight times the work, or sixty-four times where that grows with the square."""


def growth(work: Callable[[int], object], length: int = 2_000) -> float:
    """How many times as long this takes for a text of eight times the length."""
    little = min(_seconds(work, length) for _ in range(7))
    ratio = _seconds(work, 8 * length) / little
    for _ in range(2):  # what came in between makes the one or the other look slow
        ratio = ratio if ratio < LINEAR else min(ratio, _seconds(work, 8 * length) / little)
    return ratio


def _seconds(work: Callable[[int], object], length: int) -> float:
    began = time.thread_time()
    work(length)
    return time.thread_time() - began
