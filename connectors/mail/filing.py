"""The actions that tidy the mailbox: move a mail, flag it. Doing them twice is doing them once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from connectors.base import Action, Context, Payload, Proposal, Receipt
from connectors.mail.place import locate, mail_of
from connectors.mail.texts import say
from connectors.mail.transport import Fetched
from kontorist.core.errors import Rejected
from kontorist.core.permit import Permit

if TYPE_CHECKING:
    from connectors.mail import Mail as MailConnector


class OfMail(Payload):
    """The mail that it is about; filled in when it is proposed."""

    mail: dict[str, str] = Field(default={}, description="Resolved: where the mail lies")


class MovePayload(OfMail):
    """Where the case's mail goes."""

    folder: str = Field(description="The folder; levels with a slash; made when it is missing", min_length=1, max_length=200)


class FlagPayload(OfMail):
    """How the case's mail is marked."""

    flag: Literal["seen", "answered", "flagged"] = Field(description="seen, answered or flagged")
    on: bool = Field(True, description="set it, or clear it")


class Move(Action):
    """Move the mail of the case into a folder."""

    Payload = MovePayload
    authoritative_find = True

    def propose(self, connector: MailConnector, payload: MovePayload, context: Context) -> Proposal:
        """The move of exactly the mail that the case is about."""
        mail = _mail(context)
        folder = payload.folder.strip("/ ")
        if not folder or any(p in ("", ".", "..") for p in folder.split("/")) or any(ord(c) < 32 for c in folder):
            raise Rejected(f"'{payload.folder}' is not the name of a mail folder.")
        return Proposal(
            payload={"folder": folder, "mail": _where(mail)},
            sentence=say(context.language, "move", folder, _subject(mail, context)),
            business_key=f"move:{connector.surroundings.name}:{mail['key']}:{folder}",
        )

    def check(self, connector: MailConnector, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """Whether the mail is still there, or has been moved there already."""
        where = payload.mail
        there = _located(connector, where, where["folder"]) or _located(connector, where, payload.folder)
        return [] if there else [say(connector.language, "gone", where["folder"])]

    def execute(self, connector: MailConnector, permit: Permit) -> Receipt:
        """Move it; one that was moved half-way by a copy is finished."""
        payload = MovePayload.model_validate(permit.payload)
        mail = _located(connector, payload.mail, payload.mail["folder"])
        copied = _is_copied(connector, payload, mail)
        permit.commit()
        if mail is not None:
            connector.transport.move(payload.mail["folder"], mail, payload.folder, copied=copied)
        elif not copied:
            raise Rejected(say(connector.language, "gone", payload.mail["folder"]))
        return _receipt(payload)

    def find(self, connector: MailConnector, payload: Any, key: str) -> Receipt | None:
        """The mail in its new place and no more in the old one."""
        move = payload if isinstance(payload, MovePayload) else MovePayload.model_validate(payload)
        if _located(connector, move.mail, move.mail["folder"]) is not None:
            return None
        return _receipt(move) if _located(connector, move.mail, move.folder) is not None else None

    def outputs(self, connector: MailConnector, payload: Any, key: str) -> Mapping[str, Any]:
        """The folder."""
        return _receipt(payload).outputs


def _is_copied(connector: MailConnector, payload: MovePayload, mail: Fetched | None) -> bool:
    """Whether the mail is in its new place already; not looked for where it cannot be, for a folder that is filed into grows for years."""
    if payload.folder == payload.mail["folder"] or (mail is not None and connector.transport.moves_in_one_step):
        return False
    return _located(connector, payload.mail, payload.folder) is not None


class Flag(Action):
    """Mark the mail of the case as seen, answered or important."""

    Payload = FlagPayload
    authoritative_find = True

    def propose(self, connector: MailConnector, payload: FlagPayload, context: Context) -> Proposal:
        """The mark."""
        mail = _mail(context)
        return Proposal(
            payload={"flag": payload.flag, "on": payload.on, "mail": _where(mail)},
            sentence=say(context.language, "flag" if payload.on else "unflag", payload.flag, _subject(mail, context)),
            business_key=f"flag:{connector.surroundings.name}:{mail['key']}:{payload.flag}:{payload.on}",
        )

    def execute(self, connector: MailConnector, permit: Permit) -> Receipt:
        """Set or clear it."""
        payload = FlagPayload.model_validate(permit.payload)
        mail = _located(connector, payload.mail, payload.mail["folder"])
        if mail is None:
            raise Rejected(say(connector.language, "gone", payload.mail["folder"]))
        permit.commit()
        connector.transport.flag(payload.mail["folder"], mail, payload.flag, on=payload.on)
        return _flagged(payload)

    def find(self, connector: MailConnector, payload: Any, key: str) -> Receipt | None:
        """The mail with the mark as wanted."""
        flag = payload if isinstance(payload, FlagPayload) else FlagPayload.model_validate(payload)
        found = locate(connector, flag.mail["folder"], flag.mail["message_id"], flag.mail["key"])
        return _flagged(flag) if found and (flag.flag in found.flags) is flag.on else None


def _flagged(payload: FlagPayload) -> Receipt:
    return Receipt({"flag": payload.flag, "on": payload.on, "mail": payload.mail["message_id"] or payload.mail["key"]})


def _mail(context: Context) -> dict[str, Any]:
    mail = mail_of(context.data)
    if mail is None:
        raise Rejected(say(context.language, "no_mail"))
    return mail


def _subject(mail: Mapping[str, Any], context: Context) -> str:
    return str(mail.get("subject") or "") or say(context.language, "no_subject")


def _where(mail: Mapping[str, Any]) -> dict[str, str]:
    return {"folder": mail["folder"], "message_id": mail["message_id"], "key": mail["key"]}


def _located(connector: MailConnector, where: Mapping[str, str], folder: str) -> Fetched | None:
    found = locate(connector, folder, where["message_id"], where["key"])
    return found if found and not found.gone else None


def _receipt(payload: MovePayload) -> Receipt:
    return Receipt(
        {"folder": payload.folder, "mail": payload.mail["message_id"] or payload.mail["key"]}, {"folder": payload.folder}
    )
