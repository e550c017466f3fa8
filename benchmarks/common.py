"""Measures as ratios within one run: machines are noisy, a ratio of two things timed side by side is not."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


RESULTS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"


def environment() -> dict[str, object]:
    """What a figure depends on: the machine, and how busy it was with other things."""
    cpu = next((x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), "")
    return {
        "cpu": cpu or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[2], 2),
        "fsync_ms": round(_fsync_ms(), 3),
        "date": time.strftime("%Y-%m-%d"),
    }


def _fsync_ms() -> float:
    """What it costs here to put a line on disk."""
    with tempfile.NamedTemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(100):
            file.write(b"x" * 100)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) * 10


def keep(name: str, result: dict[str, object]) -> None:
    """Keep the figures for the pages of the documentation, if KONTORIST_BENCH_KEEP is set."""
    if os.environ.get("KONTORIST_BENCH_KEEP"):
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
