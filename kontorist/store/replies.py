"""Replies that people approved and that were really sent, as drafted or as a person edited them: what the next one to the same customer may look like.

They are not copied: they are read from the actions, and go when their case goes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, cast, func, literal, or_, select

from kontorist.core.errors import NotFound
from kontorist.store import audit, corrections, privacy
from kontorist.store.audit import Event
from kontorist.store.tables import actions, approvals, cases, revisions
from kontorist.store.tables import corrections as kept

_AT_MOST = 20


def sent_to(
    connection: Connection, address: str, names: Collection[str], flow: str, limit: int = _AT_MOST
) -> list[dict[str, Any]]:
    """What a flow sent to this one address, newest first: {case, at, body}. `names` are what cases call this customer.

    As it was drafted, or as a person left it: an edited reply counts as long as its correction is kept as an example.
    """
    if not address:
        return []
    query = _sent().where(or_(~_by_hand(), _kept_edit()), cases.c.who.in_({address, *names} - {""}), actions.c.flow == flow)
    found = [(row, json.loads(row.payload)) for row in connection.execute(query.limit(limit))]
    restricted = privacy.restricted(connection) if found else {}
    return [
        {"case": row.case_id, "at": row.updated, "body": payload["body"]}
        for row, payload in found
        if row.case_id not in restricted
        and _is_reply(payload)
        and _only_to(payload) == address.lower() == corrections.customer_of(row.data)
    ]


def listing(connection: Connection, limit: int = 200) -> list[dict[str, Any]]:
    """The newest replies of the office that were sent as they were drafted: {action, case, at, step, title, body, by}."""
    by = select(func.max(approvals.c.person)).where(
        approvals.c.action_id == actions.c.id, approvals.c.revision == actions.c.revision, approvals.c.decision == "approve"
    )
    query = _sent().where(~_by_hand()).add_columns(by.scalar_subquery().label("person")).limit(limit)
    found = [(row, json.loads(row.payload)) for row in connection.execute(query)]
    return [
        {"action": row.id, "case": row.case_id, "at": row.updated, "step": f"{row.flow}/{row.path}", "title": row.title,
         "body": payload["body"], "by": row.person or ""}
        for row, payload in found
        if _is_reply(payload) and _only_to(payload) and _only_to(payload) == corrections.customer_of(row.data)
    ]  # fmt: skip


def forget(connection: Connection, action_id: int, actor: str) -> None:
    """Learn nothing from a reply any more; what was sent stays in its case. Raises NotFound."""
    row = connection.execute(_sent().where(~_by_hand(), actions.c.id == action_id)).first()
    if row is None or not _is_reply(json.loads(row.payload)):
        raise NotFound(f"There is no example reply-{action_id}; `kontorist agents examples` lists those there are.")
    corrections.keep(connection, row.case_id, f"reply-{action_id}", corrections.FORGOTTEN, None, None, actor)
    audit.append(connection, [Event("example.removed", actor, f"action:{action_id}", {"example": f"reply-{action_id}"})])


def _sent() -> Select[Any]:
    """Done actions which nobody took out of the examples."""
    named = literal("reply-").concat(cast(actions.c.id, String))
    out = select(kept.c.id).where(kept.c.kind == corrections.FORGOTTEN, kept.c.step == named)
    columns = (actions.c.id, actions.c.case_id, actions.c.flow, actions.c.path, actions.c.payload, actions.c.updated)
    query = select(*columns, cases.c.title, cases.c.data).join(cases, cases.c.id == actions.c.case_id)
    # what lies among a person's own drafts was not sent by us
    return query.where(actions.c.state == "done", actions.c.action != "draft", ~out.exists()).order_by(actions.c.id.desc())


def _by_hand() -> ColumnElement[bool]:
    """Whether a person wrote any version of an action."""
    return select(revisions.c.action_id).where(revisions.c.action_id == actions.c.id, revisions.c.composed_by != "flow").exists()


def _kept_edit() -> ColumnElement[bool]:
    """Whether a person edited what an action's step proposed, and the edit was not taken out of the examples."""
    step = actions.c.flow.concat("/").concat(actions.c.path)
    return select(kept.c.id).where(kept.c.case_id == actions.c.case_id, kept.c.step == step, kept.c.kind == "edit").exists()


def _is_reply(payload: Mapping[str, Any]) -> bool:
    return isinstance(payload.get("body"), str) and bool(payload["body"].strip())


def _only_to(payload: Mapping[str, Any]) -> str:
    """The one address it went to; empty where there are several, or somebody had a copy."""
    to = payload.get("to")
    to = [to] if isinstance(to, str) else list(to or [])
    return str(to[0]).strip().lower() if len(to) == 1 and not payload.get("cc") and not payload.get("bcc") else ""
