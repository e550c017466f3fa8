"""Builds the mails that leave, so that a mail that came in cannot smuggle anything into their headers (RFC 5322)."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from kontorist.core.errors import Rejected
from kontorist.reading.mail.header import addresses

_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_PREFIX = re.compile(r"^\s*((re|aw|antw|antwort|sv|rif|odp)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_DOMAIN = re.compile(r"^(?=.{1,253}$)([^\s@.\[\]<>,;:\"()\\]+\.)*[^\s@.\[\]<>,;:\"()\\]+$")


@dataclass(frozen=True)
class Letter:
    """A mail to be sent, complete."""

    sender: str
    to: Sequence[str]
    cc: Sequence[str]
    subject: str
    body: str
    key: str
    in_reply_to: str = ""
    references: Sequence[str] = ()
    attachments: Sequence[tuple[str, str, bytes]] = field(default=(), repr=False)
    """(name, media type, bytes)"""

    @property
    def message_id(self) -> str:
        """The same for every attempt of one action."""
        return f"{self.key}@{bare(self.sender).rpartition('@')[2]}"

    @property
    def recipients(self) -> list[str]:
        """The addresses that it goes to, each once."""
        return list(dict.fromkeys(bare(a) for a in (*self.to, *self.cc)))


def build(letter: Letter, now: datetime) -> bytes:
    """The mail as bytes. Raises Rejected for what cannot stand in a header."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _header_address(letter.sender)
    message["To"] = [_header_address(a) for a in letter.to]
    if letter.cc:
        message["Cc"] = [_header_address(a) for a in letter.cc]
    message["Subject"] = one_line(letter.subject)
    message["Date"] = email.utils.format_datetime(now.astimezone(UTC))
    message["Message-ID"] = f"<{letter.message_id}>"
    if letter.in_reply_to:
        message["In-Reply-To"] = _ids([letter.in_reply_to])
        message["References"] = _ids(list(dict.fromkeys([*letter.references, letter.in_reply_to]))[-20:])
    body = letter.body.replace("\r\n", "\n").replace("\r", "\n")
    message.set_content(body if body.endswith("\n") else body + "\n", charset="utf-8")
    for name, media, data in letter.attachments:
        main, _, sub = media.partition("/")
        if main in ("message", "multipart", "text"):  # byte for byte, whatever is inside
            main, sub = "application", "octet-stream"
        message.add_attachment(data, maintype=main, subtype=sub or "octet-stream", filename=one_line(name))
    return message.as_bytes()


def _ids(ids: Sequence[str]) -> str:
    return " ".join(f"<{i}>" for i in ids if i.isascii() and not re.search(r"[\s<>]", i) and not _BREAKS.search(i))


def one_line(text: str) -> str:
    """A header's text without anything that ends a line."""
    return _BREAKS.sub(" ", text).strip()[:900]


def bare(address: str) -> str:
    """The address alone."""
    return address_of(address)[1]


def address_of(written: str) -> tuple[str, str]:
    """Name and address of exactly one person. Raises Rejected."""
    if _BREAKS.search(written):
        raise Rejected("An address must not contain line breaks or control characters.")
    found = [pair for pair in addresses(written) if pair[1]]
    plain = len(found) == 1 and bool(re.fullmatch(r"[^<>@]*<[^<>]+>|[^\s<>]+", written.strip()))
    if not plain or not is_address(found[0][1]):
        raise Rejected(f"'{written[:100]}' is not one e-mail address. Write it as name@example.com or Name <name@example.com>.")
    return found[0]


def is_address(text: str) -> bool:
    """Whether this is an address that a mail can go to."""
    local, at, domain = text.rpartition("@")
    fine = bool(at and local) and len(local) <= 64 and not re.search(r"[\s<>,;:\"()\\\[\]@]", local) and not local.startswith("-")
    return fine and bool(_DOMAIN.match(domain)) and not _BREAKS.search(text)


def _header_address(written: str) -> Address:
    name, address = address_of(written)
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    return Address(one_line(name)[:200], local, domain)


def subject_of_reply(subject: str) -> str:
    """`Re: ` once, however many were there."""
    return f"Re: {_PREFIX.sub('', one_line(subject)).strip()}".strip()
