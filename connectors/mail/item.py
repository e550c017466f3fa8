"""A mail as a flow sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Item, NewDocument
from connectors.mail.gist import gist
from connectors.mail.sender_signs import sender_signs
from connectors.mail.texts import say
from connectors.mail.transport import Fetched
from kontorist.core.errors import NotReadable
from kontorist.core.values import sha256
from kontorist.reading import text_of
from kontorist.reading.german import said_in
from kontorist.reading.language import language_of
from kontorist.reading.mail import Address, Attachment, Mail, parse_mail, split_reply
from kontorist.reading.mail.authentication import sender_check
from kontorist.reading.mail.calendar import calendar_text
from kontorist.reading.mail.header import addresses
from kontorist.reading.mail.report import Report
from kontorist.reading.mail.signature import signature_of
from kontorist.reading.parts import Part, decoded, kind_of, notes_on

_TEXT_AT_MOST = 200_000
_ATTACHMENT_TEXT_AT_MOST = 100_000
_ATTACHMENTS_READ = 30
_WITHOUT_TEXT = ("image/", "audio/", "video/")
_CONTAINERS = {"application/zip", "application/x-zip-compressed", "application/ms-tnef", "application/vnd.ms-tnef"}
_CONTAINERS |= {
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "application/pgp-keys",
}


@dataclass(frozen=True)
class Trust:
    """What the office says about senders."""

    own: str = ""
    """The mailbox's own address."""
    authserv_id: str | None = None
    resolver: str | None = None
    known_domains: Sequence[str] = ()


def item_of(
    found: Fetched, *, source: str, folder: str, languages: Sequence[str], max_size: int, trust: Trust | None = None
) -> Item:
    """The item of one mail. What cannot be read becomes an item all the same, with the reason: nothing gets lost."""
    language, trust = languages[0] if languages else "de", trust or Trust()
    try:
        mail = parse_mail(found.data)
    except NotReadable as error:
        return _unreadable(found, source, folder, say(language, "unreadable", said_in(language, str(error))))
    documents = [NewDocument(_name(mail), "message/rfc822", found.data)]
    documents += [NewDocument(a.name, a.media_type, a.data, "attachment") for a in mail.attachments]
    signature = signature_of(found.data, mail.sender.address, None if found.cut else trust.resolver)
    check = sender_check(mail.fields, trust.authserv_id)
    check = "verified" if signature.result == "pass" and check in ("unknown", "unverified") else check
    signs = list(sender_signs(mail, trust.own, trust.known_domains, signature))
    data = _data(mail, languages) | {
        "folder": folder,
        "answered": found.answered,
        "key": mail.digest,
        "sender_check": check,
        "signature": {"result": signature.result, "domain": signature.domain},
        "report": _report(mail.report, language),
        "signs": [{"code": s.code, "text": say(language, s.code, *s.values)} for s in signs],
    }
    warnings = [*(say(language, s.code, *s.values) for s in signs), *_warnings(mail, language)]
    warnings += [note for attachment in data["attachments"] for note in attachment.get("notes", ())]
    if check == "forged":
        warnings.insert(0, say(language, "forged", mail.sender.address))
    if len(mail.text) > _TEXT_AT_MOST:
        warnings.append(say(language, "long", _TEXT_AT_MOST))
    if found.cut:
        warnings.append(say(language, "cut", max_size // 2**20))
    return Item(
        source_key=key_of(mail.digest),
        source=source,
        title=mail.subject or say(language, "no_subject"),
        data={"mail": data},
        documents=documents,
        thread=list(dict.fromkeys(i for i in (mail.message_id, mail.in_reply_to, *mail.references) if i))[:50],
        warnings=warnings,
        handle=found.id,
    )


def key_of(digest: str) -> str:
    """The source key of a mail: by content, for numbers and flags change."""
    return f"mail:{digest}"


def _name(mail: Mail) -> str:
    return f"{(mail.subject or 'mail')[:80]}.eml"


def _data(mail: Mail, languages: Sequence[str]) -> dict[str, Any]:
    language = languages[0] if languages else "de"
    text = (mail.text or _invitation(mail, language))[:_TEXT_AT_MOST]
    new = split_reply(text).new
    attachments = [_attachment(a, language, read=i < _ATTACHMENTS_READ) for i, a in enumerate(mail.attachments)]
    said = new if len(new.strip()) > 20 else f"{mail.subject}\n{new}"
    return {
        "subject": mail.subject,
        "from": mail.sender.as_data(),
        "to": _people(mail.to),
        "cc": _people(mail.cc),
        "reply_to": _people(mail.reply_to),
        "date": mail.date,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references)[-50:],
        "text": text,
        "new_text": new,
        "gist": gist(mail.subject, text, attachments),
        "language": language_of(said, languages or ("de", "en")),
        "attachments": attachments,
        "bulk": mail.bulk,
        "automatic": mail.automatic,
        "generated": mail.generated,
    }


def _invitation(mail: Mail, language: str) -> str:
    """The text of a mail that is nothing but an invitation."""
    invitation = next((a for a in mail.attachments if a.media_type == "text/calendar"), None)
    return calendar_text(decoded(invitation.data), language) if invitation else ""


def _report(report: Report | None, language: str) -> dict[str, Any] | None:
    """What a mail server says about a mail of ours, with the sentence for people."""
    if report is None:
        return None
    failed = [f for f in report.failures if f.action == "failed"]
    who = ", ".join(f.recipient for f in failed)
    return report.as_data() | {
        "sentence": say(language, "undelivered", who, failed[0].reason or failed[0].status) if failed else ""
    }


def _people(people: Sequence[Address]) -> list[dict[str, str]]:
    return [a.as_data() for a in people]


def _attachment(attachment: Attachment, language: str, *, read: bool) -> dict[str, Any]:
    about = {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": len(attachment.data),
        "sha256": sha256(attachment.data),
        "text": "",
        "read_by": "",
        "notes": [],
        "within": attachment.within,
        "problem": said_in(language, attachment.problem) or None,
    }
    if not read or not attachment.data or attachment.problem:
        return about
    try:
        parts = _parts(attachment, language)
        notes = [said_in(language, note) for note in notes_on(attachment.name, parts)]
        text = "\n".join(part.text for part in parts)[:_ATTACHMENT_TEXT_AT_MOST]
        return about | {"text": text, "read_by": "ocr" if any(part.read_by for part in parts) else "", "notes": notes}
    except NotReadable as error:
        return about | {"problem": said_in(language, str(error))}


def _parts(attachment: Attachment, language: str) -> list[Part]:
    if attachment.media_type == "text/calendar" or attachment.name.lower().endswith(".ics"):
        return [Part("text", calendar_text(decoded(attachment.data), language))]
    if attachment.media_type in _CONTAINERS or attachment.name.lower() == "winmail.dat":
        return []  # what is inside stands beside it
    if attachment.media_type == "message/rfc822":
        inner = parse_mail(attachment.data)
        return [Part("text", f"{inner.subject}\n\n{inner.text}")]
    if attachment.media_type.startswith(_WITHOUT_TEXT) and kind_of(attachment.name, "", attachment.data) != "picture":
        return []
    return text_of(attachment.name, attachment.media_type, attachment.data)


def _warnings(mail: Mail, language: str) -> Iterator[str]:
    for code, about in mail.oddities.items():
        yield say(language, code, about)
    sender = mail.sender
    if len(authors := _authors(mail)) > 1:
        yield say(language, "authors", ", ".join(authors[:5]), sender.address)
    if mail.reply_to and sender.address and _domain(mail.reply_to[0].address) != _domain(sender.address):
        yield say(language, "reply-to", mail.reply_to[0].address, sender.address)
    if "@" in sender.name and sender.address and sender.address.lower() not in sender.name.lower():
        yield say(language, "two-addresses", sender.name, sender.address)


def _authors(mail: Mail) -> list[str]:
    """Every address that stands as From, also in a second such field, which others may take for the first."""
    fields = [value for name, value in mail.fields if name.lower() == "from"]
    found = [address for value in fields[:5] for _, address in addresses(value[:5000]) if "@" in address]
    return list({address.lower(): address for address in found}.values())


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _unreadable(found: Fetched, source: str, folder: str, problem: str) -> Item:
    digest = sha256(found.data)
    nobody = {"name": "", "address": ""}
    data: dict[str, Any] = {
        "subject": "",
        "from": nobody,
        "to": [],
        "cc": [],
        "reply_to": [],
        "date": None,
        "message_id": "",
        "in_reply_to": "",
        "references": [],
        "text": "",
        "new_text": "",
        "gist": "",
        "language": "",
        "attachments": [],
        "bulk": False,
        "automatic": False,
        "generated": False,
        "folder": folder,
        "answered": found.answered,
        "key": digest,
        "sender_check": "unknown",
        "signature": {"result": "unknown", "domain": ""},
        "report": None,
        "signs": [],
    }
    document = NewDocument("mail.eml", "message/rfc822", found.data)
    return Item(key_of(digest), source, problem[:200], {"mail": data}, [document], (), [problem], found.id)
