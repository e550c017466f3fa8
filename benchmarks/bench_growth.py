"""office-1000 again and again in one office: memory, open files and bytes a case from 1,000 cases on.

Environment: KONTORIST_BENCH_CASES (10000). A sample after every 1,000: taken in, prepared, approved and executed, through Prefect,
journal and gate, by one process, without a pause. What is done is no longer in the mailbox.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep
from benchmarks.office import ours

CASES = int(os.environ.get("KONTORIST_BENCH_CASES", "10000"))
PORTION = 1000


def _sample(data: Path, cases: int, seconds: float) -> dict[str, Any]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    size = sum(path.stat().st_size for path in data.glob("*.sqlite*"))
    return {
        "cases": cases,
        "rss_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        "open_files": len(list(Path("/proc/self/fd").iterdir())),
        "database_bytes_a_case": round(size / cases),
        "ms_a_case": round(seconds / PORTION * 1000, 1),
    }


def grow(folder: Path) -> list[dict[str, Any]]:
    """One office that works through ever more cases; a sample for each portion."""
    from flows.schedule import Lent, one_pass
    from kontorist.store.database import open_database

    office, data = ours.make_office(folder, PORTION)
    inbox, lent, samples = open_database(data), Lent(open_database(data)), []  # as the runner of `kontorist up` has it
    for done in range(0, CASES, PORTION):
        connections = f'lines: {{connector: lines, path: "data:lines.txt", mails: {done + PORTION}, first: {done}}}\n'
        (office / "connections.yaml").write_text(connections)
        began = time.perf_counter()
        one_pass(office, data, lent=lent)
        ours.approve_all(inbox)
        (line,) = one_pass(office, data, lent=lent)
        assert line["executed"] == PORTION, line
        samples.append(_sample(data, done + PORTION, time.perf_counter() - began))
        print(json.dumps(samples[-1]), flush=True)
    lent.thread.close()
    lent.store.close()
    inbox.close()
    return samples


def main() -> None:
    """Print a line for each portion and keep the figures."""
    ours.install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with ours.prefect_server(folder / "server"):
            samples = grow(folder / "office")
    keep("growth", {"environment": environment(), "samples": samples})


if __name__ == "__main__":
    main()
