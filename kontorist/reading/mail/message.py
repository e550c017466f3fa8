"""One mail, read: who, when, about what, its text, its documents. Reads anything; complains in `oddities`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message

from kontorist.core.errors import NotReadable
from kontorist.reading.mail import header, structure
from kontorist.reading.mail.body import bytes_of, read_bodies
from kontorist.reading.mail.enclosed import Attachment, Limits, opened
from kontorist.reading.mail.machine import is_automatic, is_generated
from kontorist.reading.mail.names import file_name
from kontorist.reading.mail.parser import parsed
from kontorist.reading.mail.report import Report, report_of
from kontorist.reading.mail.sealed import Seal, seal_of, unsealed
from kontorist.reading.mail.uuencode import cut_out

MAX_BYTES = 100 * 2**20
_BULK = {"bulk", "list", "junk"}


@dataclass(frozen=True)
class Address:
    """Who, as shown and as addressed."""

    name: str
    address: str

    def as_data(self) -> dict[str, str]:
        """As flows see it."""
        return {"name": self.name, "address": self.address}


@dataclass(frozen=True)
class Mail:
    """A mail as far as it can be read; what is missing is empty."""

    subject: str
    senders: Sequence[Address]
    to: Sequence[Address]
    cc: Sequence[Address]
    reply_to: Sequence[Address]
    date: datetime | None
    message_id: str
    in_reply_to: str
    references: Sequence[str]
    text: str
    html: str
    attachments: Sequence[Attachment]
    bulk: bool
    automatic: bool
    """An answer by a machine or a report: nothing is to be done about it."""
    generated: bool
    """Sent by a program: there may be something to do about it, but nobody reads an answer."""
    oddities: Mapping[str, str]
    """What was odd, by code: `hidden-text` (the text), `charset` (what was named), `parts` (how many were not read)."""
    report: Report | None
    """What a mail server says about a mail of ours."""
    fields: Sequence[tuple[str, str]] = field(repr=False)
    """The header fields in order, as they stand there."""
    digest: str
    """SHA-256 over what the sender wrote: the same for a copy that took another way or got another number."""

    @property
    def sender(self) -> Address:
        """The first author."""
        return self.senders[0] if self.senders else Address("", "")


def parse_mail(data: bytes) -> Mail:
    """Read a mail. Raises NotReadable only for what is no mail at all: no header field, or larger than 100 MB."""
    if len(data) > MAX_BYTES:
        raise NotReadable(f"The mail is larger than {MAX_BYTES // 2**20} MB, so it was not read.")
    try:
        return _read(_parsed(data), data)
    except (RecursionError, ValueError, IndexError, LookupError, AttributeError, TypeError) as error:
        raise NotReadable(f"The mail is built so badly that it cannot be taken apart ({type(error).__name__}).") from error


def digest_of(data: bytes) -> str:
    """The digest that `parse_mail` gives, by the header fields alone: to know a mail again; empty for what is no mail."""
    try:
        raw = _raw_fields(_parsed(data, head_only=True))
    except (RecursionError, ValueError, IndexError, LookupError, AttributeError, TypeError):
        return ""
    return _digest(raw, data) if raw else ""


def _read(message: Message, data: bytes) -> Mail:
    raw = _raw_fields(message)
    if not raw:
        raise NotReadable("This is no mail: it has no header fields.")
    message, seal = _unsealed(message)
    sorted_parts = structure.bodies(message)
    if sorted_parts.left_out:
        raise NotReadable(
            f"The mail has {sorted_parts.seen} parts, or they are nested deeper than {structure.MAX_DEPTH} levels: "
            f"no real one has more than {structure.MAX_PARTS}."
        )
    body = read_bodies(sorted_parts)
    text, enclosed = cut_out(body.text)
    given = [*_attachments(sorted_parts.attachments), *(Attachment(n, "application/octet-stream", d) for n, d in enclosed)]
    attachments = list(opened(given, Limits(), _inside))
    text = text or _hidden_text(attachments)
    subject = header.decoded(raw.get("subject", ""))
    return Mail(
        subject=subject,
        senders=_people(raw, "from") or _people(raw, "sender"),
        to=_people(raw, "to"),
        cc=_people(raw, "cc"),
        reply_to=_people(raw, "reply-to"),
        date=header.moment(raw["date"]) if "date" in raw else None,
        message_id=next(iter(header.message_ids(raw.get("message-id", ""))), ""),
        in_reply_to=next(iter(header.message_ids(raw.get("in-reply-to", ""))), ""),
        references=header.message_ids(raw.get("references", "")),
        text=text,
        html=body.html,
        attachments=attachments,
        bulk=_is_bulk(raw),
        automatic=is_automatic(raw, message, subject, [one.name for one in attachments]),
        generated=is_generated(raw),
        oddities=body.oddities | seal.oddities(text),
        report=report_of(message),
        fields=[(name, str(value)) for name, value in message.raw_items()],
        digest=_digest(raw, data),
    )


def _parsed(data: bytes, *, head_only: bool = False) -> Message:
    start = re.match(rb"(?:\xef\xbb\xbf|\s)*(?:From [^\r\n]*\r?\n)?(?:>From [^\r\n]*\r?\n)?", data)
    data = data[start.end() :] if start else data
    if head_only and (end := re.search(rb"\r?\n\r?\n|\r\r", data)):
        data = data[: end.end()]
    return parsed(data, head_only=head_only)


_TOGETHER = {"to": ", ", "cc": ", ", "references": " "}
"""Fields of which each counts where there are several, and what stands between them."""


def _raw_fields(message: Message) -> dict[str, str]:
    """Each field as it stands there; of address fields given twice both, of others the first."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        key = name.lower()
        if key not in found or key in _TOGETHER:
            found.setdefault(key, []).append(str(value))
    return {key: _TOGETHER.get(key, "").join(texts) for key, texts in found.items()}


def _people(raw: dict[str, str], name: str) -> list[Address]:
    return [Address(n, a) for n, a in header.addresses(raw.get(name, ""))][:500]


def _attachments(parts: Sequence[Message]) -> Iterator[Attachment]:
    for number, part in enumerate(parts, 1):
        media = structure.kind(part)
        content_id = str(part.get("Content-ID", "") or "").strip().strip("<>")
        yield Attachment(file_name(part, media, number), media, bytes_of(part), content_id)


def _is_bulk(raw: dict[str, str]) -> bool:
    return "list-id" in raw or "list-unsubscribe" in raw or raw.get("precedence", "").strip().lower() in _BULK


def _unsealed(message: Message) -> tuple[Message, Seal]:
    """The mail inside an S/MIME envelope that is only signed; others as they are."""
    seal = seal_of(message)
    inner = unsealed(message) if seal.is_opaque else None
    return (_parsed(inner) if inner else message), seal


def _inside(data: bytes) -> list[Attachment]:
    """The attachments of an enclosed mail; none where it cannot be taken apart."""
    try:
        parts = structure.bodies(_parsed(data))
    except (RecursionError, ValueError, IndexError, LookupError, AttributeError, TypeError):
        return []
    return list(_attachments(parts.attachments))


def _hidden_text(attachments: Sequence[Attachment]) -> str:
    """The text that Outlook put into a winmail.dat and nowhere else."""
    from kontorist.reading.mail.tnef import SIGNATURE, text_of_tnef

    return next((text_of_tnef(a.data) for a in attachments if a.data.startswith(SIGNATURE) and not a.problem), "")


def _digest(raw: dict[str, str], data: bytes) -> str:
    """Over the author's fields and the body: not over what servers and virus scanners add on the way."""
    _, _, body = re.sub(rb"\r\n?", b"\n", data).partition(b"\n\n")
    digest = hashlib.sha256()
    for name in ("message-id", "from", "to", "cc", "date", "subject"):
        digest.update(f"{name}:{header.unfolded(raw.get(name, '')).strip()}\n".encode("utf-8", "surrogateescape"))
    digest.update(body.strip())
    return digest.hexdigest()
