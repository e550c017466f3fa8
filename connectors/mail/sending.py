"""The actions that write mails: reply, send, draft. Recipients come from a person, the mail or the office, never from a model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from connectors import _files
from connectors._domains import domain_of
from connectors.base import Action, Context, Payload, Proposal, Receipt, Warn
from connectors.mail import compose
from connectors.mail.place import locate, mail_of
from connectors.mail.texts import say
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, Rejected
from kontorist.core.filters import format_date
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256

if TYPE_CHECKING:
    from connectors.mail import Mail as MailConnector


_QUOTED_AT_MOST = 8_000


class Written(Payload):
    """A mail as it will be sent."""

    to: list[str] = Field(description="Whom it goes to", min_length=1, max_length=50)
    cc: list[str] = Field(default=[], description="Who gets a copy", max_length=50)
    subject: str = Field(description="The subject", max_length=900)
    body: str = Field(description="The text", min_length=1, max_length=500_000)
    attachments: list[str] = Field(default=[], description="SHA-256 of documents of the case that go with it", max_length=50)
    attachment_names: dict[str, str] = Field(default={}, description="Resolved: their names")

    @field_validator("to", "cc", "attachments", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) and value.strip() else [] if value in (None, "") else value

    @field_validator("body")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the text is empty")
        return value


class ReplyPayload(Written):
    """A reply; what it answers is filled in when it is proposed."""

    subject: str = Field(default="", description="The subject; default: that of the mail, with Re:", max_length=900)
    quote: bool = Field(default=True, description="Put the mail that is answered below, as mail programs do")
    quoted: str = Field(default="", description="Resolved: the mail that is answered, as it stands below")
    in_reply_to: str = Field(default="", description="Resolved: the Message-ID of the mail that is answered")
    references: list[str] = Field(default=[], description="Resolved: the conversation so far")
    mail: dict[str, str] = Field(default={}, description="Resolved: where the mail lies")


class DraftPayload(ReplyPayload):
    """A draft that a person sends with their own mail program."""


class Send(Action):
    """Send a new mail."""

    Payload = Written
    recipients: ClassVar[Sequence[str]] = ("to", "cc")
    undo_window: ClassVar[float] = 15.0

    def propose(self, connector: MailConnector, payload: Any, context: Context) -> Proposal:
        """The mail, with its addresses checked."""
        stored = written(payload, context)
        return Proposal(
            payload=stored,
            sentence=say(context.language, "send", ", ".join(stored["to"]), stored["subject"]),
            business_key=f"send:{connector.surroundings.name}:{sha256(canonical(stored))}",
        )

    def execute(self, connector: MailConnector, permit: Permit) -> Receipt:
        """Send it, with the fence right before the last byte."""
        letter = letter_of(connector, permit.payload, permit.key)
        evidence = connector.transport.send(
            compose.build(letter, utcnow()), compose.bare(letter.sender), letter.recipients, permit.key, permit.commit
        )
        return _receipt(letter, evidence)

    def find(self, connector: MailConnector, payload: Any, key: str) -> Receipt | None:
        """The sent copy."""
        data = payload if isinstance(payload, Mapping) else payload.model_dump()
        letter = letter_of(connector, data, key, with_attachments=False)
        evidence = connector.transport.sent(letter.message_id, key)
        return _receipt(letter, evidence) if evidence else None

    def outputs(self, connector: MailConnector, payload: Any, key: str) -> Mapping[str, Any]:
        """The Message-ID it was composed with, and its receivers."""
        return _outputs(connector, payload, key)


class Reply(Send):
    """Answer the mail of the case, in its conversation."""

    Payload = ReplyPayload

    def propose(self, connector: MailConnector, payload: Any, context: Context) -> Proposal:
        """The reply, with a stop where it would go to a stranger or to a machine."""
        mail = mail_of(context.data)
        if mail is None:
            raise Rejected(say(context.language, "no_mail"))
        stored = _answering(written(payload, context), mail)
        return Proposal(
            payload=stored,
            sentence=say(context.language, "reply", ", ".join(stored["to"]), stored["subject"]),
            business_key=f"reply:{mail['message_id'] or mail['key']}",
            warnings=[*_reply_warnings(stored, mail, context.language), *_loop_warnings(connector, stored, context.language)],
            rests_on={"answered": bool(mail.get("answered"))},
        )

    def check(self, connector: MailConnector, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """Whether somebody has answered meanwhile, with the flag that every mail program sets."""
        where = payload.mail
        if not where or rests_on.get("answered"):
            return []
        place = locate(connector, where["folder"], where["message_id"], where["key"])
        return [say(connector.language, "answered")] if place and place.answered else []

    def execute(self, connector: MailConnector, permit: Permit) -> Receipt:
        """Send it, then mark the mail as answered for the people who look into the mailbox."""
        receipt = super().execute(connector, permit)
        for address in receipt.evidence["to"]:
            connector.seen.note_reply(address, time.time(), permit.key)
        where = permit.payload.get("mail") or {}
        try:
            place = locate(connector, where["folder"], where["message_id"], where["key"]) if where else None
            if place:
                connector.transport.flag(where["folder"], place, "answered", on=True)
        except KontoristError as error:  # the reply is out; a mark that is missing harms nobody
            return Receipt({**receipt.evidence, "mark_problem": str(error)}, receipt.outputs)
        return receipt


class Draft(Action):
    """Put a draft into the mailbox: a person sends it, or not."""

    Payload = DraftPayload
    recipients: ClassVar[Sequence[str]] = ("to", "cc")
    authoritative_find = False

    def propose(self, connector: MailConnector, payload: Any, context: Context) -> Proposal:
        """The draft, in the conversation of the case's mail if there is one."""
        mail, stored = mail_of(context.data), written(payload, context)
        if mail is not None:
            stored = _answering(stored, mail)
        about = mail["key"] if mail else connector.surroundings.name
        return Proposal(
            payload=stored,
            sentence=say(context.language, "draft", ", ".join(stored["to"]), stored["subject"]),
            business_key=f"draft:{about}:{sha256(canonical(stored))}",
        )

    def execute(self, connector: MailConnector, permit: Permit) -> Receipt:
        """Append it to the drafts, once."""
        letter = letter_of(connector, permit.payload, permit.key)
        folder = connector.transport.drafts_folder()
        if connector.transport.search(folder, letter.message_id):
            permit.commit()
            return _receipt(letter, {"folder": folder})
        data = compose.build(letter, utcnow())
        permit.commit()
        connector.transport.append(folder, data, permit.key, ["draft", "seen"])
        return _receipt(letter, {"folder": folder})

    def find(self, connector: MailConnector, payload: Any, key: str) -> Receipt | None:
        """The draft with this action's Message-ID."""
        data = payload if isinstance(payload, Mapping) else payload.model_dump()
        letter = letter_of(connector, data, key, with_attachments=False)
        folder = connector.transport.drafts_folder()
        return _receipt(letter, {"folder": folder}) if connector.transport.search(folder, letter.message_id) else None

    def outputs(self, connector: MailConnector, payload: Any, key: str) -> Mapping[str, Any]:
        """The Message-ID it was composed with, and its receivers."""
        return _outputs(connector, payload, key)


def written(payload: Written, context: Context) -> dict[str, Any]:
    """The payload, complete: every address is one, every document is there. Raises Rejected."""
    for address in (*payload.to, *payload.cc):
        try:
            compose.address_of(address)
        except Rejected as error:
            raise Rejected(say(context.language, "no-address", compose.one_line(address)[:100])) from error
    names = {}
    for digest in payload.attachments:
        if digest not in context.documents:
            raise Rejected(f"The case has no document {digest[:12]}…, so it cannot be attached.")
        names[digest] = payload.attachment_names.get(digest) or _name_of(context, digest)
    stored = payload.model_dump()
    return stored | {"subject": compose.one_line(payload.subject), "attachment_names": names}


def _name_of(context: Context, digest: str) -> str:
    documents = context.data.get("documents") or ()
    return next(
        (str(d.get("name")) for d in documents if isinstance(d, Mapping) and d.get("sha256") == digest), f"{digest[:12]}.bin"
    )


def _answering(stored: dict[str, Any], mail: Mapping[str, Any]) -> dict[str, Any]:
    references = [*mail.get("references", ()), mail.get("in_reply_to", "")]
    return stored | {
        "subject": compose.subject_of_reply(stored["subject"] or mail["subject"]),
        "quoted": quoted(mail) if stored.get("quote", True) else "",
        "in_reply_to": mail["message_id"],
        "references": list(dict.fromkeys(i for i in references if i))[-20:],
        "mail": {"folder": mail["folder"], "message_id": mail["message_id"], "key": mail["key"]},
    }


def quoted(mail: Mapping[str, Any]) -> str:
    """The mail that is answered, marked as a quote; its beginning if it is long."""
    text, language = str(mail.get("text") or "").strip(), "de" if mail.get("language") == "de" else "en"
    if not text:
        return ""
    lines = text[:_QUOTED_AT_MOST].split("\n") + (["[…]"] if len(text) > _QUOTED_AT_MOST else [])
    sender = f"{mail['from']['name']} <{mail['from']['address']}>".strip()
    when = mail.get("date")
    head = say(language, "wrote_on", sender, format_date(when, language)) if when else say(language, "wrote", sender)
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)])


def _reply_warnings(stored: Mapping[str, Any], mail: Mapping[str, Any], language: str) -> list[Warn]:
    people = [mail["from"], *mail["reply_to"], *mail["to"], *mail["cc"]]
    known = {str(p["address"]).lower() for p in people}
    found = []
    for written_address in (*stored["to"], *stored["cc"]):
        address = compose.bare(written_address)
        if address.lower() not in known:
            found.append(Warn("recipient", say(language, "stranger", address), stop=True))
    if mail.get("sender_check") == "forged":
        found.append(Warn("forged-sender", say(language, "forged", mail["from"]["address"]), stop=True))
    signs = mail.get("signs") or ()
    found += [Warn(s["code"], s["text"], stop=s["code"] in ("ourselves", "look-alike")) for s in signs]
    found += [Warn("reply-to", say(language, "reply-to", a, mail["from"]["address"])) for a in _elsewhere(stored, mail)]
    if mail["automatic"] or mail.get("generated"):
        found.append(Warn("automatic", say(language, "machine"), stop=True))
    elif mail["bulk"]:
        found.append(Warn("bulk", say(language, "many")))
    return found


def _elsewhere(stored: Mapping[str, Any], mail: Mapping[str, Any]) -> list[str]:
    """Recipients that the mail asks to answer to (Reply-To) although it came from another domain."""
    asked = {str(p["address"]).lower() for p in mail["reply_to"]}
    author = domain_of(mail["from"]["address"])
    bare = [compose.bare(a) for a in (*stored["to"], *stored["cc"])]
    return [a for a in bare if a.lower() in asked and author and domain_of(a) != author]


def _loop_warnings(connector: MailConnector, stored: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """A stop for an address that was answered often of late: two machines that talk to each other end here."""
    for written_address in stored["to"]:
        address = compose.bare(written_address)
        count = connector.seen.replies(address, time.time() - 86_400)
        if count >= connector.config.replies_per_day:
            yield Warn("loop", say(language, "loop", address, count), stop=True)


def letter_of(connector: MailConnector, payload: Mapping[str, Any], key: str, *, with_attachments: bool = True) -> compose.Letter:
    """The mail that a payload describes."""
    names = payload.get("attachment_names") or {}
    digests = payload.get("attachments") or () if with_attachments else ()
    return compose.Letter(
        sender=connector.config.sender,
        to=payload["to"],
        cc=payload.get("cc") or [],
        subject=payload["subject"],
        body="\n\n".join(part for part in (payload["body"].rstrip("\n"), payload.get("quoted") or "") if part),
        key=key,
        in_reply_to=payload.get("in_reply_to") or "",
        references=payload.get("references") or [],
        attachments=[_enclosed(connector, names.get(d) or d[:12], d) for d in digests],
    )


def _enclosed(connector: MailConnector, name: str, digest: str) -> tuple[str, str, bytes]:
    """Name, media type and bytes of a document that goes with a mail."""
    data = connector.surroundings.document(digest)
    return name, _files.media_type(name, data), data


def _receipt(letter: compose.Letter, evidence: Mapping[str, Any]) -> Receipt:
    return Receipt(
        {"message_id": letter.message_id, "to": letter.recipients, **evidence},
        {"message_id": letter.message_id, "to": letter.recipients},
    )


def _outputs(connector: MailConnector, payload: Any, key: str) -> Mapping[str, Any]:
    data = payload if isinstance(payload, Mapping) else payload.model_dump()
    return _receipt(letter_of(connector, data, key, with_attachments=False), {}).outputs
