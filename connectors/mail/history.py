"""A mailbox as people left it: what came, where it lies now, and what was sent. Only read: nothing is marked, moved or remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from connectors.base import Item
from connectors.mail.maildir import Maildir
from connectors.mail.transport import Fetched, Folder, Transport
from kontorist.core.errors import NotReadable
from kontorist.reading.mail import parse_mail, split_reply
from kontorist.reading.mail.header import addresses

if TYPE_CHECKING:
    from connectors.mail import Mail as MailConnector

_PAGE = 200
_NOT_RECEIVED = {"sent", "drafts", "all"}
_TEXT_AT_MOST = 50_000


@dataclass(frozen=True)
class Received:
    """A mail that came, and the folder in which it lies now."""

    item: Item
    folder: str
    role: str

    @property
    def mail(self) -> Mapping[str, Any]:
        """The mail as a flow sees it."""
        found: Mapping[str, Any] = self.item.data["mail"]
        return found

    @property
    def arrived(self) -> datetime | None:
        """When it was written; aware, or None when the mail does not say."""
        return aware(self.mail["date"])


@dataclass(frozen=True)
class Sent:
    """A mail that a person sent (or approved)."""

    source: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sender: str
    to: frozenset[str]
    """All recipients, copies too, in lower case."""
    subject: str
    text: str = field(repr=False)
    """What was written, without quote and signature."""
    when: datetime | None
    automatic: bool


def received(connector: MailConnector, since: date | None) -> Iterator[Received]:
    """Every mail of others since a day, the inbox first, each content once. Raises what the mailbox raises."""
    own, seen = own_address(connector), set()
    for folder in sorted(connector.transport.folders(), key=lambda f: (f.role != "inbox", f.name)):
        if folder.role in _NOT_RECEIVED:
            continue
        for found in _mails(connector.transport, folder.name, since):
            item = connector.item(found, folder.name)
            if item.data["mail"]["from"]["address"].lower() == own or item.source_key in seen:
                continue
            seen.add(item.source_key)
            yield Received(item, folder.name, folder.role)


def count(connector: MailConnector, since: date | None) -> int:
    """How many mails `received` looks at."""
    folders = [f for f in connector.transport.folders() if f.role not in _NOT_RECEIVED]
    return sum(len(connector.transport.listing(f.name, since).ids) for f in folders)


def sent(connector: MailConnector, since: date | None) -> Iterator[Sent]:
    """Every mail that went out since a day: of the folders for sent mails, and where people filed their own elsewhere."""
    own, seen = own_address(connector), set()
    for transport, folder in _outgoing(connector):
        for found in _mails(transport, folder.name, since):
            one = _sent(found, f"{connector.surroundings.name}/{folder.name} {found.id}")
            filed_elsewhere = folder.role not in ("sent", "outgoing")
            if one is None or (filed_elsewhere and one.sender != own) or (one.message_id or one.source) in seen:
                continue
            seen.add(one.message_id or one.source)
            yield one


def own_address(connector: MailConnector) -> str:
    """The mailbox's own address, in lower case."""
    return addresses(connector.config.sender)[0][1].lower()


def aware(moment: datetime | None) -> datetime | None:
    """A moment with its zone; UTC where the mail does not say."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _outgoing(connector: MailConnector) -> Iterator[tuple[Transport, Folder]]:
    transport = connector.transport
    named = connector.config.sent_folder or None
    for folder in transport.folders():
        if folder.role not in ("drafts", "all", "junk"):
            yield transport, Folder(folder.name, "sent") if folder.name == named else folder
    if isinstance(transport, Maildir) and transport.outgoing is not None and (transport.outgoing / "cur").is_dir():
        yield Maildir(transport.outgoing, None, None, transport.max_size), Folder("INBOX", "outgoing")


def _mails(transport: Transport, folder: str, since: date | None) -> Iterator[Fetched]:
    ids = transport.listing(folder, since).ids
    for start in range(0, len(ids), _PAGE):
        yield from transport.fetch(folder, ids[start : start + _PAGE])


def _sent(found: Fetched, source: str) -> Sent | None:
    try:
        mail = parse_mail(found.data)
    except NotReadable:
        return None
    return Sent(
        source=source,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=tuple(mail.references),
        sender=mail.sender.address.lower(),
        to=frozenset(one.address.lower() for one in (*mail.to, *mail.cc)),
        subject=mail.subject,
        text=split_reply(mail.text[:_TEXT_AT_MOST]).new,
        when=aware(mail.date),
        automatic=mail.automatic,
    )
