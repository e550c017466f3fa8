"""The gate: the only way from an approved proposal to an effect. Short on purpose; nothing else claims actions."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connectors.base import Receipt
from flows import ending
from flows.advance import Tally
from flows.pace import following_size
from flows.runtime import Runtime
from flows.steps import rows_hash
from kontorist.core import logs
from kontorist.core.errors import AccessDenied, KontoristError, NotApproved, NotFound, Rejected, Unavailable, Uncertain
from kontorist.store import ledger, settling, workers
from kontorist.store.actions import ActionRow
from kontorist.store.ledger import Claim, Dead

BATCH, LARGEST = 100, 500
"""Actions claimed at once, at first and at most."""
QUICK, SLOW = 0.4 * ledger.SHARED.total_seconds(), 0.8 * ledger.SHARED.total_seconds()
"""A portion is done within the time that a shared fence holds; those that come later pass it alone, which costs a commit each."""
LEASE_SECONDS = 900.0
DISKS = 4
"""How many effects are waited for at once until they would outlast a power cut: file systems write several of them together."""
LATE = "late"
"""What becomes of a report by a worker whose attempt is no longer the current one: a note in the audit chain."""


def execute(runtime: Runtime, claimed: Claim) -> Receipt | str:
    """Execute one claimed action; the receipt of what is done, else the state in which it is. Never raises for what the outside does."""
    result = _carry_out(runtime, claimed)
    result = _lasting(runtime, claimed, result, _sync(result))
    if isinstance(result, Receipt) and not ledger.done(runtime.database, claimed, result.evidence, result.outputs):
        return LATE
    return result


def execute_together(runtime: Runtime, claims: Sequence[Claim]) -> list[Receipt | str]:
    """Execute actions whose look-up is authoritative: one commit for the fences of all, one for what became of them.

    Each still passes its own checks when its turn comes. Who dies in between leaves `committing` behind, and the look-up tells.
    """
    try:
        ledger.share_fence(runtime.database, claims)
    except Exception as error:  # noqa: BLE001 - nothing has been done yet, whatever it is
        return [_settle_failure(runtime, claimed, error) for claimed in claims]
    results = _side_by_side(runtime, claims)
    done = [(c, r.evidence, r.outputs) for c, r in zip(claims, results, strict=True) if isinstance(r, Receipt)]
    noted = ledger.all_done(runtime.database, done) if done else set()
    return [LATE if isinstance(r, Receipt) and c.row.id not in noted else r for c, r in zip(claims, results, strict=True)]


def _side_by_side(runtime: Runtime, claims: Sequence[Claim]) -> list[Receipt | str]:
    """What became of each, carried out one after the other; then disks are waited for, for several at once."""
    results = [_carry_out(runtime, claimed) for claimed in claims]
    if not any(isinstance(result, Receipt) and result.sync for result in results):
        return results
    with ThreadPoolExecutor(DISKS, "sync") as disk:
        problems = list(disk.map(_sync, results))
    return [_lasting(runtime, *one) for one in zip(claims, results, problems, strict=True)]


def _sync(result: Receipt | str) -> Exception | None:
    """Wait until the effect would outlast a power cut; what went wrong."""
    try:
        if isinstance(result, Receipt) and result.sync:
            result.sync()
    except Exception as error:  # noqa: BLE001 - the effect has begun, whatever it is
        return error
    return None


def _lasting(runtime: Runtime, claimed: Claim, result: Receipt | str, problem: Exception | None) -> Receipt | str:
    """The same, if the effect would outlast a power cut; or the state in which the action is, if nobody knows whether it would."""
    return result if problem is None else _settle_failure(runtime, claimed, problem)


def _carry_out(runtime: Runtime, claimed: Claim) -> Receipt | str:
    """The receipt, which is to be stored; or the state in which the action is already, if it was not done."""
    row, permit = claimed.row, claimed.permit
    try:
        connector, action = runtime.connections.get(row.connection), runtime.connections.action(row.connection, row.action)
        payload = action.Payload.model_validate(permit.payload)
        reasons, now = _changed(runtime, row, action, connector, payload)
        if reasons:
            ledger.changed(runtime.database, claimed, reasons, now)
            return "proposed"
        receipt: Receipt = action.execute(connector, permit)
    except Exception as error:  # noqa: BLE001 - whatever happened, the ledger has to know what may have left the house
        return _settle_failure(runtime, claimed, error)
    return receipt


def _changed(runtime: Runtime, row: ActionRow, action: Any, connector: Any, payload: Any) -> tuple[list[str], dict[str, Any]]:
    """What changed in the world since the proposal: the look-ups it rests on, what its connector checks, payments to what it takes to be unpaid.

    Also what it rests on now: who approves it with this in mind approves it for the world as it is.
    """
    reasons, lookups = list(action.check(connector, payload, row.rests_on.get("connector", {}))), []
    for rest in row.rests_on.get("lookups", ()):
        connection, _, table = rest["lookup"].partition(".")
        (rows,) = runtime.connections.get(connection).look_up(table, [rest["where"]])
        lookups.append({**rest, "sha256": rows_hash(rows)})
        if lookups[-1]["sha256"] != rest["sha256"]:
            shown = ", ".join(f"{k} = {v}" for k, v in rest["where"].items())
            reasons.append(f"{rest['lookup']} ({shown}) has changed since this was prepared.")
    payments = _payments(runtime, row)
    reasons += [w["text"] for w in payments]
    told = {settling.TOLD: [*row.rests_on.get(settling.TOLD, ()), *(w["card"] for w in payments)]} if payments else {}
    return reasons, {**row.rests_on, "lookups": lookups, **told}


def _payments(runtime: Runtime, row: ActionRow) -> list[dict[str, Any]]:
    """Payments to what an action takes to be unpaid, of which its approver did not know."""
    if not row.rests_on.get(settling.UNPAID):
        return []
    with runtime.database.read() as connection:
        return settling.unseen(connection, row)


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
    return sum(sum(execute_many(runtime, claims, tally)) for claims in portions(runtime))


def portions(runtime: Runtime) -> Iterator[list[Claim]]:
    """All that is approved and due, claimed in portions: small ones where the outside is slow, so that others can take the rest."""
    size = BATCH
    while not runtime.pace.is_over and (
        claims := ledger.claim(runtime.database, runtime.owner, limit=size, lease_seconds=LEASE_SECONDS)
    ):
        began = time.perf_counter()
        yield claims
        size = following_size(size, len(claims), time.perf_counter() - began, LARGEST, QUICK, SLOW)


def execute_many(runtime: Runtime, claims: Sequence[Claim], tally: Tally) -> list[bool]:
    """Execute a portion of claims, one after the other; whether each was done. What the pass has no time for is given back."""
    results: list[Receipt | str] = []
    for run in _runs(runtime, claims):
        if results and runtime.pace.is_over:
            ledger.give_back(runtime.database, *claims[len(results) :])
            break
        started = time.perf_counter()
        found = execute_together(runtime, run) if len(run) > 1 else [execute(runtime, run[0])]
        ms = (time.perf_counter() - started) * 1000 / len(run)
        for claimed, result in zip(run, found, strict=True):
            state = "done" if isinstance(result, Receipt) else result
            _log(claimed.row, state, ms)
            _count(tally, claimed.row, state)
        results += found
    _end(runtime, tally, [(c.row, r.outputs) for c, r in zip(claims, results, strict=False) if isinstance(r, Receipt)])
    return [isinstance(r, Receipt) for r in results]


def _end(runtime: Runtime, tally: Tally, done: Sequence[tuple[ActionRow, Mapping[str, Any]]]) -> None:
    """Once for a portion, and after each of its actions is reported: it costs a commit, and whoever is cut off here has lost nothing."""
    for flow in ending.end(runtime, done):
        tally.add(flow, "advanced")


def _runs(runtime: Runtime, claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Neighbours whose look-up is authoritative, together; every other action alone."""
    for together, neighbours in itertools.groupby(claims, lambda c: _is_sure(runtime, c.row)):
        run = list(neighbours)
        yield from [run] if together else [[claimed] for claimed in run]


def _is_sure(runtime: Runtime, row: ActionRow) -> bool:
    try:
        return bool(runtime.connections.action(row.connection, row.action).authoritative_find)
    except Exception:  # noqa: BLE001 - whatever is wrong with the connection is said when it is executed
        return False


def _count(tally: Tally, row: ActionRow, state: str) -> None:
    tally.add(row.flow, "executed" if state == "done" else "failed" if state in ("refused", "uncertain") else "waiting")
    if state in ("refused", "uncertain"):
        tally.notes.append({"case": row.case_id, "flow": row.flow, "title": row.sentence, "state": state, "why": ""})


_EVENTS = {"done": "executed", "approved": "postponed", "proposed": "changed"}


def _log(row: ActionRow, state: str, ms: float | None = None) -> None:
    level = logging.WARNING if state in ("refused", "uncertain") else logging.INFO
    logs.event(_EVENTS.get(state, state), flow=row.flow, case=row.case_id, action=row.id, ms=ms, level=level)


def reconcile(runtime: Runtime) -> None:
    """Give back what dead workers had leased, and look up outside what became of actions whose worker died between the fence and the report."""
    workers.give_back(runtime.database)
    for dead in ledger.recover(runtime.database):
        _look_up(runtime, dead)


def _look_up(runtime: Runtime, dead: Dead) -> None:
    row = dead.row
    _log(row, "looked up")
    try:
        action = runtime.connections.action(row.connection, row.action)
        receipt = runtime.connections.find(row.connection, row.action, row.data, row.key)
    except (Unavailable, OSError):
        return  # the outside does not answer: the next pass looks again
    except Exception as error:  # noqa: BLE001 - one that cannot be looked up must not keep all others from being carried out
        why = str(error) if isinstance(error, KontoristError) else f"{type(error).__name__}: {error}"
        ledger.found(runtime.database, dead, None, authoritative=False, why=why)
        return
    why = "The program stopped while this was being done, and the outside system shows no trace of it."
    told = (dict(receipt.evidence), dict(receipt.outputs)) if receipt else (None,)
    ledger.found(runtime.database, dead, *told, authoritative=action.authoritative_find, why=why)
