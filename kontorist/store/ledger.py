"""The ledger: claims approved actions, issues their permits, settles what became of them. Only flows/gate.py uses it.

approved → claimed (lease, attempt) → committing (on disk just before the last irreversible byte) → done | refused.
A dead `claimed` did certainly not happen. A dead `committing` is looked up; without evidence it is `uncertain`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Connection, String, bindparam, cast, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotApproved
from kontorist.core.permit import Permit, issue
from kontorist.core.values import sha256
from kontorist.store import audit, conversations, instance, leasing, withdrawing
from kontorist.store import office_state as office
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.audit import Event
from kontorist.store.authority import approvers, approvers_of, needed
from kontorist.store.database import Database
from kontorist.store.many import among
from kontorist.store.tables import actions, events
from kontorist.store.tables import cases as case_rows
from kontorist.store.voiding import void

MAX_ATTEMPTS = 5

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_HEAD = actions.alias("head")
_LEADS = or_(
    actions.c.card == actions.c.id, select(_HEAD.c.id).where(_HEAD.c.id == actions.c.card, _HEAD.c.state == "done").exists()
)
_READY = (
    select(actions)
    .where(
        actions.c.state == "approved",
        or_(actions.c.not_before.is_(None), actions.c.not_before <= bindparam("now")),
        _LEADS,
        actions.c.flow.not_in(bindparam("stopped_flows", expanding=True)),
        actions.c.connection.not_in(bindparam("stopped_connections", expanding=True)),
    )
    .order_by(actions.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_THESE = among(actions.c.id, "which")  # by number, so that they are found; what else is asked of each is compared
_TAKE = update(actions).where(_THESE, actions.c.state == "approved").values(attempt=actions.c.attempt + 1)
_CASES = (
    select(case_rows.c.id, case_rows.c.state)
    .where(among(case_rows.c.id, "which"))
    .order_by(case_rows.c.id)
    .with_for_update(read=True)
)
_ONE = update(actions).where(actions.c.id == bindparam("which"))
_ATTEMPT = _ONE.where(actions.c.attempt == bindparam("tried"))
_SETTLE = _ATTEMPT.where(actions.c.state.in_(bindparam("in_states", expanding=True)))


def _leased(state: str) -> ColumnElement[bool]:
    return (actions.c.state == state) & (actions.c.lease_until > bindparam("now"))


_PASS = _ATTEMPT.where(_leased("claimed"), actions.c.sha256 == bindparam("digest"))
_PASS_AGAIN = _ATTEMPT.where(_leased("committing"), actions.c.sha256 == bindparam("digest"))
_TRIED = cast(actions.c.id, String) + "/" + cast(actions.c.attempt, String)
_PASS_TOGETHER = (
    update(actions)
    .where(_THESE, among(_TRIED + "/" + actions.c.sha256, "approved", "texts"), _leased("claimed"))
    .returning(actions.c.id)
)
_TRIES = (
    select(events.c.kind, events.c.data)
    .where(events.c.subject == bindparam("which"), events.c.kind.in_(("action.postponed", "action.approved")))
    .order_by(events.c.seq)
)
_ON_THEIR_WAY = (
    select(actions.c.id)
    .where(_THESE, among(_TRIED, "attempts", "texts"), actions.c.state.in_(("committing", "uncertain")))
    .order_by(actions.c.id)
    .with_for_update()
)
SHARED = timedelta(seconds=1)
"""How long a fence holds that several actions have passed together; who comes later passes it again, alone."""


class LeaseLost(NotApproved):
    """The lease ran out before the last irreversible byte: nothing was done, and nothing outside is to blame."""


class Fence:
    """What a permit calls before the last irreversible byte."""

    def __init__(self, database: Database, row: ActionRow, attempt: int) -> None:
        self._database, self._row, self._attempt = database, row, attempt
        self.shared: datetime | None = None
        """When it was passed together with others."""

    def __call__(self) -> None:
        if self.shared is None:
            _fence(self._database, self._row, self._attempt)
        elif not self.shared <= utcnow() < self.shared + SHARED:
            _fence_again(self._database, self._row, self._attempt)


@attrs.frozen(slots=False)
class Claim:
    """An action this worker may try now."""

    row: ActionRow
    permit: Permit
    fence: Fence

    @property
    def untouched(self) -> tuple[str, ...]:
        """The states in which nothing has been done yet: a fence that was shared says `committing` for those to come as well."""
        return ("claimed", "committing") if self.fence.shared and not self.permit.committed else ("claimed",)


def claim(database: Database, owner: str, *, limit: int, lease_seconds: float) -> list[Claim]:
    """Claim approved actions whose time has come and whose approval is valid; void those whose approval is not."""
    now = utcnow()
    with database.write() as connection:
        withdrawing.withdraw_closed(connection)
        ready = _ready(connection, now, limit, office.stops(connection))
        if ready:
            instance.check(database, connection)
        given, valid = approvers_of(connection, ready, now), []
        for row in ready:
            if problem := _invalid(row, given[row.id]):
                void(connection, row, problem, "gate", "approval")
            else:
                valid.append(row)
        _take(connection, valid, owner, now + timedelta(seconds=lease_seconds))
    return [_claimed(database, row) for row in valid]


def _ready(connection: Connection, now: datetime, limit: int, stops: office.Stops) -> list[ActionRow]:
    """Approved actions, oldest first; those that share a card wait until the leading one is done."""
    if stops.office:
        return []
    given = {"now": now, "at_most": limit, "stopped_flows": stops.flows, "stopped_connections": stops.connections}
    return [as_row(r) for r in connection.execute(_READY, given).all()]


def last_due(connection: Connection, until: datetime) -> datetime | None:
    """When the last of the approved actions may run that wait for a moment before `until`; None if none does."""
    waiting = (actions.c.state == "approved", actions.c.not_before.is_not(None), actions.c.not_before <= until)
    query = select(actions.c.not_before).where(*waiting)
    return connection.execute(query.order_by(actions.c.not_before.desc()).limit(1)).scalar()


def _invalid(row: ActionRow, given: set[str]) -> str:
    """Why this action may not run as it is; empty if it may."""
    if sha256(row.payload) != row.sha256:
        return "The stored payload is not the one that was approved."
    if len(given) < needed(row):
        return "The approval has expired or is not complete."
    return ""


def _take(connection: Connection, rows: Sequence[ActionRow], owner: str, until: datetime) -> None:
    """Lease actions that nobody else can have, since `_ready` holds their rows."""
    values = {"state": "claimed", "lease_until": until, "lease_owner": owner, "updated": utcnow()}
    if rows:
        connection.execute(_TAKE, {"which": [row.id for row in rows], **values})


def _claimed(database: Database, row: ActionRow) -> Claim:
    attempt = row.attempt + 1
    fence = Fence(database, row, attempt)
    permit = issue(action_id=row.id, key=row.key, attempt=attempt, payload=row.payload, digest=row.sha256, fence=fence)
    return Claim(row, permit, fence)


def _fence(database: Database, row: ActionRow, attempt: int) -> None:
    """Put `committing` on disk, if this claim still stands and nobody pressed stop. Raises NotApproved."""
    now = utcnow()
    mine = {"which": row.id, "tried": attempt, "digest": row.sha256, "now": now}
    with database.write() as connection:
        if office.stops(connection).hits(row.flow, row.connection):
            raise NotApproved(f"Action {row.id} was held back: the stop button is pressed.")
        if withdrawing.is_closed(connection, row.case_id):
            raise NotApproved(f"Action {row.id} was held back: its case was closed.")
        if len(approvers(connection, row, now)) < needed(row):
            raise NotApproved(f"Action {row.id} was held back: its approval has expired.")
        if connection.execute(_PASS, {**mine, "state": "committing", "updated": now}).rowcount != 1:
            raise LeaseLost(f"Action {row.id} is no longer this worker's: nothing was done.")
        begun = instance.begin_effects(database, connection, 1)
    instance.note(database, begun)


def _fence_again(database: Database, row: ActionRow, attempt: int) -> None:
    """Some time after it was passed together with others: all that it asks has to be so still. Raises NotApproved."""
    mine = {"which": row.id, "tried": attempt, "digest": row.sha256}
    with database.write() as connection:
        instance.check(database, connection)
        now = utcnow()
        if row.id not in _free(connection, [row], now):
            raise NotApproved(f"Action {row.id} was held back: it was stopped, its case closed, or its approval has expired.")
        if connection.execute(_PASS_AGAIN, {**mine, "now": now, "updated": now}).rowcount != 1:
            raise LeaseLost(f"Action {row.id} is no longer this worker's: nothing was done.")


def share_fence(database: Database, claims: Sequence[Claim]) -> None:
    """Put `committing` on disk for several actions at once: only for those whose look-up tells for certain what happened.

    Who may not pass is left `claimed`, and is told why when its own turn comes.
    """
    now = utcnow()
    with database.write() as connection:
        free = _free(connection, [c.row for c in claims], now)
        mine = [c for c in claims if c.row.id in free]
        approved = [f"{_attempt(c)}/{c.row.sha256}" for c in mine]
        passing = {"which": [c.row.id for c in mine], "approved": approved, "now": now, "state": "committing", "updated": now}
        passed = set(connection.execute(_PASS_TOGETHER, passing).scalars())
        begun = instance.begin_effects(database, connection, len(passed))
    instance.note(database, begun)
    for claimed in claims:
        if claimed.row.id in passed:
            claimed.fence.shared = now


def _attempt(claimed: Claim) -> str:
    """As `_TRIED` says it."""
    return f"{claimed.row.id}/{claimed.permit.attempt}"


def _free(connection: Connection, rows: Sequence[ActionRow], now: datetime) -> set[int]:
    """The actions that nothing holds back: no stop button, no closed case, no expired approval."""
    stops, given = office.stops(connection), approvers_of(connection, rows, now)
    found = connection.execute(_CASES, {"which": [row.case_id for row in rows]})
    closed = {case_id for case_id, state in found if state == "closed"}
    allowed = (r for r in rows if r.case_id not in closed and not stops.hits(r.flow, r.connection))
    return {row.id for row in allowed if len(given[row.id]) >= needed(row)}


def done(database: Database, claimed: Claim, receipt: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> bool:
    """The effect happened, with evidence; false when the attempt is no longer the current one."""
    with database.write() as connection:
        current = _settle(
            connection,
            claimed.row,
            claimed.permit.attempt,
            ("committing", "uncertain"),
            "done",
            receipt={"evidence": receipt, "outputs": outputs or {}},
        )
        leasing.wake(
            connection, [claimed.row.case_id]
        )  # before rows that refer to the case: two reports would wait for each other
        conversations.sent(connection, [(claimed.row.case_id, outputs or {})])
    return current


def all_done(database: Database, finished: Sequence[tuple[Claim, Mapping[str, Any], Mapping[str, Any]]]) -> set[int]:
    """`done` for several, each with its evidence and outputs; on disk at once, or for none of them. The actions whose attempt was the current one."""
    now, tried = utcnow(), {"which": [c.row.id for c, _, _ in finished], "attempts": [_attempt(c) for c, _, _ in finished]}
    with database.write() as connection:
        mine = set(connection.execute(_ON_THEIR_WAY, tried).scalars())
        rows = [{"which": c.row.id, "receipt": {"evidence": e, "outputs": o}} for c, e, o in finished if c.row.id in mine]
        values = {"state": "done", "lease_until": None, "lease_owner": None, "updated": now, "error": None}
        if rows:
            connection.execute(_ONE, [{**row, **values} for row in rows])
        audit.append(connection, [_said(c.row, c.permit.attempt, "done", c.row.id in mine, receipt=e) for c, e, _ in finished])
        leasing.lock(connection, [c.row.case_id for c, _, _ in finished])
        leasing.wake(connection, [c.row.case_id for c, _, _ in finished if c.row.id in mine])
        conversations.sent(connection, [(c.row.case_id, outputs) for c, _, outputs in finished])
    return mine


def refused(database: Database, claimed: Claim, reason: str) -> None:
    """It certainly did not happen and repeating changes nothing: a person decides what next."""
    with database.write() as connection:
        _settle(connection, claimed.row, claimed.permit.attempt, ("claimed", "committing"), "refused", error=reason)


def postpone(database: Database, claimed: Claim, reason: str) -> None:
    """It certainly did not happen; try again later with growing pauses, refused after the last attempt."""
    with database.read() as connection:
        tried = _failures(connection, claimed.row) + 1
    if tried >= MAX_ATTEMPTS:
        refused(database, claimed, f"{reason} (tried {tried} times)")
        return
    pause = timedelta(seconds=30 * 2 ** (tried - 1))
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


def _failures(connection: Connection, row: ActionRow) -> int:
    """How often it was tried in vain since it was approved last. Not every attempt was: many are given back because their turn did not come."""
    tried = 0
    for kind, data in connection.execute(_TRIES, {"which": f"action:{row.id}"}):
        tried = 0 if kind == "action.approved" else tried + ('"error":' in data)
    return tried


def give_back(database: Database, *claims: Claim) -> None:
    """Their turn did not come: whoever is free takes them, at once. Those with which something was done are left as they are."""
    with database.write() as connection:
        for claimed in claims:
            mine = (actions.c.id == claimed.row.id, actions.c.attempt == claimed.permit.attempt)
            if connection.execute(select(actions.c.state).where(*mine)).scalar() in claimed.untouched:
                _settle(connection, claimed.row, claimed.permit.attempt, claimed.untouched, "approved")


def uncertain(database: Database, row: ActionRow, attempt: int, evidence: str) -> None:
    """Nobody can know whether it happened: a person decides."""
    with database.write() as connection:
        _settle(connection, row, attempt, ("committing",), "uncertain", error=evidence)


def changed(database: Database, claimed: Claim, reasons: Sequence[str], rests_on: Mapping[str, Any]) -> None:
    """The world the approval rested on has changed: nothing is done, a person decides again, about the world as it is now."""
    with database.write() as connection:
        if not _settle(connection, claimed.row, claimed.permit.attempt, claimed.untouched, "approved"):
            return  # another worker has it by now
        (row,) = [as_row(r) for r in connection.execute(select(actions).where(actions.c.id == claimed.row.id))]
        void(connection, row, " ".join(reasons), "gate")
        connection.execute(update(actions).where(actions.c.id == row.id).values(rests_on=rests_on))


def _settle(connection: Connection, row: ActionRow, attempt: int, states: tuple[str, ...], state: str, **values: Any) -> bool:
    """Write what became of an attempt; false (and only a note in the audit chain) when it is no longer the current one."""
    values = {"error": None, **values}
    values |= {"state": state, "lease_until": None, "lease_owner": None, "updated": utcnow()}
    changed_rows = connection.execute(_SETTLE, {"which": row.id, "tried": attempt, "in_states": states, **values}).rowcount
    receipt = values["receipt"]["evidence"] if state == "done" else None
    audit.append(connection, [_said(row, attempt, state, bool(changed_rows), error=values["error"], receipt=receipt)])
    return bool(changed_rows)


def _said(row: ActionRow, attempt: int, state: str, current: bool, *, error: str | None = None, receipt: Any = None) -> Event:
    """What the audit chain says of it."""
    data = {"attempt": attempt, "sha256": row.sha256, **({"error": error} if error else {})}
    if state == "done":
        data["receipt"] = receipt
    kind = f"action.{'postponed' if state == 'approved' else state}" if current else "action.late-report"
    return Event(kind, "gate", f"action:{row.id}", data)


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


def found(
    database: Database,
    dead: Dead,
    receipt: Mapping[str, Any] | None,
    outputs: Mapping[str, Any] | None = None,
    *,
    authoritative: bool,
    why: str,
) -> str:
    """Close a dead `committing` action by what the look-up gave, evidence and outputs; returns its new state."""
    with database.write() as connection:
        new = "done" if receipt is not None else "approved" if authoritative else "uncertain"
        values: dict[str, Any] = {"receipt": {"evidence": receipt, "outputs": outputs or {}}} if new == "done" else {"error": why}
        settled = _settle(connection, dead.row, dead.attempt, ("committing",), new, **values)
        if settled and new == "done":
            leasing.wake(connection, [dead.row.case_id])
            conversations.sent(connection, [(dead.row.case_id, outputs or {})])
        return new if settled else str(connection.execute(select(actions.c.state).where(actions.c.id == dead.row.id)).scalar())
