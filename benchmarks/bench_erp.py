"""An ERP's export of a million rows: first reading, looking up, the trigger on one changed row, and how much memory it takes.

`python benchmarks/bench_erp.py [ROWS]`; each measure runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv
from connectors.erp_csv.options import RowsOptions

ROWS = 1_000_000


def write(folder: Path, rows: int) -> None:
    """The export: semicolons, Windows-1252, decimal commas."""
    with (folder / "auftraege.csv").open("w", encoding="cp1252", newline="\r\n") as file:
        file.write("Auftragsnummer;Kunde;Straße;Status;Bestelldatum;Betrag\n")
        for n in range(rows):
            file.write(
                f"{n:07d};Müller & Söhne {n % 5000};Königstraße {n % 90};offen;{n % 28 + 1:02d}.11.2026;{n % 9000},{n % 100:02d}\n"
            )


def connect(folder: Path) -> ErpCsv:
    """A connection to it."""
    tables = {"orders": {"file": "auftraege.csv", "key": "auftragsnummer"}}
    return ErpCsv(
        ErpCsv.Config.model_validate({"folder": str(folder), "tables": tables}), Surroundings("erp", folder, folder / "var", {})
    )


def read(folder: Path) -> dict[str, object]:
    """The first reading."""
    erp = connect(folder)
    return {"rows": erp.try_out().details["orders"]["rows"]}


def look_up(folder: Path) -> dict[str, object]:
    """A hundred orders by number, the index being made with the first."""
    erp = connect(folder)
    erp.look_up("orders", [{"auftragsnummer": "0000001"}])
    began = time.perf_counter()
    found = erp.look_up("orders", [{"auftragsnummer": f"{n * 97:07d}"} for n in range(100)])
    return {"ms_each": round((time.perf_counter() - began) * 10, 3), "found": sum(map(len, found))}


def watch(folder: Path) -> dict[str, object]:
    """The trigger over all rows, which are all known; then again, the file being as it was."""
    erp, options = connect(folder), RowsOptions(table="orders")
    new = sum(1 for _ in erp.read("rows", options, lambda keys: keys))
    began = time.perf_counter()
    new += sum(1 for _ in erp.read("rows", options, lambda keys: keys))
    return {"new": new, "ms_again": round((time.perf_counter() - began) * 1000, 2)}


def main() -> None:
    """Each measure with its time and its peak memory."""
    if len(sys.argv) > 2:
        began, folder = time.perf_counter(), Path(sys.argv[2])
        outcome = globals()[sys.argv[1]](folder)
        peak = int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
        print(json.dumps({"seconds": round(time.perf_counter() - began, 2), "peak_mb": round(peak), **outcome}))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), rows)
        size = os.path.getsize(Path(name) / "auftraege.csv") / 2**20  # noqa: PTH202
        for measure in ("read", "look_up", "watch"):
            done = subprocess.run([sys.executable, __file__, measure, name], capture_output=True, text=True, check=True)
            told = json.loads(done.stdout)
            line = {
                "name": f"erp_csv {measure}, {rows} rows",
                "value": told.pop("seconds"),
                "unit": "s",
                "baseline": f"a file of {size:.0f} MB",
            }
            print(json.dumps({**line, "ratio": round(told["peak_mb"] / size, 2), **told}), flush=True)


if __name__ == "__main__":
    main()
