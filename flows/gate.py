"""The gate: the only way from an approved proposal to an effect. Short on purpose; nothing else claims actions."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from flows.advance import Tally
from flows.runtime import Runtime
from flows.steps import rows_hash
from kontorist.core import logs
from kontorist.core.errors import AccessDenied, KontoristError, NotApproved, NotFound, Rejected, Unavailable, Uncertain
from kontorist.store import ledger
from kontorist.store.actions import ActionRow
from kontorist.store.ledger import Claim, Dead

BATCH = 50
LEASE_SECONDS = 900.0


def execute(runtime: Runtime, claimed: Claim) -> str:
    """Execute one claimed action; returns its state afterwards. Never raises for what the outside does."""
    row, permit = claimed.row, claimed.permit
    try:
        connector, action = runtime.connections.get(row.connection), runtime.connections.action(row.connection, row.action)
        payload = action.Payload.model_validate(permit.payload)
        if reasons := _changed(runtime, row, action, connector, payload):
            ledger.changed(runtime.database, claimed, reasons)
            return "proposed"
        receipt = action.execute(connector, permit)
    except Exception as error:  # noqa: BLE001 - whatever happened, the ledger has to know what may have left the house
        return _settle_failure(runtime, claimed, error)
    ledger.done(runtime.database, claimed, receipt.evidence, receipt.outputs)
    return "done"


def _changed(runtime: Runtime, row: ActionRow, action: Any, connector: Any, payload: Any) -> list[str]:
    """What changed in the world since the proposal: the look-ups it rests on, and what its connector checks."""
    reasons = list(action.check(connector, payload, row.rests_on.get("connector", {})))
    for rest in row.rests_on.get("lookups", ()):
        connection, _, table = rest["lookup"].partition(".")
        (rows,) = runtime.connections.get(connection).look_up(table, [rest["where"]])
        if rows_hash(rows) != rest["sha256"]:
            shown = ", ".join(f"{k} = {v}" for k, v in rest["where"].items())
            reasons.append(f"{rest['lookup']} ({shown}) has changed since this was prepared.")
    return reasons


def _settle_failure(runtime: Runtime, claimed: Claim, error: Exception) -> str:
    """Say what is certain: did not happen and may be tried again, was refused, or nobody can know."""
    if isinstance(error, Uncertain) or (claimed.permit.committed and not isinstance(error, Rejected | Unavailable)):
        ledger.uncertain(runtime.database, claimed.row, claimed.permit.attempt, f"{error or type(error).__name__}")
        return "uncertain"
    if isinstance(error, ledger.LeaseLost):
        ledger.give_back(runtime.database, claimed)
        return "approved"
    if isinstance(error, NotApproved | Unavailable | AccessDenied | NotFound | OSError):
        ledger.postpone(runtime.database, claimed, str(error))
        return "approved"
    text = str(error) if isinstance(error, KontoristError) else f"{type(error).__name__}: {error}"
    ledger.refused(runtime.database, claimed, text)
    return "refused"


def gate(runtime: Runtime, tally: Tally) -> int:
    """Reconcile what died, then execute everything that is approved and due. Returns how many were executed."""
    if runtime.simulated:
        raise NotApproved("A simulation executes nothing.")
    reconcile(runtime)
    total = 0
    while claims := ledger.claim(runtime.database, runtime.owner, limit=BATCH, lease_seconds=LEASE_SECONDS):
        total += sum(execute_many(runtime, claims, tally))
    return total


def execute_many(runtime: Runtime, claims: Sequence[Claim], tally: Tally) -> list[bool]:
    """Execute a chunk of claims, one after the other."""
    results = []
    for claimed in claims:
        started = time.perf_counter()
        state = execute(runtime, claimed)
        _log(claimed.row, state, (time.perf_counter() - started) * 1000)
        tally.add(
            claimed.row.flow, "executed" if state == "done" else "failed" if state in ("refused", "uncertain") else "waiting"
        )
        results.append(state == "done")
        if state in ("refused", "uncertain"):
            tally.notes.append(
                {"case": claimed.row.case_id, "flow": claimed.row.flow, "title": claimed.row.sentence, "state": state, "why": ""}
            )
    return results


_EVENTS = {"done": "executed", "approved": "postponed", "proposed": "changed"}


def _log(row: ActionRow, state: str, ms: float | None = None) -> None:
    level = logging.WARNING if state in ("refused", "uncertain") else logging.INFO
    logs.event(_EVENTS.get(state, state), flow=row.flow, case=row.case_id, action=row.id, ms=ms, level=level)


def reconcile(runtime: Runtime) -> None:
    """Look up outside what became of actions whose worker died between the fence and the report."""
    for dead in ledger.recover(runtime.database):
        _look_up(runtime, dead)


def _look_up(runtime: Runtime, dead: Dead) -> None:
    row = dead.row
    _log(row, "looked up")
    try:
        action = runtime.connections.action(row.connection, row.action)
        payload = action.Payload.model_validate(row.data)
        receipt = action.find(runtime.connections.get(row.connection), payload, row.key)
    except Unavailable:
        return  # the outside does not answer: the next pass looks again
    except KontoristError as error:
        ledger.found(runtime.database, dead, None, authoritative=False, why=str(error))
        return
    why = "The program stopped while this was being done, and the outside system shows no trace of it."
    evidence = dict(receipt.evidence) if receipt else None
    ledger.found(runtime.database, dead, evidence, authoritative=action.authoritative_find, why=why)
