"""Actions as proposals: made by flows, edited and decided by people, every decision bound to the hash that was shown."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, tuple_, update

from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import NotAllowed, NotFound, Stale
from kontorist.core.values import canonical, sha256
from kontorist.store import audit, cases, corrections, facets, words
from kontorist.store.audit import Event
from kontorist.store.database import insert_new
from kontorist.store.tables import actions, approvals, revisions, storable
from kontorist.store.tables import cases as cases_table

OPEN = ("proposed", "uncertain", "refused")
"""States in which a person has to decide."""
_DECIDABLE = ("proposed", "refused")
_WITHDRAWABLE = ("proposed", "approved", "refused")

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_DATA = select(cases_table.c.id, cases_table.c.data).where(cases_table.c.id.in_(bindparam("which", expanding=True)))
_LEAD = update(actions).where(actions.c.id.in_(bindparam("which", expanding=True))).values(card=actions.c.id)
_CARD = update(actions).where(actions.c.id == bindparam("which"))
_ADD_REVISION = insert(revisions)
_OF_CASES = select(actions).where(actions.c.case_id.in_(bindparam("which", expanding=True))).order_by(actions.c.id)
_ONE = select(actions).where(actions.c.id == bindparam("which"))
_AT = select(actions).where(actions.c.case_id == bindparam("of_case"), actions.c.path == bindparam("at_path"))
_GIVEN = select(
    approvals.c.action_id, approvals.c.revision, approvals.c.decision, approvals.c.sha256, approvals.c.expires, approvals.c.person
).where(approvals.c.action_id.in_(bindparam("which", expanding=True)))


@dataclass(frozen=True)
class NewAction:
    """A proposal about to be stored."""

    case_id: int
    flow: str
    path: str
    connection: str
    action: str
    business_key: str
    payload: Mapping[str, Any]
    sentence: str
    origins: Mapping[str, Any]
    warnings: Sequence[Mapping[str, Any]]
    rests_on: Mapping[str, Any]
    rule: Mapping[str, Any]
    """{"by": [names], "count": n, "due": "4h", "expires": "7d", "escalate": name, "undo": seconds}"""
    together_with: str | None = None
    """Path of the action whose card this shares."""
    model: str = ""


@dataclass(frozen=True)
class Shown:
    """What was before a person's eyes when they decided."""

    action_id: int
    revision: int
    sha256: str


@dataclass(frozen=True)
class Who:
    """A person deciding: their name, the groups they stand for, and the channel (`inbox`, `shell`)."""

    name: str
    groups: frozenset[str]
    channel: str = "inbox"


@dataclass(frozen=True)
class ActionRow:
    """An action as it is stored."""

    id: int
    key: str
    case_id: int
    flow: str
    path: str
    connection: str
    action: str
    business_key: str
    revision: int
    payload: bytes = field(repr=False)
    sha256: str
    sentence: str
    origins: Mapping[str, Any]
    warnings: Sequence[Mapping[str, Any]]
    rests_on: Mapping[str, Any]
    rule: Mapping[str, Any]
    card: int
    state: str
    assigned: str | None
    due: datetime | None
    not_before: datetime | None
    attempt: int
    receipt: Any
    error: str | None
    model: str | None
    created: datetime
    updated: datetime

    @property
    def data(self) -> dict[str, Any]:
        """The payload, parsed."""
        value: dict[str, Any] = json.loads(self.payload)  # as the permit reads it: what is shown is what runs
        return value

    @property
    def stated_by(self) -> str:
        """Who said that this happened, where nobody could know it from here."""
        return str(((self.receipt or {}).get("evidence") or {}).get("stated_by") or "") if self.state == "done" else ""

    @property
    def shown(self) -> Shown:
        """The current revision, for a decision about exactly it."""
        return Shown(self.id, self.revision, self.sha256)


_FIELDS = tuple(ActionRow.__dataclass_fields__)
_PICK = itemgetter(*[list(actions.c.keys()).index(name) for name in _FIELDS])


def as_row(row: Any) -> ActionRow:
    """A typed action from a row of `select(actions)`: by place, many times quicker than by name."""
    return ActionRow(*_PICK(row))


_TAKEN = "The same is already prepared or done as action {}."


def propose(connection: Connection, new: NewAction, taken: str = _TAKEN, composed_by: str = "flow") -> tuple[int, int | None]:
    """Store a proposal; returns its id and that of another action which already stands for the same business fact.

    In that case this one is stored as withdrawn and can never run.
    """
    effect_key = _effect_key(new.connection, new.action, new.business_key)
    payload, now = canonical(new.payload), utcnow()
    head = _head(connection, new)
    rule = _rule_of(new, head)
    values = _values(new, rule, _case_data(connection, new.case_id), payload, now)
    other = None
    action_id = connection.execute(insert_new(connection, actions, values).returning(actions.c.id)).scalar()
    if action_id is None and (twin := _at(connection, new.case_id, new.path)):
        return twin.id, None  # another worker has worked on this case too, and was faster
    if action_id is None:
        other = connection.execute(select(actions.c.id).where(actions.c.effect_key == effect_key)).scalar_one()
        error = taken.format(other)
        values |= {"effect_key": None, "state": "withdrawn", "error": error}
        action_id = connection.execute(insert(actions).values(values).returning(actions.c.id)).scalar_one()
    card = head.card if head else action_id
    connection.execute(_CARD, {"which": action_id, "card": card})
    _keep_revision(connection, action_id, 1, payload, composed_by, "", now)
    words.add(connection, new.case_id, [action_id, new.sentence, new.business_key, new.payload])
    data = {"case": new.case_id, "action": f"{new.connection}.{new.action}", "sha256": values["sha256"], "state": values["state"]}
    by = composed_by if composed_by != "flow" else f"flow:{new.flow}"
    audit.append(connection, [Event("action.proposed", by, f"action:{action_id}", data)])
    return action_id, other


def _values(
    new: NewAction, rule: Mapping[str, Any], case_data: Mapping[str, Any], payload: bytes, now: datetime
) -> dict[str, Any]:
    """A proposal as it is stored; its card is known when it has a number."""
    return {
        "key": secrets.token_hex(16),
        "case_id": new.case_id,
        "flow": new.flow,
        "path": new.path,
        "connection": new.connection,
        "action": new.action,
        "business_key": storable(new.business_key)[:255],
        "effect_key": _effect_key(new.connection, new.action, new.business_key),
        "revision": 1,
        "payload": payload,
        "sha256": sha256(payload),
        "sentence": new.sentence,
        "origins": new.origins,
        "warnings": list(new.warnings),
        "rests_on": new.rests_on,
        "rule": rule,
        "card": 0,
        "state": "proposed",
        "due": now + parse_duration(rule["due"]) if rule.get("due") else None,
        "model": new.model,
        "created": now,
        "updated": now,
        **facets.listed(case_data, payload, rule, new.warnings, None),
    }


def propose_many(connection: Connection, new: Sequence[NewAction], taken: str = _TAKEN) -> list[ActionRow]:
    """`propose` for the same step of several cases, in a few statements; the actions as they are stored."""
    if not new:
        return []
    now, heads = utcnow(), _heads(connection, new)
    ready = [n for n in new if not n.together_with or (n.case_id, n.together_with) in heads]
    data = dict(map(tuple, connection.execute(_DATA, {"which": [n.case_id for n in ready]}).all()))
    rows = []
    for n in ready:
        head = heads.get((n.case_id, n.together_with or ""))
        values = _values(n, _rule_of(n, head), data.get(n.case_id) or {}, canonical(n.payload), now)
        rows.append({**values, "card": head.card} if head else values)
    ids = _insert_many(connection, rows)
    made = [(n, v, ids[v["key"]]) for n, v in zip(ready, rows, strict=True) if v["key"] in ids]
    _note_many(connection, made)
    stored = {id(n): _fresh(v, number) for n, v, number in made}
    return [stored.get(id(n)) or get(connection, propose(connection, n, taken)[0]) for n in new]


def _heads(connection: Connection, new: Sequence[NewAction]) -> dict[tuple[int, str], ActionRow]:
    """The actions whose cards are shared, by case and path."""
    if not (wanted := {(n.case_id, n.together_with) for n in new if n.together_with}):
        return {}
    rows = map(as_row, connection.execute(_OF_CASES, {"which": sorted({case_id for case_id, _ in wanted})}).all())
    return {(row.case_id, row.path): row for row in rows if (row.case_id, row.path) in wanted}


def _fresh(values: Mapping[str, Any], number: int) -> ActionRow:
    """A proposal that was stored just now, as reading it would give it."""
    given: dict[str, Any] = {name: values.get(name) for name in _FIELDS}
    return ActionRow(**given | {"id": number, "card": values["card"] or number, "attempt": 0})


def _insert_many(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The numbers of those that are stored now, by key; what stands already, or for the same fact, is left out."""
    if not rows:
        return {}
    inserting = insert_new(connection, actions).returning(actions.c.key, actions.c.id)
    ids = {row.key: row.id for row in connection.execute(inserting, rows).all()}
    if leading := [ids[row["key"]] for row in rows if not row["card"] and row["key"] in ids]:
        connection.execute(_LEAD, {"which": leading})
    return ids


def _note_many(connection: Connection, made: Sequence[tuple[NewAction, Mapping[str, Any], int]]) -> None:
    """First revisions, words to be found by, and audit events of new proposals."""
    if made:
        first = {"revision": 1, "composed_by": "flow", "reason": ""}
        written = [
            {**first, "action_id": i, "payload": v["payload"], "sha256": v["sha256"], "at": v["created"]} for _, v, i in made
        ]
        connection.execute(_ADD_REVISION, written)
        words.add_all(connection, [(n.case_id, [i, n.sentence, n.business_key, n.payload]) for n, _, i in made])
    audit.append(
        connection,
        [
            Event(
                "action.proposed",
                f"flow:{n.flow}",
                f"action:{i}",
                {"case": n.case_id, "action": f"{n.connection}.{n.action}", "sha256": v["sha256"], "state": "proposed"},
            )
            for n, v, i in made
        ],
    )


def _case_data(connection: Connection, case_id: int) -> Mapping[str, Any]:
    return connection.execute(select(cases_table.c.data).where(cases_table.c.id == case_id)).scalar() or {}


def _effect_key(connection: str, action: str, business_key: str) -> str:
    """What is unique among all actions; a key that is too long by its hash."""
    key = f"{connection}.{action}:{storable(business_key)}"
    return key if len(key) <= 400 else f"{key[:300]}#{sha256(key.encode())}"


def _head(connection: Connection, new: NewAction) -> ActionRow | None:
    """The action whose card this one shares."""
    if not new.together_with:
        return None
    return _at(connection, new.case_id, new.together_with)


def _at(connection: Connection, case_id: int, path: str) -> ActionRow | None:
    """The action of one step of a case."""
    row = connection.execute(_AT, {"of_case": case_id, "at_path": path}).first()
    return as_row(row) if row else None


def _rule_of(new: NewAction, head: ActionRow | None) -> dict[str, Any]:
    """Who decides: what the flow says, or for a shared card what its leading action says; more eyes where a warning says stop."""
    rule = {**head.rule, "undo": new.rule.get("undo", 0)} if head else dict(new.rule)
    if any(w.get("stop") for w in new.warnings):
        return {**rule, "count": max(2, int(rule.get("count", 1))), "comment": True}
    return rule


def _keep_revision(
    connection: Connection, action_id: int, revision: int, payload: bytes, by: str, reason: str, now: datetime
) -> None:
    about = {"action_id": action_id, "revision": revision, "composed_by": by, "reason": reason, "at": now}
    connection.execute(_ADD_REVISION, {**about, "payload": payload, "sha256": sha256(payload)})


# reading -----------------------------------------------------------------


def get(connection: Connection, action_id: int) -> ActionRow:
    """One action. Raises NotFound."""
    row = connection.execute(_ONE, {"which": action_id}).first()
    if row is None:
        raise NotFound(f"There is no action {action_id}; `kontorist inbox list` shows those there are.")
    return as_row(row)


def card(connection: Connection, action_id: int) -> list[ActionRow]:
    """All actions on the card of this action, the leading one first."""
    head = get(connection, action_id).card
    return [as_row(r) for r in connection.execute(select(actions).where(actions.c.card == head).order_by(actions.c.id))]


def find(
    connection: Connection, *, state: str = "open", limit: int = 1000, after: int = 0, case_id: int | None = None
) -> list[ActionRow]:
    """Actions in a state (`open`: those a person has to decide; `all`), due ones first."""
    query = select(actions).order_by(actions.c.due.is_(None), actions.c.due, actions.c.id).limit(limit).offset(after)
    if state == "open":
        query = query.where(actions.c.state.in_(OPEN))
    elif state != "all":
        query = query.where(actions.c.state == state)
    if case_id is not None:
        query = query.where(actions.c.case_id == case_id)
    return [as_row(r) for r in connection.execute(query)]


def decisions(connection: Connection, action_id: int) -> list[dict[str, Any]]:
    """Every decision about an action, oldest first."""
    query = select(approvals).where(approvals.c.action_id == action_id).order_by(approvals.c.id)
    return [dict(r._mapping) for r in connection.execute(query)]


def history(connection: Connection, action_id: int) -> list[dict[str, Any]]:
    """Every revision of an action's payload, oldest first."""
    query = select(revisions).where(revisions.c.action_id == action_id).order_by(revisions.c.revision)
    return [{**r._mapping, "payload": json.loads(r.payload)} for r in connection.execute(query)]


def may_decide(row: ActionRow, who: Who, now: datetime | None = None) -> bool:
    """Whether the rule, an assignment or an escalation lets this person decide."""
    names = set(row.rule.get("by") or ())
    if row.assigned:
        names.add(row.assigned)
    if row.due and row.due < (now or utcnow()) and row.rule.get("escalate"):
        names.add(row.rule["escalate"])
    return bool(names & (who.groups | {who.name}))


# deciding ----------------------------------------------------------------


def approve(connection: Connection, shown: Sequence[Shown], who: Who, comment: str = "") -> list[str]:
    """Record one person's approval of exactly these revisions; returns the new state of each.

    Raises Stale if one of them is not what is stored, NotAllowed if this person may not decide it.
    """
    if not shown:
        return []
    rows, now = _current_many(connection, shown, _DECIDABLE), utcnow()
    for row in rows:
        _require_authority(connection, row, who)
        if row.rule.get("comment") and not comment.strip():
            raise NotAllowed(
                "This needs a word on how it was checked (a call back to the known number, for instance): write a comment."
            )
    again = _used_up(connection, rows, now)
    rows = [_decided_again(connection, row) if row.id in again else row for row in rows]
    _decide(connection, rows, "approve", who, comment, now)
    given = approvers_of(connection, rows, now)
    enough = [row for row in rows if len(given[row.id]) >= needed(row)]
    for undo, group in groupby(sorted(enough, key=_undo), _undo):
        _cas(connection, [row.shown for row in group], _DECIDABLE, state="approved", not_before=now + undo, error=None)
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
    query = select(approvals.c.action_id, approvals.c.revision).where(
        approvals.c.action_id.in_([row.id for row in rows]), approvals.c.decision == "approve", approvals.c.expires <= now
    )
    expired = {tuple(found) for found in connection.execute(query)}
    return {row.id for row in rows if row.state == "refused" or (row.id, row.revision) in expired}


def _decided_again(connection: Connection, row: ActionRow) -> ActionRow:
    _next_revision(connection, row, row.payload, composer(connection, row), "decided again")
    return get(connection, row.id)


def needed(row: ActionRow) -> int:
    """How many different people have to approve; at least one, whatever a rule says."""
    return max(1, int(row.rule.get("count", 1)))


def approvers(connection: Connection, row: ActionRow, now: datetime) -> set[str]:
    """The different people whose approval of exactly this revision is valid now; nobody's, once it was rejected."""
    return approvers_of(connection, [row], now)[row.id]


def approvers_of(connection: Connection, rows: Sequence[ActionRow], now: datetime) -> dict[int, set[str]]:
    """`approvers` of several actions, by action."""
    given: dict[int, set[str]] = {row.id: set() for row in rows}
    shown, refused = {row.id: row.shown for row in rows}, set()
    for action_id, revision, decision, digest, expires, person in connection.execute(_GIVEN, {"which": list(given)}).all():
        row = shown[action_id]
        if revision != row.revision:
            continue
        if decision == "reject":
            refused.add(action_id)
        elif decision == "approve" and digest == row.sha256 and expires > now:
            given[action_id].add(person)
    return {action_id: set() if action_id in refused else people for action_id, people in given.items()}


def _require_authority(connection: Connection, row: ActionRow, who: Who) -> None:
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not decide action {row.id}; it is for {', '.join(row.rule.get('by') or ['nobody'])}.")
    if needed(row) > 1 and composer(connection, row) == who.name:
        raise NotAllowed("You composed this version yourself; with four eyes asked for, somebody else has to approve it.")


def composer(connection: Connection, row: ActionRow) -> str:
    """Who composed the current revision: a person, or `flow`."""
    query = select(revisions.c.composed_by).where(revisions.c.action_id == row.id, revisions.c.revision == row.revision)
    return str(connection.execute(query).scalar())


def reject(connection: Connection, shown: Sequence[Shown], who: Who, reason: str) -> None:
    """A person says no: none of these will ever run. Raises Stale or NotAllowed."""
    ids = []
    for item in shown:
        row = _current(connection, item, _WITHDRAWABLE)
        if not may_decide(row, who):
            raise NotAllowed(
                f"{who.name} may not decide action {row.id}; it is for {', '.join(row.rule.get('by') or ['nobody'])}."
            )
        _decide(connection, [row], "reject", who, reason, utcnow())
        _cas(connection, [item], _WITHDRAWABLE, state="rejected", effect_key=None, error=None)
        corrections.keep(connection, row.case_id, f"{row.flow}/{row.path}", "reject", row.data, {"reason": reason}, who.name)
        data = {"revision": row.revision, "sha256": row.sha256, "reason": reason, "channel": who.channel}
        audit.append(connection, [Event("action.rejected", who.name, f"action:{row.id}", data)])
        ids.append(row.case_id)
    cases.wake(connection, ids)


@dataclass(frozen=True)
class Edit:
    """A validated new version of a payload, with what was found out about it again."""

    payload: Mapping[str, Any]
    sentence: str
    warnings: Sequence[Mapping[str, Any]]
    rests_on: Mapping[str, Any]
    business_key: str | None = None
    """The business fact of the new version; None where it is the same as before."""


def edit(connection: Connection, shown: Shown, edited: Edit, who: Who) -> Shown:
    """Store a person's version as the next revision; approvals of earlier ones are void. Returns what to show now."""
    row = _current(connection, shown, _WITHDRAWABLE)
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not edit action {row.id}.")
    before, payload = row.data, canonical(edited.payload)
    after = json.loads(payload)
    changed = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    origins = {**row.origins, **{k: [f"person:{who.name}"] for k in changed}}
    stop = any(w.get("stop") for w in edited.warnings)
    rule = {**row.rule, "count": max(2, int(row.rule.get("count", 1))), "comment": True} if stop else row.rule
    new = _next_revision(connection, row, payload, who.name, "edited", sentence=edited.sentence, origins=origins, rule=rule,
                         warnings=list(edited.warnings), rests_on=edited.rests_on, **_business(connection, row, edited))  # fmt: skip
    corrections.keep(connection, row.case_id, f"{row.flow}/{row.path}", "edit", before, after, who.name)
    data = {"revision": new.revision, "sha256": new.sha256, "fields": sorted(changed)}
    audit.append(connection, [Event("action.edited", who.name, f"action:{row.id}", data)])
    return new


def _business(connection: Connection, row: ActionRow, edited: Edit) -> dict[str, str]:
    """The new business fact of an edited action, if it has one. Raises NotAllowed where another action stands for it."""
    if edited.business_key is None:
        return {}
    effect_key = _effect_key(row.connection, row.action, edited.business_key)
    other = connection.execute(select(actions.c.id).where(actions.c.effect_key == effect_key, actions.c.id != row.id)).scalar()
    if other:
        raise NotAllowed(f"The same is already prepared or done as action {other}; reject this one, or correct what you changed.")
    return {"business_key": storable(edited.business_key)[:255], "effect_key": effect_key}


def void(connection: Connection, row: ActionRow, reason: str, actor: str, code: str = "changed") -> None:
    """What the approval rested on has changed: a new revision with the reason as a warning, to be decided again."""
    kept = [w for w in row.warnings if w.get("code") != code]
    _next_revision(
        connection,
        row,
        row.payload,
        composer(connection, row),
        reason,
        warnings=[*kept, {"code": code, "text": reason, "stop": False}],
    )
    audit.append(connection, [Event("action.voided", actor, f"action:{row.id}", {"reason": reason})])


def void_threads(connection: Connection, keys: Sequence[str], new_case: int, reason: str) -> int:
    """A new mail came in these conversations: void what is proposed or approved in them. Returns how many."""
    ids = [i for i in cases.in_thread(connection, keys) if i != new_case]
    query = select(actions).where(actions.c.case_id.in_(ids), actions.c.state.in_(("proposed", "approved")))
    rows = [as_row(r) for r in connection.execute(query.order_by(actions.c.id).with_for_update())] if ids else []
    for row in rows:
        void(connection, row, reason, "intake", "thread")
    return len(rows)


def take_back(connection: Connection, action_id: int, who: Who) -> None:
    """Undo an approval while its window is open: back to proposed. Raises Stale when it has left already."""
    rows = [r for r in card(connection, action_id) if r.id == action_id or r.state not in ("withdrawn", "rejected", "proposed")]
    for row in rows:
        if row.state != "approved":
            raise Stale(f"Action {row.id} is {row.state}; only what is approved and has not run yet can be taken back.")
        if not may_decide(row, who):
            raise NotAllowed(f"{who.name} may not take back action {row.id}.")
        _next_revision(connection, row, row.payload, composer(connection, row), "taken back")
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


def resolve(connection: Connection, shown: Shown, who: Who, *, happened: bool, comment: str) -> None:
    """A person decides an uncertain action with the evidence before them: it happened, or it is proposed anew."""
    row = _current(connection, shown, ("uncertain",))
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not decide action {row.id}.")
    _decide(connection, [row], "resolve", who, comment, utcnow())
    if happened:
        receipt = {"evidence": {"stated_by": who.name, "comment": comment}}  # what came of it is found out when its case goes on
        _cas(connection, [shown], ("uncertain",), state="done", receipt=receipt, error=None)
        cases.wake(connection, [row.case_id])
    else:
        _next_revision(connection, row, row.payload, composer(connection, row), "did not happen; to be decided again")
    audit.append(connection, [Event("action.resolved", who.name, f"action:{row.id}", {"happened": happened, "comment": comment})])


def tell(connection: Connection, row: ActionRow, evidence: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """What is known of an action of which a person said that it happened: found outside, or what follows from its payload."""
    receipt = {"evidence": {**evidence, **row.receipt["evidence"]}, "outputs": dict(outputs)}
    connection.execute(update(actions).where(actions.c.id == row.id, actions.c.state == "done").values(receipt=receipt))
    cases.sent(connection, [(row.case_id, outputs)])
    audit.append(
        connection, [Event("action.looked-up", "gate", f"action:{row.id}", {"found": bool(evidence), "receipt": evidence})]
    )


def _next_revision(connection: Connection, row: ActionRow, payload: bytes, by: str, reason: str, **values: Any) -> Shown:
    now, new = utcnow(), Shown(row.id, row.revision + 1, sha256(payload))
    values = {**values, **_relisted(row, payload, values)}
    _cas(connection, [row.shown], (row.state,), revision=new.revision, payload=payload, sha256=new.sha256, state="proposed", not_before=None, error=None, **values)  # fmt: skip
    _keep_revision(connection, row.id, new.revision, payload, by, reason, now)
    return new


def _relisted(row: ActionRow, payload: bytes, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns for lists, of a new revision; whom it is about stays."""
    rule, warnings = values.get("rule", row.rule), values.get("warnings", row.warnings)
    amount = facets.number_of(facets.amount_of([facets.payload_of(payload)])[0])
    return {**facets.ruled(rule, row.assigned), "risk": facets.risk_of(warnings), "amount": amount}


def _current(connection: Connection, shown: Shown, states: tuple[str, ...]) -> ActionRow:
    return _current_many(connection, [shown], states)[0]


def _current_many(connection: Connection, shown: Sequence[Shown], states: tuple[str, ...]) -> list[ActionRow]:
    """Actions that nobody else decides meanwhile: two pairs of eyes at the same moment must see each other."""
    ids = [item.action_id for item in shown]
    query = select(actions).where(actions.c.id.in_(ids)).order_by(actions.c.id).with_for_update()
    found = {row.id: as_row(row) for row in connection.execute(query).all()}
    for item in shown:
        _require_current(found.get(item.action_id) or get(connection, item.action_id), item, states)
    if len(found) != len(ids):
        raise Stale("One of these is named twice; each is decided once.")
    return [found[i] for i in ids]


def _require_current(row: ActionRow, shown: Shown, states: tuple[str, ...]) -> None:
    if (row.revision, row.sha256) != (shown.revision, shown.sha256):
        raise Stale(f"Action {row.id} has a newer revision ({row.revision}); look at it and decide again.")
    if row.state not in states:
        raise Stale(f"Action {row.id} is {row.state} already.")


def _cas(connection: Connection, shown: Sequence[Shown], states: tuple[str, ...], **values: Any) -> None:
    """Compare and set on (id, revision, hash, state) of each. Raises Stale when somebody else was faster."""
    same = tuple_(actions.c.id, actions.c.revision, actions.c.sha256)
    where = and_(same.in_([(s.action_id, s.revision, s.sha256) for s in shown]), actions.c.state.in_(states))
    if connection.execute(update(actions).where(where).values(updated=utcnow(), **values)).rowcount != len(shown):
        numbers = ", ".join(str(s.action_id) for s in shown)
        raise Stale(f"Action {numbers} was changed by somebody else; look at it again.")


def _decide(connection: Connection, rows: Sequence[ActionRow], decision: str, who: Who, comment: str, now: datetime) -> None:
    """One decision of one person on each of these. Raises Stale where they have said so already."""
    query = select(approvals.c.action_id, approvals.c.revision).where(
        approvals.c.action_id.in_([r.id for r in rows]), approvals.c.person == who.name, approvals.c.decision == decision
    )
    taken = {tuple(found) for found in connection.execute(query)}
    if again := next((r for r in rows if (r.id, r.revision) in taken), None):
        raise Stale(f"{who.name} has decided action {again.id} already; it waits for somebody else.")
    common = {"decision": decision, "person": who.name, "channel": who.channel, "comment": comment, "at": now}
    expires = {r.id: now + parse_duration(r.rule.get("expires") or "7d") if decision == "approve" else None for r in rows}
    keys = [{"action_id": r.id, "revision": r.revision, "sha256": r.sha256, "expires": expires[r.id]} for r in rows]
    connection.execute(insert(approvals), [{**key, **common} for key in keys])


def counts(connection: Connection) -> dict[str, int]:
    """How many actions are in each state."""
    rows = connection.execute(select(actions.c.state, func.count()).group_by(actions.c.state))
    return {r[0]: r[1] for r in rows}


def of_cases(connection: Connection, ids: Sequence[int]) -> dict[int, list[ActionRow]]:
    """The actions of several cases, by case."""
    result: dict[int, list[ActionRow]] = {}
    for row in connection.execute(_OF_CASES, {"which": list(ids)}).all():
        result.setdefault(row.case_id, []).append(as_row(row))
    return result
