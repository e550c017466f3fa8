"""office-1000: the same work on 1,000 mails by Kontorist, by LangGraph and by Prefect alone, in one run.

Beside wall time stands the processor time of the contender's process: a busy machine bends it less. What Prefect's server, a process
of its own, uses is not in it.

Each mail: classify by a keyword table, extract a pattern, fill in a template, propose, approve, append a line (fsync).
Environment: KONTORIST_BENCH_MAILS (1000), KONTORIST_BENCH_PREFECT_MAILS (20), KONTORIST_BENCH_ROUNDS (3).
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep
from benchmarks.office import ours, with_langgraph, with_prefect
from benchmarks.office.laps import WARM

DURABILITIES: tuple[with_langgraph.Durability, ...] = ("sync", "async", "exit")
MAILS = int(os.environ.get("KONTORIST_BENCH_MAILS", "1000"))
PREFECT_MAILS = int(os.environ.get("KONTORIST_BENCH_PREFECT_MAILS", "20"))
ROUNDS = int(os.environ.get("KONTORIST_BENCH_ROUNDS", "3"))
SETTINGS = {
    "sqlite": "journal_mode=WAL, synchronous=FULL for Kontorist and for LangGraph",
    "langgraph": "SqliteSaver, a thread and an interrupt for each mail; durability sync (every step on disk), async (its default)"
    " and exit (only where it stops)",
    "prefect": f"a flow run for each mail, a task for each of five steps; {PREFECT_MAILS} mails; nobody is asked",
    "prefect approved": "the same with the approval of all between the fourth step and the fifth: two flow runs for each mail",
    "line": "appended and fsynced one by one in all of them; Kontorist calls the fsyncs of a portion when its lines are written, four at a time",
    "clock": f"starts when each contender is open and has done its first mails: {WARM} for Kontorist and LangGraph, one for Prefect",
    "prefect's server": "Kontorist's passes follow its first mails within a second and share their flow run, as under `kontorist up` in a busy"
    " hour: it begins before the clock starts, and ends after it has stopped (22 ms and 25 ms); those of the others within it",
}


_PYTHONS = gc.get_threshold()


def _ms(work: Callable[[], dict[str, float]], mails: int) -> dict[str, float]:
    """Milliseconds a mail: of each part, of all of them, and of the processor."""
    from flows import schedule

    gc.collect()  # nobody pays for what the one before left behind
    gc.set_threshold(*_PYTHONS)  # nor gains by how another has set it
    schedule._spare_the_collector.cache_clear()
    parts = work()
    cpu = parts.pop("cpu")
    found = {name: round(seconds / mails * 1000, 3) for name, seconds in parts.items()}
    return {**found, "ms": round(sum(parts.values()) / mails * 1000, 3), "cpu_ms": round(cpu / mails * 1000, 3)}


def _round(folder: Path) -> dict[str, dict[str, float]]:
    """One round of everybody, one after the other."""
    found = {"kontorist": _ms(lambda: ours.run(folder / "kontorist", MAILS), MAILS)}
    for durability in DURABILITIES:
        found[f"langgraph {durability}"] = _ms(partial(with_langgraph.run, folder / durability, MAILS, durability), MAILS)
    found["prefect"] = _ms(lambda: with_prefect.run(folder / "prefect", PREFECT_MAILS), PREFECT_MAILS)
    found["prefect approved"] = _ms(lambda: with_prefect.run_approved(folder / "approved", PREFECT_MAILS), PREFECT_MAILS)
    return found


def _warm_up(folder: Path) -> None:
    with_langgraph.run(
        folder / "langgraph", 10, "sync"
    )  # first: Kontorist has the collector leave alone what is imported by then
    ours.run(folder / "kontorist", 10)
    with_prefect.run(folder / "prefect", 2)


def main() -> None:
    """Print a JSON line for each contender with its ratio to Kontorist, and keep the figures."""
    ours.install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with ours.prefect_server(folder / "server"):
            _warm_up(folder / "warm")
            rounds = [_round(folder / str(i)) for i in range(ROUNDS)]
    lines: list[dict[str, Any]] = []
    for name in rounds[0]:
        value = statistics.median(r[name]["ms"] for r in rounds)
        ratio = statistics.median(r[name]["ms"] / r["kontorist"]["ms"] for r in rounds)
        cpu_ratio = statistics.median(r[name]["cpu_ms"] / r["kontorist"]["cpu_ms"] for r in rounds)
        parts = {part: statistics.median(r[name][part] for r in rounds) for part in rounds[0][name]}
        lines.append(
            {
                "name": f"office-{MAILS}: {name}",
                "value": value,
                "unit": "ms/mail",
                "ratio": round(ratio, 1),
                "cpu_ratio": round(cpu_ratio, 1),
                "parts": parts,
            }
        )
        print(json.dumps(lines[-1]), flush=True)
    keep("office", {"environment": environment(), "settings": SETTINGS, "mails": MAILS, "rounds": rounds, "lines": lines})


if __name__ == "__main__":
    main()
