"""Mails that no person wrote: answers by machines and reports, about which nothing is to be done, and what a program sends of its own accord."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.message import Message

from kontorist.reading.mail import structure

_ABSENT = re.compile(
    r"(?:automatische antwort|abwesenheits(?:notiz|nachricht|assistent)|automatic reply|auto(?:matic)?[- ]?reply|out[- ]of[- ]office(?: reply)?"
    r"|r[ée]ponse automatique|automatisch antwoord)\s*:",
    re.IGNORECASE,
)
"""How Exchange and others begin the subject of an answer; a relay may have taken the fields away that say so."""
_PAPERS = (".pdf", ".xml", ".zip")


def is_automatic(raw: Mapping[str, str], message: Message, subject: str, attached: Sequence[str]) -> bool:
    """An answer by a machine or a report of a mail server (RFC 3834, RFC 3462): nobody may answer it, and it asks for nothing.

    What a program sends of its own accord may be an invoice or a dunning letter, which somebody has to see; so may be a mail
    with papers that comes without a return path. `attached` are the names of the attachments.
    """
    if structure.kind(message) == "multipart/report":
        return True
    if raw.get("from", "").lower().lstrip(" <\"'").startswith(("mailer-daemon@", "mailer-daemon ")):
        return True
    return _answers(raw, subject) and not any(name.lower().endswith(_PAPERS) for name in attached)


def is_generated(raw: Mapping[str, str]) -> bool:
    """Sent by a program of its own accord, by its own word."""
    return _submitted(raw) not in ("", "no")


def _answers(raw: Mapping[str, str], subject: str) -> bool:
    return (
        _submitted(raw) not in ("", "no", "auto-generated")
        or raw.get("return-path", "x").strip() == "<>"
        or raw.get("precedence", "").strip().lower() == "auto_reply"
        or bool(raw.keys() & {"x-autoreply", "x-autorespond", "x-auto-response-suppress-reply"})
        or _ABSENT.match(subject.strip()) is not None
    )


def _submitted(raw: Mapping[str, str]) -> str:
    return raw.get("auto-submitted", "no").partition(";")[0].strip().lower()
