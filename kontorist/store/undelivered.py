"""Mails of ours that came back: the failure goes onto the case that sent them, and the case to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.store import audit, facets
from kontorist.store.audit import Event
from kontorist.store.tables import actions, cases

_RECENT = timedelta(days=14)


def note(connection: Connection, name: str, report: Mapping[str, Any]) -> int | None:
    """Put a failed delivery onto its case and let a person look at it; the case, or None when it is nobody's.

    `report` is what a mail server said (`message_id`, `failures`, and `sentence` for people); the mail is found by its Message-ID, else by a
    recipient to whom exactly one mail went of late.
    """
    failed = [f for f in report.get("failures") or () if f.get("action") == "failed"]
    row = _sent(connection, name, str(report.get("message_id") or ""), [str(f.get("recipient")) for f in failed])
    if row is None or not failed:
        return None
    sentence = str(report.get("sentence") or "")
    audit.append(
        connection,
        [Event("action.undelivered", f"connection:{name}", f"action:{row.id}", {"case": row.case_id, "failures": failed})],
    )
    warnings = connection.execute(select(cases.c.warnings).where(cases.c.id == row.case_id)).scalar() or []
    values = {"error": sentence, "warnings": list(dict.fromkeys([*warnings, sentence])), "updated": utcnow()}
    connection.execute(update(cases).where(cases.c.id == row.case_id).values(values))
    reopened = update(cases).where(cases.c.id == row.case_id, cases.c.state.in_(("done", "closed", "waiting")))
    connection.execute(
        reopened.values(state="unclear", question=None, lease_until=None, lease_owner=None, **facets.addressed(None))
    )
    return int(row.case_id)


def _sent(connection: Connection, name: str, message_id: str, recipients: Sequence[str]) -> Any:
    """The action whose mail it was."""
    found = select(actions).where(actions.c.connection == name, actions.c.state.in_(("done", "uncertain")))
    key = message_id.partition("@")[0]
    if key and (row := connection.execute(found.where(actions.c.key == key)).first()):
        return row
    if message_id:  # it is about another mail than ours
        return None
    recent = found.where(actions.c.action.in_(("reply", "send")), actions.c.updated > utcnow() - _RECENT)
    wanted = {r.lower() for r in recipients}
    rows = [
        row
        for row in connection.execute(recent.order_by(actions.c.id.desc()).limit(1000))
        if wanted & {str(a).lower() for a in ((row.receipt or {}).get("evidence") or row.receipt or {}).get("to") or ()}
    ]
    return rows[0] if len(rows) == 1 else None
