"""A small office with every kind of action there is, and a look at what its actions did outside."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from connectors.base import Context
from connectors.mail.item import item_of
from connectors.mail.transport import Fetched
from flows.advance import Tally
from flows.gate import gate
from flows.runtime import Runtime, open_runtime
from kontorist.core.values import sha256
from kontorist.einvoice.document import find_invoice
from kontorist.store import actions, cases, tables
from kontorist.store.actions import NewAction, Who
from kontorist.store.cases import NewCase
from scripts.sample.invoice import cii
from tests.chaos import history
from tests.chaos.worker import ended, fork, pass_gate
from tests.connectors.accounting.books import INVOICE, VENDOR
from tests.connectors.mail.conftest import letter
from tests.connectors.mail.servers import PASSWORD, Mailserver

OFFICE = """
company: {name: Muster GmbH}
groups: {service: {}}
people: {anna: {name: Anna, groups: [service]}, ole: {name: Ole, groups: [service]}}
undo_window: 0s
"""
CONNECTIONS = """
shelf: {connector: folder, path: "data:shelf"}
box: {connector: mail, transport: maildir, from: service@example.com, path: "data:box", seed: seed}
erp: {connector: erp_csv, folder: erp, import_folder: "data:import", import_tables: {orders: {columns: {reference: Referenz}}}}
books: {connector: accounting, consultant_number: 1001, client_number: 456, vendors: vendors.csv}
"""
MAILBOX = """
mailbox:
  connector: mail
  from: service@example.com
  imap: {host: 127.0.0.1, port: IMAP_PORT, tls: tls, ca_file: CA_FILE, user: USER, password: "${MAILBOX_SECRET}"}
  smtp: {host: 127.0.0.1, port: SMTP_PORT, tls: none}
"""
_TOKEN = re.compile(rb"TOKEN[0-9]{6}")
ANNA = Who("anna", frozenset({"service"}))


@dataclass
class Office:
    """Where an office lies, and its actions by the token that names the effect of each."""

    folder: Path
    url: str
    smtp: Mailserver | None = None
    tokens: dict[int, str] = field(default_factory=dict)

    def runtime(self) -> Runtime:
        """The office at work in this process; to be closed before anything is forked."""
        return open_runtime(self.folder / "office", self.folder / "data", url=self.url)

    def worker(self, prepare: Callable[[], None] = lambda: None) -> int:
        """Fork a worker that passes the gate once; returns its process id."""
        return fork(lambda: pass_gate(self.folder / "office", self.folder / "data", self.url, prepare))

    def crash(self, prepare: Callable[[], None]) -> int:
        """Have a worker pass the gate; how it ended."""
        return ended(self.worker(prepare))

    def sql(self, statement: str) -> None:
        """Change the store behind everybody's back."""
        runtime = self.runtime()
        with runtime.database.write() as connection:
            connection.execute(text(statement))
        runtime.close()

    def prepare(self, kind: str, **more: Any) -> int:
        """An approved action of a kind; returns its id."""
        runtime = self.runtime()
        token = more.pop("token", f"TOKEN{len(self.tokens) + 1:06d}")
        made = _KINDS[kind.partition(".")[2]](runtime, kind.partition(".")[0], token)
        action_id = approved(runtime, kind, {**made[0], **more}, made[1])
        runtime.close()
        self.tokens[action_id] = token
        return action_id

    def drain(self) -> None:
        """A healthy worker carries on, long after the leases ran out, until nothing moves."""
        runtime = self.runtime()
        for _ in range(8):
            forget_leases(runtime)
            gate(runtime, Tally())
        runtime.close()

    def check(self, kind: str) -> history.Report:
        """Hold what happened outside against what was approved, for all actions of a kind."""
        runtime = self.runtime()
        effects = outside(self, runtime, kind)
        with runtime.database.read() as connection:
            rows = connection.execute(select(tables.actions.c["id", "connection", "action"]))
            found = {r.id for r in rows if f"{r.connection}.{r.action}" == kind}
        report = history.check(runtime.database, {i: t for i, t in self.tokens.items() if i in found}, effects)
        runtime.close()
        return report

    def state(self, action_id: int) -> str:
        """What became of an action."""
        runtime = self.runtime()
        with runtime.database.read() as connection:
            state = actions.get(connection, action_id).state
        runtime.close()
        return state


def forget_leases(runtime: Runtime) -> None:
    """As if much time had passed."""
    with runtime.database.write() as connection:
        past = "'2000-01-01 00:00:00+00:00'" if not runtime.database.is_sqlite else "'2000-01-01T00:00:00.000000+00:00'"
        connection.execute(text(f"UPDATE actions SET lease_until = {past} WHERE lease_until IS NOT NULL"))
        connection.execute(text("UPDATE actions SET not_before = NULL WHERE state = 'approved'"))


def make(folder: Path, url: str, smtp: Mailserver | None = None, imap: Mapping[str, Any] | None = None) -> Office:
    """A new office."""
    office = folder / "office"
    for name in ("flows", "erp", "seed"):
        (office / name).mkdir(parents=True)
    (office / "office.yaml").write_text(OFFICE)
    head = "Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle"
    (office / "vendors.csv").write_text(f"{head}\n70001;{VENDOR.name};{VENDOR.vat_id};;{VENDOR.iban};;3200;14;\n")
    (office / ".env").write_text(f"MAILBOX_SECRET={PASSWORD}\n")
    (folder / "data" / "import").mkdir(parents=True)
    mailbox = MAILBOX if imap and smtp else ""
    for key, value in {"SMTP_PORT": smtp.port if smtp else "", **(imap or {})}.items():
        mailbox = mailbox.replace(key, str(value))
    (office / "connections.yaml").write_text(CONNECTIONS + mailbox)
    return Office(folder, url, smtp)


def approved(runtime: Runtime, kind: str, payload: Mapping[str, Any], data: Mapping[str, Any]) -> int:
    """Propose an action of a new case and approve what was proposed."""
    connection_name, _, name = kind.partition(".")
    documents = data.get("documents", {})
    context = Context(1, "chaos", {k: v for k, v in data.items() if k != "documents"}, documents, "en")
    proposal = runtime.connections.propose(connection_name, name, payload, context)
    return stored(runtime, [(connection_name, name, proposal)])[0]


def stored(runtime: Runtime, proposals: list[tuple[str, str, Any]]) -> list[int]:
    """Proposals of new cases, approved by one person each."""
    found = []
    with runtime.database.write() as connection:
        for connection_name, name, p in proposals:
            (case_id,) = cases.take_in(connection, [NewCase("chaos", "1", "scans", secrets.token_hex(16), "x", "x", {})], "chaos")
            new = NewAction(
                case_id, "chaos", "step", connection_name, name, p.business_key, p.payload, p.sentence, {}, [], {"connector": p.rests_on},
                {"by": ["service"], "expires": "7d", "undo": 0},
            )  # fmt: skip
            action_id, _ = actions.propose(connection, new)
            found.append(action_id)
            row = actions.get(connection, action_id)
            if row.state == "proposed":
                actions.approve(connection, [row.shown], ANNA, "")
    return found


_Made = tuple[dict[str, Any], dict[str, Any]]


def _mail(runtime: Runtime, connection: str, token: str) -> dict[str, Any]:
    data = letter(subject=token, body=f"{token}\n", message_id=f"<{token}@kunde.example>").replace(b"\n", b"\r\n")
    runtime.connections.get(connection).transport.append("INBOX", data, token, [])  # type: ignore[attr-defined]
    item = item_of(Fetched("1", data), source="x", folder="INBOX", languages=["de"], max_size=2**20)
    return dict(item.data)


def _send(_: Runtime, connection: str, token: str) -> _Made:
    return {"to": ["a@kunde.example", "b@kunde.example"], "subject": "Hello", "body": f"This is {token}.\n"}, {}


def _reply(runtime: Runtime, connection: str, token: str) -> _Made:
    return {"to": ["karla@kunde.example"], "body": f"This is {token}.\n"}, _mail(runtime, connection, token)


def _of_mail(**payload: Any) -> Callable[[Runtime, str, str], _Made]:
    return lambda runtime, connection, token: (payload, _mail(runtime, connection, token))


def _move(runtime: Runtime, connection: str, token: str) -> _Made:
    if connection != "shelf":
        return {"folder": "Done"}, _mail(runtime, connection, token)
    path = runtime.data_dir / "shelf" / "in" / f"{token}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(token)
    return {"folder": "Done"}, {"file": {"path": f"in/{path.name}", "sha256": sha256(token.encode())}}


def _post(runtime: Runtime, connection: str, token: str) -> _Made:
    document = cii(replace(INVOICE, number=token))
    found, digest = find_invoice("invoice", "", document), sha256(document)
    assert found
    place = runtime.data_dir / "documents" / digest[:2] / digest
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(document)
    return {"invoice": found.invoice.as_dict(), "document": digest, "vendor": "70001"}, {"documents": {digest: document}}


_KINDS: dict[str, Callable[[Runtime, str, str], _Made]] = {
    "send": _send,
    "draft": _send,
    "reply": _reply,
    "flag": _of_mail(flag="flagged"),
    "move": _move,
    "save": lambda r, c, token: ({"name": f"{token}.txt", "content": f"This is {token}."}, {}),
    "import": lambda r, c, token: ({"table": "orders", "rows": [{"reference": token}], "key": token}, {}),
    "post": _post,
}


def outside(office: Office, runtime: Runtime, kind: str) -> list[str]:
    """The effects of actions of this kind, each by its token."""
    connection, _, name = kind.partition(".")
    data = runtime.data_dir
    if connection == "shelf":
        return _files(data / "shelf", "TOKEN*") if name == "save" else _moved(data / "shelf" / "Done", data / "shelf" / "in")
    if connection in ("erp", "books"):
        return _files(data / "import", "*.csv") if connection == "erp" else _files(data / "books", "EXTF_*.csv")
    if connection == "mailbox" and name in ("send", "reply"):
        assert office.smtp
        return [t for envelope in office.smtp.taken for t in _sent(envelope.content)]
    return _in_mailbox(runtime.connections.get(connection), name)


def _in_mailbox(connector: Any, name: str) -> list[str]:
    transport = connector.transport
    if name in ("send", "reply", "draft"):
        mails = _mails(transport, "Drafts" if name == "draft" else "Sent")
        return [t for m in mails for t in _sent(m.data)]
    inbox = _mails(transport, "INBOX")
    if name == "flag":
        return [t for m in inbox if "flagged" in m.flags for t in _once(m.data)]
    done = [t for m in _mails(transport, "Done") for t in _once(m.data)]
    return done + [t for m in inbox for t in _once(m.data) if t in done]


def _mails(transport: Any, folder: str) -> list[Fetched]:
    from kontorist.core.errors import Rejected

    try:
        return list(transport.fetch(folder, transport.listing(folder, None).ids))
    except Rejected:
        return []  # nothing was put there yet


def _sent(data: bytes) -> list[str]:
    """The token in the text of a mail, not those in what it answers."""
    return [m.decode() for m in re.findall(rb"This is (TOKEN[0-9]{6})", data)][:1]


def _once(data: bytes) -> list[str]:
    return [m.decode() for m in _TOKEN.findall(data)][:1]


def _files(folder: Path, pattern: str) -> list[str]:
    return [t for path in folder.glob(pattern) for t in _once(path.read_bytes())]


def _moved(done: Path, source: Path) -> list[str]:
    there = _files(done, "*.txt")
    return there + [t for t in _files(source, "*.txt") if t in there]
