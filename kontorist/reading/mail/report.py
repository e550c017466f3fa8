"""Reports of mail servers about mails of ours that were not delivered (RFC 3464), and which mail they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any

from kontorist.reading.mail import header
from kontorist.reading.mail.body import bytes_of
from kontorist.reading.mail.structure import kind, parts_of

_AT_MOST = 50


@dataclass(frozen=True)
class Failure:
    """What became of the mail for one recipient."""

    recipient: str
    action: str
    """failed, delayed, delivered, relayed or expanded."""
    status: str
    reason: str


@dataclass(frozen=True)
class Report:
    """One report."""

    message_id: str
    """Of the mail that it is about; empty when it does not say."""
    failures: Sequence[Failure]

    def as_data(self) -> dict[str, Any]:
        """As flows see it."""
        return {"message_id": self.message_id, "failures": [f.__dict__ for f in self.failures]}


def report_of(message: Message) -> Report | None:
    """The report in a mail; None when it is none."""
    if kind(message) != "multipart/report":
        return None
    failures: list[Failure] = []
    original = ""
    for part in parts_of(message)[:10]:
        media = kind(part)
        if media == "message/delivery-status":
            failures = list(_failures(part))[:_AT_MOST]
        elif media in ("text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers"):
            original = _message_id(bytes_of(part))
    return Report(original, failures) if failures else None


def _failures(part: Message) -> Iterator[Failure]:
    """One block of fields for each recipient, after the one about the server."""
    blocks = parts_of(part)
    for block in blocks or []:
        recipient = _after_type(header.raw_field(block, "original-recipient")) or _after_type(
            header.raw_field(block, "final-recipient")
        )
        if recipient:
            action = header.decoded(header.raw_field(block, "action")).lower()
            status = header.decoded(header.raw_field(block, "status"))[:20]
            reason = _after_type(header.raw_field(block, "diagnostic-code"))[:500]
            yield Failure(recipient[:320], action, status, reason)


def _after_type(raw: str) -> str:
    """The value of a field like `rfc822; karla@kunde.example`."""
    text = " ".join(header.decoded(raw).split())
    return text.partition(";")[2].strip().strip("<>") if ";" in text else text.strip("<>")


def _message_id(data: bytes) -> str:
    head = re.split(rb"\r?\n\r?\n", data[:200_000], maxsplit=1)[0].decode("latin-1")
    found = re.search(r"(?im)^message-id:\s*((?:[^\r\n]*\r?\n[ \t])*[^\r\n]*)", head)
    return next(iter(header.message_ids(found[1])), "") if found else ""
