"""One connector a kind of mailbox: on this machine, Dovecot, Dovecot without MOVE, pymap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Context, Item, Surroundings
from connectors.mail import Mail
from connectors.mail.config import MailConfig, MailOptions
from connectors.mail.transport import Fetched
from kontorist.testing import carried_out
from tests.connectors.mail.servers import DOVECOT, PASSWORD, USER, Imap, Mailserver, smtp_server, start_dovecot, start_pymap

KINDS = ("maildir", "dovecot", "dovecot-without-move", "pymap")


def letter(
    subject: str = "Wo bleibt 47001?", body: str = "Guten Tag,\n\nwo bleibt meine Bestellung 47001?\n", **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"] = headers.pop("sender", "Karla Kunde <karla@kunde.example>")
    message["To"] = "service@example.com"
    message["Subject"] = subject
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    message["Message-ID"] = headers.pop("message_id", f"<{abs(hash((subject, body)))}@kunde.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


class Box:
    """A connector with its mailbox, and what a test needs to look behind it."""

    def __init__(self, connector: Mail, server: Imap | None, mailserver: Mailserver) -> None:
        self.connector = connector
        self.server = server
        self.mailserver = mailserver
        self.known: set[str] = set()

    def deliver(self, mail: bytes) -> None:
        """Put a mail there over a connection of its own, as the world does."""
        other = Mail(self.connector.config, self.connector.surroundings)
        other.transport.append("INBOX", mail, "delivered", [])
        other.close()

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        for mail in mails:
            self.connector.transport.append(folder, mail, f"test{len(mail)}-{abs(hash(mail))}", [])

    def read(self, **options: Any) -> list[Item]:
        return list(self.connector.read("mail", MailOptions(**options), lambda keys: set(keys) & self.known))

    def taken_in(self, **options: Any) -> list[Item]:
        """Read as intake does: what is read is known afterwards."""
        items = self.read(**options)
        self.known |= {item.source_key for item in items}
        return items

    def count(self, folder: str) -> int:
        return len(self.connector.transport.listing(folder, None).ids)

    def first(self, folder: str = "INBOX") -> Fetched:
        """The oldest mail of a folder."""
        transport = self.connector.transport
        return next(iter(transport.fetch(folder, transport.listing(folder, None).ids[:1])))

    def numbered_anew(self, folder: str, *mails: bytes) -> None:
        """The folder is made again with these mails, as from a backup: the numbers are the same, and mean others."""
        client = self.connector.transport._signed_in()  # type: ignore[attr-defined]
        client.delete_folder(folder)
        client.create_folder(folder)
        for mail in mails:
            client.append(folder, mail)
        client.logout()

    def do(
        self, action: str, item: Item | None, key: str = "act-1", fence: Callable[[], None] | None = None, **payload: Any
    ) -> Any:
        """Propose, check and execute, as the gate does."""
        made = self.connector.actions[action]()
        context = Context(1, "test", dict(item.data) if item else {}, language="de")
        proposal = made.propose(self.connector, made.Payload.model_validate(payload), context)
        typed = made.Payload.model_validate(proposal.payload)
        changed = made.check(self.connector, typed, proposal.rests_on)
        if changed:
            return list(changed)
        return carried_out(made, self.connector, proposal.payload, key=key, fence=fence)


@pytest.fixture(scope="session")
def mailservers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Imap]]:
    running: dict[str, Imap] = {}

    def get(kind: str) -> Imap:
        if kind not in running:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "pymap":
                running[kind] = start_pymap(folder)
            else:
                extra = "imap_capability = IMAP4rev1 UIDPLUS SPECIAL-USE" if kind == "dovecot-without-move" else ""
                running[kind] = start_dovecot(folder, extra)
        return running[kind]

    yield get
    for server in running.values():
        server.stop()


@pytest.fixture
def smtp() -> Iterator[Mailserver]:
    with smtp_server() as server:
        yield server


def make(kind: str, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver, user: str, **more: Any) -> Box:
    surroundings = Surroundings("mailbox", tmp_path, tmp_path / "var", {"languages": ["de", "en"]})
    if kind == "maildir":
        (tmp_path / "seed").mkdir(exist_ok=True)
        config = MailConfig.model_validate({"transport": "maildir", "from": USER, "path": "data:box", "seed": "seed", **more})
        return Box(Mail(config, surroundings), None, smtp)
    if kind.startswith("dovecot") and DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    server = mailservers(kind)
    access = {"host": "127.0.0.1", "user": user, "password": PASSWORD, "ca_file": str(server.ca_file)}
    access |= {"port": server.port, "tls": "starttls"} if kind == "pymap" else {"port": server.tls_port, "tls": "tls"}
    config = MailConfig.model_validate(
        {
            "transport": "imap",
            "from": f"Kundenservice <{USER}>",
            "imap": access,
            "smtp": {"host": "127.0.0.1", "port": smtp.port, "tls": "none"},
            **more,
        }
    )
    return Box(Mail(config, surroundings), server, smtp)


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Iterator[Box]:
    user = USER if request.param == "pymap" else f"{abs(hash(str(tmp_path)))}@example.com"
    made = make(request.param, tmp_path, mailservers, smtp, user)
    if request.param == "pymap":
        _empty(made)
    yield made
    made.connector.close()


def _empty(box: Box) -> None:
    """pymap keeps one mailbox for all tests."""
    client = box.connector.transport._connected()  # type: ignore[attr-defined]
    for _, _, name in client.list_folders():
        client.select_folder(name)
        if ids := client.search(["ALL"]):
            client.delete_messages(ids)
            client.expunge()
