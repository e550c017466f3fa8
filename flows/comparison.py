"""Two results on the same set, side by side: who is right where the other is wrong, and whether that can be chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

from flows.evaluate import Outcome, figures


def compare(first: tuple[Sequence[Outcome], float], second: tuple[Sequence[Outcome], float]) -> dict[str, Any]:
    """Both figures, the cases that only one of them gets right, and McNemar's exact test on those."""
    one, two = first[0], second[0]
    pairs = [(a, b) for a, b in zip(one, two, strict=True) if a.truth.label is not None]
    only_first = [str(a.truth.file) for a, b in pairs if _right(a) and not _right(b)]
    only_second = [str(a.truth.file) for a, b in pairs if _right(b) and not _right(a)]
    chance = mcnemar(len(only_first), len(only_second))
    return {
        "first": figures(*first),
        "second": figures(*second),
        "only_first_right": only_first,
        "only_second_right": only_second,
        "p": round(chance, 4),
        "verdict": _verdict(len(only_first), len(only_second), chance),
    }


def _right(outcome: Outcome) -> bool:
    """A label that is too unsure to go on with is not right: somebody has to choose."""
    return outcome.label == outcome.truth.label and outcome.decided


def mcnemar(b: int, c: int) -> float:
    """The two-sided exact probability of so uneven a split of b + c differing cases when both are equally good."""
    n = b + c
    if n == 0:
        return 1.0
    tail: float = sum(comb(n, k) for k in range(min(b, c) + 1)) / float(2**n)
    return min(1.0, 2 * tail)


def _verdict(b: int, c: int, chance: float) -> str:
    if b == c:
        return "no difference"
    better = "first" if b > c else "second"
    return f"the {better} is better" if chance < 0.05 else f"the {better} is ahead, but that can be chance (p = {chance:.2f})"
