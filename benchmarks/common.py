"""Measures as ratios within one run: machines are noisy, a ratio of two things timed side by side is not."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(name: str, ours: Callable[[], object], baseline: Callable[[], object], what: str, per: int, unit: str) -> None:
    """Time both in turns and print one JSON line; `value` is per piece of work, `ratio` is ours to the baseline."""
    pairs = [(seconds(ours), seconds(baseline)) for _ in range(ROUNDS)]
    value, other = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    scale = {"ms": 1e3, "us": 1e6, "s": 1.0}[unit]
    line = {
        "name": name,
        "value": round(value / per * scale, 3),
        "unit": unit,
        "baseline": f"{what}: {other / per * scale:.3f} {unit}",
        "ratio": round(statistics.median(a / b for a, b in pairs), 2),
    }
    print(json.dumps(line), flush=True)
