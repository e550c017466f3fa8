"""What people decide about a case: an answer to its question, another try, its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound
from kontorist.store import audit, corrections, facets
from kontorist.store.audit import Event
from kontorist.store.case_moves import Move, write
from kontorist.store.cases import Entry, load
from kontorist.store.tables import cases
from kontorist.store.withdrawing import withdraw


def retry(connection: Connection, case_id: int, actor: str) -> None:
    """Let a failed or unclear case run again from the step it stopped at, on the newest version of its flow. Raises NotFound if it is neither."""
    changed = connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.state.in_(("failed", "unclear")))
        .values(
            state="runnable", flow_version="", error=None, question=None, attempts=0,
            not_before=None, lease_until=None, updated=utcnow(), **facets.addressed(None),
        )
    ).rowcount  # fmt: skip
    if not changed:
        load(connection, [case_id])  # says so where there is none
        raise NotFound(f"Case {case_id} is neither failed nor unclear, so there is nothing to retry.")
    audit.append(connection, [Event("case.retried", actor, f"case:{case_id}", {})])


def close(connection: Connection, case_id: int, actor: str, reason: str = "") -> None:
    """A person ends a case and withdraws what was proposed for it. Raises NotFound if it has ended."""
    withdraw(connection, case_id)
    changed = connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.state.in_(("runnable", "waiting", "unclear", "failed")))
        .values(state="closed", error=None, question=None, lease_until=None, updated=utcnow(), **facets.addressed(None))
    ).rowcount
    if not changed:
        load(connection, [case_id])  # says so where there is none
        raise NotFound(f"Case {case_id} has ended already.")
    audit.append(connection, [Event("case.closed", actor, f"case:{case_id}", {"reason": reason})])


def answer(connection: Connection, case_id: int, output: Mapping[str, Any], actor: str) -> None:
    """A person answers an unclear case's question: it becomes that step's journalled result and the case runs on."""
    (case,) = load(connection, [case_id])
    if case.state != "unclear" or not case.question or "path" not in case.question:
        raise NotFound(f"Case {case_id} asks nothing that could be answered; retry it or close it.")
    asked = case.question
    merged = {**(asked.get("output") or {}), **output}
    entry = Entry(
        asked["path"],
        len(case.journal),
        asked["step"],
        "agent",
        asked["flow"],
        merged,
        info={"answered_by": actor},
        model=f"person:{actor}",
    )
    if not connection.execute(
        update(cases).where(cases.c.id == case_id, cases.c.state == "unclear").values(state="runnable", lease_owner=None)
    ).rowcount:
        raise NotFound(f"Case {case_id} was answered by somebody else just now.")
    write(connection, [Move(case_id, [entry], case.round, "runnable")], actor)
    corrections.keep(
        connection,
        case_id,
        f"{asked['flow']}/{asked['step']}",
        "answer",
        {"text": asked.get("text", ""), **(asked.get("output") or {})},
        output,
        actor,
    )
    audit.append(connection, [Event("case.answered", actor, f"case:{case_id}", {"step": asked["step"], "answer": output})])
