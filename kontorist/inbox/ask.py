"""Asking back: the fifth decision. A question to the sender is drafted, sent like any mail, and the card rests until the answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from connectors.base import Context
from kontorist.core.clock import parse_duration
from kontorist.core.errors import NotAllowed, Rejected
from kontorist.inbox.desk import Desk
from kontorist.store import documents
from kontorist.store.asking import Question
from kontorist.store.cases import Case
from kontorist.store.context import values_of

_DRAFTS = {
    "de": "Guten Tag{name},\n\nvielen Dank für Ihre Nachricht. Damit wir Ihnen weiterhelfen können, fehlt uns noch eine Angabe:\n\n{missing}\n\n"
    "Bitte antworten Sie einfach auf diese Mail.\n\nMit freundlichen Grüßen\n{company}",
    "en": "Hello{name},\n\nthank you for your message. Before we can go on we need one more thing from you:\n\n{missing}\n\n"
    "Please simply reply to this mail.\n\nKind regards\n{company}",
}
MISSING = "– …"


def possible(desk: Desk, data: Mapping[str, Any], connection: str) -> bool:
    """Whether there is somebody to ask, and a connection that can."""
    sender = (data.get("mail") or {}) if isinstance(data.get("mail"), Mapping) else {}
    if not (sender.get("from") or {}).get("address") or connection not in desk.office.connections:
        return False
    with closing(desk.connections()) as opened:
        return "reply" in type(opened.get(connection)).actions


def draft(desk: Desk, case: Case, missing: str = "") -> str:
    """A first version of the question, in the language of the mail."""
    mail: Mapping[str, Any] = case.data.get("mail") or {}
    language = str(mail.get("language") or desk.office.language)
    name = str((mail.get("from") or {}).get("name") or "")
    text = _DRAFTS.get(language, _DRAFTS["en"])
    return text.format(name=f" {name}" if name else "", missing=missing or MISSING, company=desk.office.settings.company.name)


def missing_of(question: Mapping[str, Any] | None) -> str:
    """What an unclear case lacks, as lines to send."""
    names = (question or {}).get("fields") or {}
    return "\n".join(f"– {name.replace('_', ' ')}" for name in names)


def question(desk: Desk, case: Case, text: str, rule: Mapping[str, Any]) -> Question:
    """The question as the connector would send it: always to who wrote, never to an address somebody typed. Raises Rejected."""
    mail: Mapping[str, Any] = case.data.get("mail") or {}
    if not possible(desk, case.data, case.connection):
        raise NotAllowed("There is nobody to ask here: this did not come by mail.")
    if not text or MISSING in text:
        raise Rejected("Write what you need to know.")
    found = documents.get_many(desk.database, [d.sha256 for d in case.documents])
    context = Context(case.id, case.flow, values_of(case, ""), found, desk.office.language)
    payload = {"to": [mail["from"]["address"]], "body": text}
    with closing(desk.connections()) as opened:
        made = opened.propose(case.connection, "reply", payload, context)
        window = min(
            opened.action(case.connection, "reply").undo_window, parse_duration(desk.office.settings.undo_window).total_seconds()
        )
    warnings = [w.stored() for w in made.warnings]
    full = {"by": [], "count": 1, "expires": "7d", **rule, "undo": window}
    return Question(
        case.connection, "reply", made.payload, made.sentence, warnings, {"connector": made.rests_on}, made.business_key, full
    )
