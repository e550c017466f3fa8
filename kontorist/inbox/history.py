"""What happened to a card: revisions, decisions, and to whom it was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from kontorist.inbox.diffs import changed
from kontorist.store import actions, audit
from kontorist.store.actions import ActionRow

_EVENTS = {"action.assigned": "handed", "action.parked": "asked"}


def history(connection: Connection, rows: Sequence[ActionRow]) -> list[dict[str, Any]]:
    """All of it in the order it came."""
    found = _handed(connection, rows[0])
    for row in rows:
        found += [
            {**d, "kind": d["decision"], "by": d["person"], "of": row, "diff": []} for d in actions.decisions(connection, row.id)
        ]
        before = None
        for made in actions.history(connection, row.id):
            kind = "prepared" if made["revision"] == 1 else "revised"
            found.append({**made, "kind": kind, "by": made["composed_by"], "comment": made["reason"], "of": row, "diff": []})
            if before is not None and made["payload"] != before:
                found[-1]["diff"] = changed(before, made["payload"])
            before = made["payload"]
    return sorted(found, key=lambda h: h["at"])


def _handed(connection: Connection, head: ActionRow) -> list[dict[str, Any]]:
    """Who gave the card to whom, or let it rest; of all its actions it is told once."""
    return [
        {
            "at": e["at"], "kind": _EVENTS[e["kind"]], "by": e["actor"], "comment": e["data"].get("comment", ""), "of": head,
            "to": e["data"].get("to", ""), "sha256": "", "revision": head.revision, "diff": [],
        }
        for e in audit.read(connection, f"action:{head.id}")
        if e["kind"] in _EVENTS
    ]  # fmt: skip
