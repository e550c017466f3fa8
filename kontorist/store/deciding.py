"""Decisions of people about actions, each bound to the hash that was shown: approved, rejected, taken back, handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, bindparam, select, update

from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import NotAllowed, Stale
from kontorist.store import audit, corrections, facets, leasing
from kontorist.store.action_revisions import WITHDRAWABLE, compare_and_set, current, current_many, next_revision
from kontorist.store.actions import OPEN, ActionRow, Shown, card, composer, get
from kontorist.store.audit import Event
from kontorist.store.authority import Who, approvers_of, may_decide, needed, require_authority
from kontorist.store.many import among, insert_rows
from kontorist.store.tables import actions, approvals

_DECIDABLE = ("proposed", "refused")

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_OF_THESE = select(approvals.c.action_id, approvals.c.revision).where(among(approvals.c.action_id, "which"))
_EXPIRED = _OF_THESE.where(approvals.c.decision == "approve", approvals.c.expires <= bindparam("now"))
_TAKEN = _OF_THESE.where(approvals.c.person == bindparam("who"), approvals.c.decision == bindparam("what"))
_DECISION = ("action_id", "revision", "sha256", "decision", "person", "channel", "comment", "at", "expires")


def approve(connection: Connection, shown: Sequence[Shown], who: Who, comment: str = "") -> list[str]:
    """Record one person's approval of exactly these revisions; returns the new state of each.

    Raises Stale if one of them is not what is stored, NotAllowed if this person may not decide it.
    """
    if not shown:
        return []
    rows, now = current_many(connection, shown, _DECIDABLE), utcnow()
    for row in rows:
        require_authority(connection, row, who)
        if row.rule.get("comment") and not comment.strip():
            raise NotAllowed(
                "This needs a word on how it was checked (a call back to the known number, for instance): write a comment."
            )
    again = _used_up(connection, rows, now)
    rows = [_decided_again(connection, row) if row.id in again else row for row in rows]
    record(connection, rows, "approve", who, comment, now)
    given = approvers_of(connection, rows, now)
    enough = [row for row in rows if len(given[row.id]) >= needed(row)]
    for undo, group in groupby(sorted(enough, key=_undo), _undo):
        compare_and_set(connection, [row.shown for row in group], _DECIDABLE, state="approved", not_before=now + undo, error=None)
    approved = {row.id for row in enough}
    states = ["approved" if row.id in approved else row.state for row in rows]
    audit.append(connection, [_approval(*pair, who, comment) for pair in zip(rows, states, strict=True)])
    return states


def _undo(row: ActionRow) -> timedelta:
    return timedelta(seconds=float(row.rule.get("undo", 0)))


def _approval(row: ActionRow, state: str, who: Who, comment: str) -> Event:
    data = {"revision": row.revision, "sha256": row.sha256, "channel": who.channel, "comment": comment, "state": state}
    return Event("action.approved", who.name, f"action:{row.id}", data)


def _used_up(connection: Connection, rows: Sequence[ActionRow], now: datetime) -> set[int]:
    """Those whose earlier approvals of this revision count no more: it was refused outside, or one of them has expired."""
    expired = {tuple(found) for found in connection.execute(_EXPIRED, {"which": [row.id for row in rows], "now": now})}
    return {row.id for row in rows if row.state == "refused" or (row.id, row.revision) in expired}


def _decided_again(connection: Connection, row: ActionRow) -> ActionRow:
    next_revision(connection, row, row.payload, composer(connection, row), "decided again")
    return get(connection, row.id)


def reject(connection: Connection, shown: Sequence[Shown], who: Who, reason: str) -> None:
    """A person says no: none of these will ever run, nor what stands behind them on their card. Raises Stale or NotAllowed."""
    ids = []
    for item in [*shown, *_behind(connection, shown)]:
        row = current(connection, item, WITHDRAWABLE)
        if not may_decide(row, who):
            raise NotAllowed(
                f"{who.name} may not decide action {row.id}; it is for {', '.join(row.rule.get('by') or ['nobody'])}."
            )
        record(connection, [row], "reject", who, reason, utcnow())
        compare_and_set(connection, [item], WITHDRAWABLE, state="rejected", effect_key=None, error=None)
        corrections.keep(connection, row.case_id, f"{row.flow}/{row.path}", "reject", row.data, {"reason": reason}, who.name)
        data = {"revision": row.revision, "sha256": row.sha256, "reason": reason, "channel": who.channel}
        audit.append(connection, [Event("action.rejected", who.name, f"action:{row.id}", data)])
        ids.append(row.case_id)
    leasing.wake(connection, ids)


def _behind(connection: Connection, shown: Sequence[Shown]) -> list[Shown]:
    """What is approved on the cards of these actions and waits for them: without them it would wait for ever."""
    known = {s.action_id for s in shown}
    rows = (r for s in shown for r in card(connection, s.action_id) if r.id not in known and r.state in WITHDRAWABLE)
    return list({r.id: r.shown for r in rows}.values())


def take_back(connection: Connection, action_id: int, who: Who) -> None:
    """Undo an approval while its window is open: back to proposed. Raises Stale when it has left already.

    What was refused outside needs a new decision anyway: it stays as it is, and what stands behind it on the card is taken back.
    """
    rows = [r for r in card(connection, action_id) if r.state not in ("withdrawn", "rejected", "proposed", "refused")]
    for row in rows or [get(connection, action_id)]:
        if row.state != "approved":
            raise Stale(f"Action {row.id} is {row.state}; only what is approved and has not run yet can be taken back.")
        if not may_decide(row, who):
            raise NotAllowed(f"{who.name} may not take back action {row.id}.")
        next_revision(connection, row, row.payload, composer(connection, row), "taken back")
        audit.append(connection, [Event("action.taken-back", who.name, f"action:{row.id}", {})])


def assign(connection: Connection, action_id: int, to: str, who: Who, comment: str = "") -> None:
    """Hand a card over to a person or group."""
    for row in card(connection, action_id):
        if not may_decide(row, who):
            raise NotAllowed(f"{who.name} may not hand over action {row.id}.")
        mine = (actions.c.id == row.id, actions.c.state.in_(OPEN))
        changed = {"assigned": to, "updated": utcnow(), **facets.ruled(row.rule, to)}
        if connection.execute(update(actions).where(*mine).values(changed)).rowcount == 0:
            continue
        audit.append(connection, [Event("action.assigned", who.name, f"action:{row.id}", {"to": to, "comment": comment})])


def record(connection: Connection, rows: Sequence[ActionRow], decision: str, who: Who, comment: str, now: datetime) -> None:
    """One decision of one person on each of these. Raises Stale where they have said so already."""
    same = {"which": [r.id for r in rows], "who": who.name, "what": decision}
    taken = {tuple(found) for found in connection.execute(_TAKEN, same)}
    if again := next((r for r in rows if (r.id, r.revision) in taken), None):
        raise Stale(f"{who.name} has decided action {again.id} already; it waits for somebody else.")
    expires = {r.id: now + parse_duration(r.rule.get("expires") or "7d") if decision == "approve" else None for r in rows}
    written = [(r.id, r.revision, r.sha256, decision, who.name, who.channel, comment, now, expires[r.id]) for r in rows]
    insert_rows(connection, approvals, _DECISION, written)
