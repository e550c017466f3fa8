"""One case through everything a flow may hold, driven to its end by people who decide; to be interrupted anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from flows import walk
from flows.runtime import Runtime, open_runtime
from kontorist.core.clock import utcnow
from kontorist.core.errors import Unavailable
from kontorist.store.database import Database
from kontorist.store.tables import journal
from tests.chaos.office import forget_leases
from tests.flows.offices import approve, arrive, case, make_office, proposals, reject, work

ORDERS = "number;customer;status\n4711;Meier;{0}\n4712;Schulze;{0}\n4713;Huber;{0}\n"
MAIN = """
    trigger: {file: {connection: scans}}
    steps:
      - id: first
        action: shelf.save
        with: {name: first.txt, content: "{{ file.text }}"}
        approve: {by: service}
      - id: second
        action: shelf.save
        with: {name: second.txt, content: "{{ first.name }}"}
        approve: {by: service}
      - id: numbers
        each: file.text.split(",")
        as: number
        steps:
          - use: record
            with: {number: "{{ number }}"}
      - id: lost
        lookup: erp.orders
        where: {number: "{{ file.missing }}"}
        on_error: continue
      - id: later
        wait: 3d
      - id: last
        action: shelf.save
        with: {name: last.txt, content: "{{ lost.error }}"}
        approve: {by: service}
"""
RECORD = """
    parameters: {number: none}
    steps:
      - id: order
        lookup: erp.orders
        where: {number: "{{ number }}"}
        retry: {times: 5, wait: 1s}
      - id: status
        set: {seen: "{{ order.status }}"}
      - id: one
        action: shelf.save
        with: {name: "{{ number }}-1.txt", content: "{{ order.customer }}"}
        approve: {by: service}
        if_rejected: continue
      - when: one.state == "done"
        steps:
          - use: file
            with: {name: "{{ number }}-2.txt"}
        otherwise:
          - set: {gone: "yes"}
"""
FILE = """
    parameters: {name: none}
    steps:
      - id: two
        action: shelf.save
        with: {name: "{{ name }}", content: b}
        approve: {by: service}
"""
EXPECTED = ["4711-1.txt", "4711-2.txt", "4713-1.txt", "4713-2.txt", "first.txt", "last.txt", "second.txt"]


def begin(folder: Path) -> None:
    """The office of the story; nothing has arrived yet."""
    make_office(folder, {"main": MAIN, "record": RECORD, "file": FILE}).close()


def tell(folder: Path, telling: str) -> None:
    """Drive the case to its end, however far it has come; the ERP says something else each time it is told."""
    (folder / "office" / "erp" / "orders.csv").write_text(ORDERS.format(telling))
    runtime = open_runtime(folder / "office", folder / "data", url=f"sqlite:///{folder}/store.sqlite")
    arrive(runtime, "main", "4711,4712,4713")
    erp_is_away_once(runtime)
    with days_passing():
        for _ in range(40):
            much_time_passes(runtime)
            work(runtime)
            undecided = proposals(runtime, "proposed")
            for row in undecided:
                (reject if row.data["name"] == "4712-1.txt" else approve)(runtime, row)
            if not undecided and case(runtime, 1).state == "done":
                break
    runtime.close()


def erp_is_away_once(runtime: Runtime) -> None:
    """The first look-up finds nobody there, so it is tried again."""
    connector: Any = runtime.connections.get("erp")
    inner = connector.look_up

    def look_up(*args: Any, **named: Any) -> Any:
        connector.look_up = inner
        raise Unavailable("The ERP does not answer.")

    connector.look_up = look_up


def much_time_passes(runtime: Runtime) -> None:
    """Every lease is dead, every pause is over."""
    forget_leases(runtime)
    with runtime.database.write() as connection:
        connection.execute(text("UPDATE cases SET lease_until = NULL, lease_owner = NULL, not_before = NULL"))


@contextmanager
def days_passing() -> Iterator[None]:
    """For the flow every look at the clock is a day later."""
    days, real = iter(range(10_000)), walk.utcnow

    def later() -> datetime:
        return utcnow() + timedelta(days=next(days))

    walk.utcnow = later
    try:
        yield
    finally:
        walk.utcnow = real


def journalled(folder: Path) -> Mapping[str, Any]:
    """What each step of the case gave."""
    database = Database(f"sqlite:///{folder}/store.sqlite", folder / "data")
    with database.read() as connection:
        found = {r.path: r.output for r in connection.execute(select(journal).where(journal.c.case_id == 1))}
    database.close()
    return found


def at_boundary(number: int, act: Callable[[], None]) -> Callable[[], int]:
    """Act right before the n-th commit, or (for odd numbers) right after it; returns how many there were so far."""
    inner, passed = Database.write, 0

    def boundary() -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            act()

    @contextmanager
    def write(self: Database) -> Iterator[Connection]:
        with inner(self) as connection:
            yield connection
            boundary()
        boundary()

    Database.write = write  # type: ignore[method-assign]
    return lambda: passed
