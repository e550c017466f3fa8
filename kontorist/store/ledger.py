"""The ledger: claims approved actions, issues their permits, settles what became of them. Only flows/gate.py uses it.

approved → claimed (lease, attempt) → committing (on disk just before the last irreversible byte) → done | refused.
A dead `claimed` did certainly not happen. A dead `committing` is looked up; without evidence it is `uncertain`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotApproved
from kontorist.core.permit import Permit, issue
from kontorist.core.values import sha256
from kontorist.store import audit, cases, instance
from kontorist.store import office_state as office
from kontorist.store.actions import ActionRow, approvers, as_row, needed, void
from kontorist.store.audit import Event
from kontorist.store.database import Database
from kontorist.store.tables import actions

MAX_ATTEMPTS = 5


class LeaseLost(NotApproved):
    """The lease ran out before the last irreversible byte: nothing was done, and nothing outside is to blame."""


@dataclass(frozen=True)
class Claim:
    """An action this worker may try now."""

    row: ActionRow
    permit: Permit


def claim(database: Database, owner: str, *, limit: int, lease_seconds: float) -> list[Claim]:
    """Claim approved actions whose time has come and whose approval is valid; void those whose approval is not."""
    now = utcnow()
    with database.write() as connection:
        cases.withdraw_closed(connection)
        claims = []
        ready = _ready(connection, now, limit, office.stops(connection))
        if ready:
            instance.check(database, connection)
        for row in ready:
            if problem := _invalid(connection, row, now):
                void(connection, row, problem, "gate", "approval")
                continue
            claims.append(_claim(connection, database, row, owner, now + timedelta(seconds=lease_seconds)))
    return claims


def _ready(connection: Connection, now: datetime, limit: int, stops: office.Stops) -> list[ActionRow]:
    """Approved actions, oldest first; those that share a card wait until the leading one is done."""
    if stops.office:
        return []
    head = actions.alias("head")
    leads = or_(
        actions.c.card == actions.c.id, select(head.c.id).where(head.c.id == actions.c.card, head.c.state == "done").exists()
    )
    due = or_(actions.c.not_before.is_(None), actions.c.not_before <= now)
    query = (
        select(actions)
        .where(actions.c.state == "approved", due, leads)
        .where(actions.c.flow.not_in(stops.flows), actions.c.connection.not_in(stops.connections))
        .order_by(actions.c.id)
        .limit(limit)
    )
    return [as_row(r) for r in connection.execute(query.with_for_update(skip_locked=True))]


def last_due(connection: Connection, until: datetime) -> datetime | None:
    """When the last of the approved actions may run that wait for a moment before `until`; None if none does."""
    waiting = (actions.c.state == "approved", actions.c.not_before.is_not(None), actions.c.not_before <= until)
    query = select(actions.c.not_before).where(*waiting)
    return connection.execute(query.order_by(actions.c.not_before.desc()).limit(1)).scalar()


def _invalid(connection: Connection, row: ActionRow, now: datetime) -> str:
    """Why this action may not run as it is; empty if it may."""
    if sha256(row.payload) != row.sha256:
        return "The stored payload is not the one that was approved."
    if len(approvers(connection, row, now)) < needed(row):
        return "The approval has expired or is not complete."
    return ""


def _claim(connection: Connection, database: Database, row: ActionRow, owner: str, until: datetime) -> Claim:
    attempt = row.attempt + 1
    connection.execute(
        update(actions)
        .where(actions.c.id == row.id, actions.c.state == "approved")
        .values(state="claimed", attempt=attempt, lease_until=until, lease_owner=owner, updated=utcnow())
    )
    permit = issue(
        action_id=row.id,
        key=row.key,
        attempt=attempt,
        payload=row.payload,
        digest=row.sha256,
        fence=lambda: _fence(database, row, attempt),
    )
    return Claim(row, permit)


def _fence(database: Database, row: ActionRow, attempt: int) -> None:
    """Put `committing` on disk, if this claim still stands and nobody pressed stop. Raises NotApproved."""
    now = utcnow()
    mine = (
        actions.c.id == row.id,
        actions.c.attempt == attempt,
        actions.c.state == "claimed",
        actions.c.sha256 == row.sha256,
        actions.c.lease_until > now,
    )
    with database.write() as connection:
        if office.stops(connection).hits(row.flow, row.connection):
            raise NotApproved(f"Action {row.id} was held back: the stop button is pressed.")
        if cases.is_closed(connection, row.case_id):
            raise NotApproved(f"Action {row.id} was held back: its case was closed.")
        if len(approvers(connection, row, now)) < needed(row):
            raise NotApproved(f"Action {row.id} was held back: its approval has expired.")
        if connection.execute(update(actions).where(*mine).values(state="committing", updated=now)).rowcount != 1:
            raise LeaseLost(f"Action {row.id} is no longer this worker's: nothing was done.")
        begun = instance.begin_effect(database, connection)
    instance.note(database, begun)


def done(database: Database, claimed: Claim, receipt: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> None:
    """The effect happened, with evidence."""
    with database.write() as connection:
        _settle(
            connection,
            claimed.row,
            claimed.permit.attempt,
            ("committing", "uncertain"),
            "done",
            receipt={"evidence": receipt, "outputs": outputs or {}},
        )
        cases.wake(connection, [claimed.row.case_id])


def refused(database: Database, claimed: Claim, reason: str) -> None:
    """It certainly did not happen and repeating changes nothing: a person decides what next."""
    with database.write() as connection:
        _settle(connection, claimed.row, claimed.permit.attempt, ("claimed", "committing"), "refused", error=reason)


def postpone(database: Database, claimed: Claim, reason: str) -> None:
    """It certainly did not happen; try again later with growing pauses, refused after the last attempt."""
    if claimed.permit.attempt >= MAX_ATTEMPTS:
        refused(database, claimed, f"{reason} (tried {claimed.permit.attempt} times)")
        return
    pause = timedelta(seconds=30 * 2 ** (claimed.permit.attempt - 1))
    with database.write() as connection:
        _settle(
            connection,
            claimed.row,
            claimed.permit.attempt,
            ("claimed", "committing"),
            "approved",
            error=reason,
            not_before=utcnow() + pause,
        )


def give_back(database: Database, claimed: Claim) -> None:
    """Its turn did not come within its lease: whoever is free takes it, at once."""
    with database.write() as connection:
        _settle(connection, claimed.row, claimed.permit.attempt, ("claimed",), "approved")


def uncertain(database: Database, row: ActionRow, attempt: int, evidence: str) -> None:
    """Nobody can know whether it happened: a person decides."""
    with database.write() as connection:
        _settle(connection, row, attempt, ("committing",), "uncertain", error=evidence)


def changed(database: Database, claimed: Claim, reasons: Sequence[str]) -> None:
    """The world the approval rested on has changed: nothing is done, a person decides again."""
    with database.write() as connection:
        if not _settle(connection, claimed.row, claimed.permit.attempt, ("claimed",), "approved"):
            return  # another worker has it by now
        (row,) = [as_row(r) for r in connection.execute(select(actions).where(actions.c.id == claimed.row.id))]
        void(connection, row, " ".join(reasons), "gate")


def _settle(connection: Connection, row: ActionRow, attempt: int, states: tuple[str, ...], state: str, **values: Any) -> bool:
    """Write what became of an attempt; false (and only a note in the audit chain) when it is no longer the current one."""
    values = {"error": None, **values}
    where = (actions.c.id == row.id, actions.c.attempt == attempt, actions.c.state.in_(states))
    changed_rows = connection.execute(
        update(actions).where(*where).values(state=state, lease_until=None, lease_owner=None, updated=utcnow(), **values)
    ).rowcount
    data = {"attempt": attempt, "sha256": row.sha256, **({"error": values["error"]} if values["error"] else {})}
    if state == "done":
        data["receipt"] = values["receipt"]["evidence"]
    kind = f"action.{'postponed' if state == 'approved' else state}" if changed_rows else "action.late-report"
    audit.append(connection, [Event(kind, "gate", f"action:{row.id}", data)])
    return bool(changed_rows)


@dataclass(frozen=True)
class Dead:
    """An action whose worker died: between the fence and the report."""

    row: ActionRow
    attempt: int


def recover(database: Database) -> list[Dead]:
    """Give dead claims back; return the dead `committing` ones, which have to be looked up outside."""
    now = utcnow()
    dead = (actions.c.lease_until < now) | (actions.c.lease_until.is_(None))
    with database.write() as connection:
        values = {"state": "approved", "lease_until": None, "lease_owner": None, "updated": now}
        given_back = update(actions).where(actions.c.state == "claimed", dead).values(values).returning(actions.c.id)
        back = sorted(connection.execute(given_back).scalars())
        audit.append(connection, [Event("action.given-back", "gate", f"action:{i}", {}) for i in back])
        rows = connection.execute(select(actions).where(actions.c.state == "committing", dead)).all()
    return [Dead(as_row(r), r.attempt) for r in rows]


def found(database: Database, dead: Dead, receipt: Mapping[str, Any] | None, *, authoritative: bool, why: str) -> str:
    """Close a dead `committing` action by what the look-up gave; returns its new state."""
    with database.write() as connection:
        new = "done" if receipt is not None else "approved" if authoritative else "uncertain"
        values: dict[str, Any] = {"receipt": {"evidence": receipt, "outputs": {}}} if new == "done" else {"error": why}
        settled = _settle(connection, dead.row, dead.attempt, ("committing",), new, **values)
        if settled and new == "done":
            cases.wake(connection, [dead.row.case_id])
        return new if settled else str(connection.execute(select(actions.c.state).where(actions.c.id == dead.row.id)).scalar())
