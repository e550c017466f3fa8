"""What the engine costs for each case: taken in, journalled, proposed; against as many bare durable commits."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import compare
from flows.advance import Tally, advance
from flows.runtime import Runtime
from kontorist.store.database import open_database
from tests.flows.offices import arrive, make_office

CASES = 200
FLOW = """
    trigger: {file: {connection: scans}}
    steps:
      - id: wanted
        agent: extract
        text: "{{ file.text }}"
        fields: {number: {type: text, pattern: "\\\\d{4}", required: true}}
      - id: order
        lookup: erp.orders
        where: {number: "{{ wanted.number }}"}
      - id: note
        action: shelf.save
        with: {name: "{{ case.id }}.txt", content: "{{ order.customer }} {{ file.text }}"}
        approve: {by: service}
"""


def _office(folder: str) -> Runtime:
    return make_office(Path(folder), {"notes": FLOW})


def _cases() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runtime = _office(folder)
        arrive(runtime, "notes", *[f"Bestellung 4711, Nummer {i}" for i in range(CASES)])
        advance(runtime, Tally())
        runtime.close()


def _commits() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder), f"sqlite:///{folder}/x.sqlite")
        for i in range(CASES):
            with database.write() as connection:
                connection.exec_driver_sql("INSERT INTO state VALUES (?, ?)", (f"n{i}", "x"))
        database.close()


def main() -> None:
    """A case from arrival to its proposal: three steps, an agent, a look-up, an action."""
    compare("a case, from arrival to proposal", _cases, _commits, "a bare durable commit", CASES, "ms")


if __name__ == "__main__":
    main()
