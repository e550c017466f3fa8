"""The work as an office of Kontorist: a flow in YAML, its agents, the journal, the gate; passes as Prefect flow runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.office.laps import WARM, Laps
from benchmarks.office.work import KEYWORDS

if TYPE_CHECKING:
    from kontorist.store.database import Database

ARRIVED = "arrived.txt"
"""How many of its mails an office has got so far, as long as the file is there."""
PLUGIN = Path(__file__).resolve().parents[1] / "plugin"
_OFFICE = """
company: {name: Muster GmbH}
groups: {service: {}}
people: {anna: {name: Anna, groups: [service], role: admin}}
undo_window: 0s
"""
_FLOW = """
trigger: {mail: {connection: lines}}
steps:
  - id: topic
    agent: classify
    text: "{{ mail.text }}"
    labels: {LABELS}
    certain: {CERTAIN}
  - id: order
    agent: extract
    text: "{{ mail.text }}"
    fields: {number: {type: text, pattern: "\\\\b47\\\\d{4}\\\\b", required: true}}
  - id: reply
    agent: draft
    template: "Guten Tag,\\n\\nIhre Bestellung {{ order.number }} ({{ topic.label }}) ist in Arbeit.\\n\\nMit freundlichen Grüßen\\nMuster GmbH"
  - id: out
    action: lines.append
    with: {line: "{{ reply.text }}"}
    approve: {by: service}
"""


def install() -> None:
    """Make the connector of the benchmark known, here and in processes that are started."""
    sys.path.insert(0, str(PLUGIN))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)


def make_office(folder: Path, mails: int) -> tuple[Path, Path]:
    """An office with the flow and so many mails waiting; its folder and its data folder."""
    office, data = folder / "office", folder / "data"
    (office / "flows").mkdir(parents=True)
    data.mkdir()
    (office / "office.yaml").write_text(_OFFICE)
    (office / "connections.yaml").write_text(
        f'lines: {{connector: lines, path: "data:lines.txt", mails: {mails}, arrived: "data:{ARRIVED}"}}\n'
    )
    labels = "{" + ", ".join(f"{label}: {word}" for label, word in KEYWORDS.items()) + "}"
    certain = "{" + ", ".join(f"{label}: \"{{{{ '{word}' in mail.text.lower() }}}}\"" for label, word in KEYWORDS.items()) + "}"
    (office / "flows" / "mails.yaml").write_text(_FLOW.replace("{LABELS}", labels).replace("{CERTAIN}", certain))
    return office, data


def approve_all(database: Database, at_once: int = 50) -> int:
    """A person approves every card, page by page, each bound to the revision and hash shown; returns how many."""
    from kontorist.store import actions, authority, deciding

    anna, count = authority.Who("anna", frozenset({"service"})), 0
    while True:
        with database.read() as connection:
            rows = actions.find(connection, state="proposed", limit=at_once)
        if not rows:
            return count
        with database.write() as connection:
            deciding.approve(connection, [r.shown for r in rows], anna)
        count += len(rows)


@contextmanager
def prefect_server(folder: Path) -> Iterator[None]:
    """A Prefect server, as `kontorist up` keeps one running."""
    from flows import prefect_server as servers

    folder.mkdir(parents=True, exist_ok=True)
    with servers.server(folder):
        yield


def run(folder: Path, mails: int) -> dict[str, float]:
    """All mails from arrival to done, in an office that is running; seconds of each part. Raises AssertionError if one of them is not done."""
    from flows.schedule import Lent, one_pass
    from kontorist.store.database import open_database

    office, data = make_office(folder, mails + WARM)
    store = open_database(data)  # as the runner of `kontorist up` has it: an office is there before its mails
    inbox = open_database(data)  # it is another process, which is there as well
    lent = Lent(store)
    (data / ARRIVED).write_text(str(WARM))
    for _ in range(2):
        one_pass(office, data, lent=lent)
        approve_all(inbox)
    (data / ARRIVED).unlink()
    lent.thread.wait()  # what Prefect hears of these is not part of what comes now
    laps = Laps()
    one_pass(office, data, lent=lent)
    laps.lap("prepare")
    approved = approve_all(inbox)
    laps.lap("approve")
    (line,) = one_pass(office, data, lent=lent)
    laps.lap("execute")
    lent.thread.close()
    inbox.close()
    store.close()
    assert approved == line["executed"] == mails, (approved, line)
    assert len((data / "lines.txt").read_text().splitlines()) == mails + WARM
    return laps.seconds()
