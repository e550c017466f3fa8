"""A small real office behind the inbox: cards from a watched folder and from mails, people who decide them."""

from __future__ import annotations

import re
import secrets
import textwrap
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import select
from starlette.testclient import TestClient

from connectors.base import Item, NewDocument
from flows.intake import take_in
from flows.runtime import Runtime, open_runtime
from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.inbox.app import create_app
from kontorist.store import actions, people, proposing, tables
from kontorist.store.actions import ActionRow
from kontorist.store.proposing import NewAction
from tests.flows.offices import arrive, work

OFFICE = """
company: {name: Muster GmbH}
languages: [en, de]
groups: {service: {label: Service team}, accounting: {label: Accounts}}
people:
  anna: {name: Anna, groups: [service]}
  ole: {name: Ole, groups: [service, accounting]}
  petra: {name: Petra, groups: [accounting], role: admin}
  karl: {name: Karl, role: auditor, groups: [service, accounting]}
  jens: {name: Jens, groups: [service], deputy: petra}
undo_window: 15s
"""
CONNECTIONS = """
scans: {connector: folder, path: "data:scans"}
shelf: {connector: folder, path: "data:shelf"}
"""
FLOWS = {
    "keep": """
        description: Saves what comes
        trigger: {file: {connection: scans}}
        steps:
          - id: keep
            action: shelf.save
            with: {name: "{{ file.name }}", content: "{{ file.text }}"}
            approve: {by: service, due: 4h}
          - id: note
            action: shelf.save
            with: {name: "note-{{ file.name }}", content: saved}
            approve: {together_with: keep}
    """,
    "four-eyes": """
        description: Two people have to agree
        steps:
          - id: keep
            action: shelf.save
            with: {name: "two-{{ file.name }}", content: "{{ file.text }}"}
            approve: {by: service, count: 2}
    """,
    "sort": """
        description: Asks what it is
        steps:
          - id: topic
            agent: classify
            text: "{{ file.text }}"
            at_least: 0.99
            labels:
              order: {means: somebody orders goods, examples: ["We order ten boxes"]}
              complaint: {means: somebody complains, examples: ["The goods are broken"]}
    """,
}
PASSWORD = "a long enough password"


def make_desk(
    folder: Path,
    *,
    demo: bool = False,
    connections: str = CONNECTIONS,
    flows: Mapping[str, str] = FLOWS,
    files: Mapping[str, str] | None = None,
    settings: str = "",
    url: str = "",
) -> Desk:
    """An office with its flows, its people, more `settings` of office.yaml, other `files` and the inbox before it."""
    office = folder / "office"
    (office / "flows").mkdir(parents=True)
    (office / "office.yaml").write_text(OFFICE + settings)
    (office / "connections.yaml").write_text(connections)
    for name, text in (files or {}).items():
        (office / name).write_text(text)
    for name, text in flows.items():
        (office / "flows" / f"{name}.yaml").write_text(textwrap.dedent(text))
    runtime = open_runtime(office, folder / "data", url=url or f"sqlite:///{folder}/store.sqlite")
    with runtime.database.write() as connection:
        people.add(connection, "anna", PASSWORD, "test")
        row = connection.execute(select(tables.people)).one()
        for name in ("ole", "petra", "karl", "jens"):  # one hash for all: hashing takes its time on purpose
            connection.execute(tables.people.insert().values({**row._mapping, "name": name}))
    return Desk(runtime, demo)


class Desk:
    """The inbox of one office, as browsers see it."""

    def __init__(self, runtime: Runtime, demo: bool = False) -> None:
        self.runtime = runtime
        sample = dict.fromkeys(("anna", "ole"), PASSWORD) if demo else None
        self.app = create_app(runtime.office, runtime.database, demo_people=sample)

    def visitor(self) -> TestClient:
        """A browser that nobody has signed in with."""
        return TestClient(self.app, base_url="http://testserver")

    def browser(self, name: str) -> Browser:
        """A browser in which this person is signed in."""
        return Browser(self, name)

    def cards(self, *texts: str, flow: str = "keep") -> list[ActionRow]:
        """A card for each text."""
        before = {r.id for r in self.rows()}
        arrive(self.runtime, flow, *texts)
        work(self.runtime)
        return [r for r in self.rows() if r.id not in before and r.id == r.card]

    def card(self, text: str = "hello", **changed: Any) -> ActionRow:
        """One card, with columns of its action changed as a test needs it."""
        (row,) = self.cards(text)
        if changed:
            with self.runtime.database.write() as connection:
                connection.execute(tables.actions.update().where(tables.actions.c.id == row.id).values(changed))
        return self.row(row.id)

    def mail_card(self, mail: dict[str, Any], documents: Sequence[NewDocument] = (), **proposal: Any) -> ActionRow:
        """A card about a mail, proposed as flows do."""
        (case_id,) = take_in(
            self.runtime,
            "keep",
            "scans",
            [Item(f"mail-{len(self.rows())}", "mailbox/INBOX 1", mail["subject"], {"mail": mail}, documents)],
        )
        new = NewAction(
            case_id=case_id, flow="keep", path="reply", connection="shelf", action="save", business_key=f"mail-{case_id}",
            payload={"name": "reply.txt", "content": "Dear customer"}, sentence="Replies", origins={"content": ["template"]},
            warnings=[], rests_on={}, rule={"by": ["service"], "count": 1, "expires": "7d", "undo": 15},
        )  # fmt: skip
        with self.runtime.database.write() as connection:
            number, _ = proposing.propose(connection, attrs.evolve(new, **proposal))
        return self.row(number)

    def rows(self) -> list[ActionRow]:
        """All actions."""
        with self.runtime.database.read() as connection:
            return actions.find(connection, state="all")

    def row(self, action_id: int) -> ActionRow:
        """An action as it is now."""
        with self.runtime.database.read() as connection:
            return actions.get(connection, action_id)

    def snapshot(self) -> dict[str, list[Any]]:
        """Everything in the store that a decision could change."""
        kept = ("cases", "journal", "actions", "revisions", "approvals", "events", "corrections", "state", "passes", "people")
        with self.runtime.database.read() as connection:
            return {n: [tuple(r) for r in connection.execute(select(tables.metadata.tables[n]))] for n in kept}


class Browser:
    """A signed-in browser that fills in forms as pages give them."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.client, self._csrf = desk.visitor(), secrets.token_hex(8)
        token, now = secrets.token_hex(16), utcnow()
        row = {"token": sha256(token.encode()), "person": name, "csrf": self._csrf, "created": now, "seen": now}
        with desk.runtime.database.write() as connection:  # as signing in does, without its slow hash
            connection.execute(tables.sessions.insert().values(**row, expires=now + timedelta(hours=1)))
        self.client.cookies.set("kontorist_session", token)

    def get(self, path: str) -> Any:
        """A page."""
        return self.client.get(path)

    def csrf(self) -> str:
        """The token of this session's forms."""
        return self._csrf

    def decide(self, row: ActionRow, what: str, *, shown: Sequence[ActionRow] = (), follow: bool = True, **fields: Any) -> Any:
        """Send a decision about a card, saying that these versions were shown (default: those on its page)."""
        page = self.client.get(f"/card/{row.id}").text
        marks = [f"{r.id}:{r.revision}:{r.sha256}" for r in shown] or sorted(
            set(re.findall(r'name="shown" value="([^"]+)"', page))
        )
        data = {"csrf": self.csrf(), "shown": marks, **fields}
        return self.client.post(f"/card/{row.id}/{what}", data=data, follow_redirects=follow)

    def post(self, where: str, **fields: Any) -> Any:
        """Send a form with the session's token."""
        return self.client.post(where, data={"csrf": self.csrf(), **fields})


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the first form of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)[:2])
