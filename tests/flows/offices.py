"""Small real offices for tests of the engine: a watched folder, an ERP export, files that are saved."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from connectors.base import Item
from flows.advance import Tally, advance
from flows.gate import gate
from flows.intake import take_in
from flows.runtime import Runtime, open_runtime
from kontorist.store import actions, cases, deciding
from kontorist.store.actions import ActionRow
from kontorist.store.authority import Who
from kontorist.store.cases import Case
from kontorist.store.database import Database

NOTES = """
    trigger: {file: {connection: scans}}
    steps:
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
"""A flow that proposes to keep each file, in YAML."""
ASKS = """
    trigger: {file: {connection: scans}}
    steps:
      - id: topic
        agent: classify
        model: ours
        ask_model: always
        text: "{{ file.text }}"
        labels: {order: asks where an order is, other: anything else}
"""
"""A flow that asks the model `ours` about each file, in YAML."""
OFFICE = """
company: {name: Muster GmbH}
groups: {service: {}, accounting: {}}
people:
  anna: {name: Anna, groups: [service, accounting]}
  ole: {name: Ole, groups: [service, accounting]}
  petra: {name: Petra, groups: [accounting], role: admin}
undo_window: 0s
"""
CONNECTIONS = """
scans: {connector: folder, path: "data:scans"}
shelf: {connector: folder, path: "data:shelf"}
erp:
  connector: erp_csv
  folder: erp
  tables:
    orders: {file: orders.csv, key: number}
"""
ORDERS = "number;customer;status\n4711;Meier;versandt\n4712;Schulze;offen\n"
ANNA = Who("anna", frozenset({"service", "accounting"}))
OLE = Who("ole", frozenset({"service", "accounting"}))
PETRA = Who("petra", frozenset({"accounting"}))


def make_office(
    folder: Path, flows: Mapping[str, str], *, connections: str = CONNECTIONS, orders: str = ORDERS, store: Database | None = None
) -> Runtime:
    """A runtime for an office with these flows (name → YAML), on a store that is lent or on SQLite; the data lies beside it."""
    office = folder / "office"
    (office / "flows").mkdir(parents=True)
    (office / "erp").mkdir()
    (office / "office.yaml").write_text(OFFICE)
    (office / "connections.yaml").write_text(connections)
    (office / "erp" / "orders.csv").write_text(orders)
    for name, text in flows.items():
        (office / "flows" / f"{name}.yaml").write_text(textwrap.dedent(text))
    return open_runtime(office, folder / "data", store, url=f"sqlite:///{folder}/store.sqlite")


def arrive(runtime: Runtime, flow: str, *texts: str) -> list[int]:
    """Cases whose `file.text` is each of these texts."""
    items = [
        Item(f"key-{flow}-{i}-{text}"[:120], f"scans/{i}.txt", f"File {i}", {"file": {"name": f"{i}.txt", "text": text}})
        for i, text in enumerate(texts)
    ]
    return take_in(runtime, flow, "scans", items)


def work(runtime: Runtime) -> Tally:
    """Gate, advance and gate again, as passes do, until nothing moves."""
    tally = Tally()
    gate(runtime, tally)
    while advance(runtime, tally) + gate(runtime, tally):
        pass
    return tally


def case(runtime: Runtime, case_id: int) -> Case:
    """A case as it is now."""
    with runtime.database.read() as connection:
        return cases.load(connection, [case_id])[0]


def proposals(runtime: Runtime, state: str = "all") -> list[ActionRow]:
    """All actions in a state."""
    with runtime.database.read() as connection:
        return actions.find(connection, state=state)


def approve(runtime: Runtime, *rows: ActionRow, who: Who = ANNA, comment: str = "") -> None:
    """Approve exactly these revisions."""
    with runtime.database.write() as connection:
        deciding.approve(connection, [r.shown for r in rows], who, comment)


def reject(runtime: Runtime, *rows: ActionRow, who: Who = ANNA) -> None:
    """Reject exactly these revisions."""
    with runtime.database.write() as connection:
        deciding.reject(connection, [r.shown for r in rows], who, "no")


def saved(runtime: Runtime) -> list[str]:
    """The names of the files on the shelf."""
    shelf = runtime.data_dir / "shelf"
    return sorted(p.name for p in shelf.rglob("*") if p.is_file()) if shelf.exists() else []
