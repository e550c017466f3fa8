"""Labelled cases: what was drafted and what a person made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from kontorist.core.clock import utcnow
from kontorist.store.tables import corrections, storable


def keep(connection: Connection, case_id: int, step: str, kind: str, given: Any, corrected: Any, person: str) -> None:
    """Keep one correction; `step` is flow/step, `kind` is answer, edit or reject."""
    connection.execute(
        insert(corrections).values(
            case_id=case_id, step=storable(step)[:200], kind=kind, given=given, corrected=corrected, person=person, at=utcnow()
        )
    )


def newest(connection: Connection, limit: int = 200) -> Mapping[str, list[dict[str, Any]]]:
    """The newest corrections by flow/step, as agents use them: {given, corrected, kind}."""
    result: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(corrections).order_by(corrections.c.id.desc()).limit(limit)):
        result.setdefault(row.step, []).append({"kind": row.kind, "given": row.given, "corrected": row.corrected})
    return result
