"""The runner of `kontorist up`: one pass after the other, as Prefect flow runs, in a warm process."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from pathlib import Path

from flows.up import INTERVAL
from kontorist.core.errors import KontoristError


def main(office: Path, data: Path) -> None:
    """Make passes until asked to stop. A pass that fails is said and followed by the next one."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    from flows.schedule import one_pass

    while not stopping.is_set():
        try:
            lines = one_pass(office, data)
        except KontoristError as error:
            sys.stderr.write(f"{error}\n")
        except Exception:  # noqa: BLE001 - the runner outlives whatever one pass does
            traceback.print_exc()
        else:
            _say(lines)
        stopping.wait(INTERVAL)


def _say(lines: list[dict[str, object]]) -> None:
    for line in lines:
        done = [
            f"{line[what]} {what.replace('_', ' ')}"
            for what in ("taken_in", "proposed", "executed", "unclear", "failed")
            if line[what]
        ]
        if done:
            sys.stderr.write(f"{line['flow']}: {', '.join(done)}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
