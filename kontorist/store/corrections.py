"""Labelled cases: what was drafted and what a person made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.tables import cases, corrections, storable

FORGOTTEN = "forget"
"""Kind of a row that says: nothing is learnt from the reply that its `step` names."""
_LEARNT = corrections.c.kind != FORGOTTEN


def keep(connection: Connection, case_id: int, step: str, kind: str, given: Any, corrected: Any, person: str) -> None:
    """Keep one correction; `step` is flow/step, `kind` is answer, edit, reject or FORGOTTEN."""
    connection.execute(
        insert(corrections).values(
            case_id=case_id, step=storable(step)[:200], kind=kind, given=given, corrected=corrected, person=person, at=utcnow()
        )
    )


def newest(connection: Connection, limit: int = 200) -> Mapping[str, list[dict[str, Any]]]:
    """The newest corrections by flow/step, as agents use them: {id, kind, given, corrected, case, customer}."""
    result: dict[str, list[dict[str, Any]]] = {}
    query = select(corrections, cases.c.data).join(cases, cases.c.id == corrections.c.case_id).where(_LEARNT)
    for row in connection.execute(query.order_by(corrections.c.id.desc()).limit(limit)):
        known = {"id": row.id, "kind": row.kind, "given": row.given, "corrected": row.corrected, "case": row.case_id}
        known["customer"] = customer_of(row.data)
        result.setdefault(row.step, []).append(known)
    return result


def customer_of(data: Any) -> str:
    """Whose case it was: the sender's address; empty where there is none."""
    mail = data.get("mail") if isinstance(data, Mapping) else None
    sender = mail.get("from") if isinstance(mail, Mapping) else None
    return str(sender.get("address") or "").lower() if isinstance(sender, Mapping) else ""


_MARK = select(func.count(), func.coalesce(func.max(corrections.c.id), 0))


def mark(connection: Connection) -> tuple[int, int]:
    """Changes when a correction is kept or removed."""
    row = connection.execute(_MARK).one()
    return int(row[0]), int(row[1])


def listing(connection: Connection, limit: int = 200) -> list[Any]:
    """Corrections, newest first, each with its case's title."""
    query = select(corrections, cases.c.title).join(cases, cases.c.id == corrections.c.case_id).where(_LEARNT)
    return list(connection.execute(query.order_by(corrections.c.id.desc()).limit(limit)))


def remove(connection: Connection, number: int, actor: str) -> None:
    """Forget a correction: agents no longer learn from it. Raises NotFound."""
    row = connection.execute(
        delete(corrections).where(corrections.c.id == number, _LEARNT).returning(corrections.c.case_id)
    ).first()
    if row is None:
        raise NotFound(f"There is no example {number}; `kontorist agents examples` lists those there are.")
    audit.append(connection, [Event("example.removed", actor, f"case:{row.case_id}", {"example": number})])
