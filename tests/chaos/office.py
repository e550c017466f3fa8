"""A small office with every kind of action there is, and a look at what its actions did outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from connectors.mail.transport import Fetched
from flows.advance import Tally
from flows.gate import gate
from flows.runtime import Runtime, open_runtime
from kontorist.store import actions, tables
from tests.chaos import history
from tests.chaos.kinds import KINDS, proposed, stored
from tests.chaos.worker import ended, fork, pass_gate
from tests.connectors.accounting.books import VENDOR
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
bank: {connector: bank, folder: "data:statements", pay_from: DE02120300000000202051}
"""
MAILBOX = """
mailbox:
  connector: mail
  from: service@example.com
  imap: {host: 127.0.0.1, port: IMAP_PORT, tls: tls, ca_file: CA_FILE, user: USER, password: "${MAILBOX_SECRET}"}
  smtp: {host: 127.0.0.1, port: SMTP_PORT, tls: none}
"""
FILES = {"erp": "import", "books": "books", "bank": "payments"}
PATTERNS = {
    "post": "EXTF_Buchungsstapel_*.csv",
    "settle": "EXTF_Zahlung_*.csv",
    "reverse": "EXTF_Storno_*.csv",
    "export_vendors": "EXTF_DebitorenKreditoren_*.csv",
    "transfer": "pain001-*.xml",
}
_TOKEN = re.compile(rb"TOKEN[0-9]{6}")


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
        connection, _, name = kind.partition(".")
        payload, data = KINDS[name](runtime, connection, token)
        (action_id,) = stored(runtime, [(connection, name, proposed(runtime, connection, name, {**payload, **more}, data))])
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


def outside(office: Office, runtime: Runtime, kind: str) -> list[str]:
    """The effects of actions of this kind, each by its token."""
    connection, _, name = kind.partition(".")
    data = runtime.data_dir
    if connection == "shelf":
        return _files(data / "shelf", "TOKEN*") if name == "save" else _moved(data / "shelf" / "Done", data / "shelf" / "in")
    if connection in FILES:
        return _files(data / FILES[connection], PATTERNS.get(name, "*.csv"))
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
