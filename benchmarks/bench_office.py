"""office-1000: the same work on 1,000 mails by Kontorist, by LangGraph and by Prefect alone, in one run.

Each mail: classify by a keyword table, extract a pattern, fill in a template, propose, approve, append a line (fsync).
Environment: KONTORIST_BENCH_MAILS (1000), KONTORIST_BENCH_PREFECT_MAILS (20), KONTORIST_BENCH_ROUNDS (3).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep
from benchmarks.office import ours, with_langgraph, with_prefect

MAILS = int(os.environ.get("KONTORIST_BENCH_MAILS", "1000"))
PREFECT_MAILS = int(os.environ.get("KONTORIST_BENCH_PREFECT_MAILS", "20"))
ROUNDS = int(os.environ.get("KONTORIST_BENCH_ROUNDS", "3"))
SETTINGS = {
    "sqlite": "journal_mode=WAL, synchronous=FULL for Kontorist and for LangGraph",
    "langgraph": "SqliteSaver, a thread and an interrupt for each mail; durability sync (every step on disk), async (its default)"
    " and exit (only where it stops)",
    "prefect": f"a flow run for each mail, a task for each of five steps; {PREFECT_MAILS} mails",
    "line": "appended and fsynced one by one in all of them",
}


def _ms(parts: dict[str, float], mails: int) -> dict[str, float]:
    found = {name: round(seconds / mails * 1000, 3) for name, seconds in parts.items()}
    return {**found, "ms": round(sum(parts.values()) / mails * 1000, 3)}


def _round(folder: Path) -> dict[str, dict[str, float]]:
    """One round of everybody, one after the other."""
    found = {"kontorist": _ms(ours.run(folder / "kontorist", MAILS), MAILS)}
    for durability in ("sync", "async", "exit"):
        found[f"langgraph {durability}"] = _ms(with_langgraph.run(folder / durability, MAILS, durability), MAILS)
    found["prefect"] = _ms(with_prefect.run(folder / "prefect", PREFECT_MAILS), PREFECT_MAILS)
    return found


def _warm_up(folder: Path) -> None:
    ours.run(folder / "kontorist", 10)
    with_langgraph.run(folder / "langgraph", 10, "sync")
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
        parts = {part: statistics.median(r[name][part] for r in rounds) for part in rounds[0][name]}
        lines.append(
            {"name": f"office-{MAILS}: {name}", "value": value, "unit": "ms/mail", "ratio": round(ratio, 1), "parts": parts}
        )
        print(json.dumps(lines[-1]), flush=True)
    keep("office", {"environment": environment(), "settings": SETTINGS, "mails": MAILS, "rounds": rounds, "lines": lines})


if __name__ == "__main__":
    main()
