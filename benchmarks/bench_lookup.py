"""Looking a row up in a CSV export of 100,000 rows, against reading the file again."""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import compare
from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv

ROWS, ASKED = 100_000, 20


def main() -> None:
    """Twenty look-ups by key."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "orders.csv").write_text("number;customer\n" + "".join(f"{i};Kunde {i}\n" for i in range(ROWS)))
        config = ErpCsv.Config.model_validate(
            {"folder": str(folder), "tables": {"orders": {"file": "orders.csv", "key": "number"}}}
        )
        erp = ErpCsv(config, Surroundings("erp", folder, folder / "var", {}))
        wheres = [{"number": str(i * 4999)} for i in range(ASKED)]
        erp.look_up("orders", wheres)

        def scan() -> list[str]:
            with (folder / "orders.csv").open() as file:
                rows = list(csv.DictReader(file, delimiter=";"))
            return [r["customer"] for r in rows if r["number"] == "99980"]

        compare("look up a row", lambda: erp.look_up("orders", wheres), scan, "read the file once", ASKED, "ms")
        erp.close()


if __name__ == "__main__":
    main()
