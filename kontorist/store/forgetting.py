"""Empties cases: what they held goes, the proof that they were there and what was decided stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.tables import actions, approvals, case_documents, cases, metadata, revisions

EMPTIED = "—"
"""The title of a case whose contents are gone."""
_PROOF = (cases, actions, approvals, revisions)
_NOTHING_CASE: Mapping[str, Any] = {
    "title": EMPTIED,
    "source": EMPTIED,
    "data": {},
    "warnings": None,
    "question": None,
    "error": None,
    "who": "",
}
_NOTHING_ACTION: Mapping[str, Any] = {
    "payload": b"{}",
    "sentence": EMPTIED,
    "origins": {},
    "warnings": [],
    "rests_on": {},
    "receipt": None,
    "error": None,
    "who": "",
    "amount": None,
}


def empty(connection: Connection, ids: Sequence[int], actor: str) -> None:
    """Delete what cases hold, in every table that belongs to cases; hashes, states, decisions and the audit chain stay.

    The source key stays too, so that the same item is not taken in again.
    """
    for table in metadata.sorted_tables:
        if "case_id" in table.c and table not in _PROOF:
            connection.execute(delete(table).where(table.c.case_id.in_(ids)))
    connection.execute(update(cases).where(cases.c.id.in_(ids)).values(_NOTHING_CASE))
    theirs = select(actions.c.id).where(actions.c.case_id.in_(ids))
    connection.execute(update(revisions).where(revisions.c.action_id.in_(theirs)).values(payload=b"{}", reason=""))
    connection.execute(update(approvals).where(approvals.c.action_id.in_(theirs)).values(comment=""))
    connection.execute(update(actions).where(actions.c.case_id.in_(ids)).values(_NOTHING_ACTION))
    audit.append(connection, [Event("case.emptied", actor, f"case:{i}", {}) for i in ids])


def documents_of(connection: Connection, ids: Sequence[int]) -> list[str]:
    """The SHA-256 of every document of these cases."""
    query = select(case_documents.c.sha256).where(case_documents.c.case_id.in_(ids)).distinct()
    return list(connection.execute(query).scalars())
