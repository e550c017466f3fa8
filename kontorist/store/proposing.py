"""Proposing actions: each is stored once for its business fact, with its first revision."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, bindparam, insert, select, update

from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.values import canonical, sha256
from kontorist.store import audit, facets, settling, words
from kontorist.store.action_revisions import keep_first, keep_revision
from kontorist.store.actions import FIELDS, ActionRow, as_row, get, made_of, of_cases
from kontorist.store.audit import Event
from kontorist.store.many import among, insert_new, insert_rows
from kontorist.store.tables import actions, storable
from kontorist.store.tables import cases as cases_table

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_DATA = select(cases_table.c.id, cases_table.c.data).where(among(cases_table.c.id, "which"))
_LEAD = update(actions).where(among(actions.c.id, "which")).values(card=actions.c.id)
_BY_KEY = select(actions.c.key, actions.c.id).where(among(actions.c.key, "keys", "texts"))
_CARD = update(actions).where(actions.c.id == bindparam("which"))
_AT = select(actions).where(actions.c.case_id == bindparam("of_case"), actions.c.path == bindparam("at_path"))


_PROPOSED = (
    "key", "case_id", "flow", "path", "connection", "action", "business_key", "effect_key", "revision", "payload", "sha256", "sentence",
    "origins", "warnings", "rests_on", "rule", "card", "state", "due", "model", "created", "updated", "attempt", "deciders", "escalate",
    "eyes", "risk", "who", "amount",
)  # fmt: skip


ANY_FIELD = "*"


@attrs.frozen(slots=False)
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
    """{"by": [names], "count": n, "due": "4h", "expires": "7d", "escalate": name, "undo": seconds, "varies": [fields]}

    `varies`: the count was worked out for this case, and might be another after an edit of one of these fields.
    """
    together_with: str | None = None
    """Path of the action whose card this shares."""
    model: str = ""


_KEY = 16
"""Random bytes of an action's key."""
_TAKEN = "The same is already prepared or done as action {}."


def propose(connection: Connection, new: NewAction, taken: str = _TAKEN, composed_by: str = "flow") -> tuple[int, int | None]:
    """Store a proposal; returns its id and that of another action which already stands for the same business fact.

    In that case this one is stored as withdrawn and can never run.
    """
    payload, now = canonical(new.payload), utcnow()
    head = _head(connection, new)
    rule = _rule_of(new, head)
    new = _informed(connection, new)
    values = _values(new, rule, _case_data(connection, new.case_id), payload, now, secrets.token_hex(_KEY))
    other = None
    action_id = connection.execute(insert_new(connection, actions, values).returning(actions.c.id)).scalar()
    if action_id is None and (twin := _at(connection, new.case_id, new.path)):
        return twin.id, None  # another worker has worked on this case too, and was faster
    if action_id is None:
        other = connection.execute(select(actions.c.id).where(actions.c.effect_key == values["effect_key"])).scalar_one()
        error = taken.format(other)
        values |= {"effect_key": None, "state": "withdrawn", "error": error}
        action_id = connection.execute(insert(actions).values(values).returning(actions.c.id)).scalar_one()
    card = head.card if head else action_id
    connection.execute(_CARD, {"which": action_id, "card": card})
    keep_revision(connection, action_id, 1, payload, composed_by, "", now)
    words.add(connection, new.case_id, [action_id, new.sentence, new.business_key, new.payload])
    data = {"case": new.case_id, "action": f"{new.connection}.{new.action}", "sha256": values["sha256"], "state": values["state"]}
    by = composed_by if composed_by != "flow" else f"flow:{new.flow}"
    audit.append(connection, [Event("action.proposed", by, f"action:{action_id}", data)])
    if other is None:
        settling.link(connection, [(action_id, new.case_id, new.rests_on)])
    return action_id, other


def _informed(connection: Connection, new: NewAction) -> NewAction:
    """The same with a warning of payments to what it takes to be unpaid."""
    told = settling.payments(connection, new.rests_on)
    return attrs.evolve(new, warnings=[*new.warnings, *told]) if told else new


def _values(
    new: NewAction, rule: Mapping[str, Any], case_data: Mapping[str, Any], payload: bytes, now: datetime, key: str
) -> dict[str, Any]:
    """A proposal as it is stored; its card is known when it has a number."""
    return {
        "key": key,
        "case_id": new.case_id,
        "flow": new.flow,
        "path": new.path,
        "connection": new.connection,
        "action": new.action,
        "business_key": storable(new.business_key)[:255],
        "effect_key": effect_key(new.connection, new.action, new.business_key),
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
        "attempt": 0,
        "due": now + parse_duration(rule["due"]) if rule.get("due") else None,
        "model": new.model,
        "created": now,
        "updated": now,
        **facets.listed(case_data, payload, rule, new.warnings, None),
    }


def propose_many(
    connection: Connection, new: Sequence[NewAction], taken: str = _TAKEN, unnoted: Mapping[int, Any] | None = None
) -> list[ActionRow]:
    """`propose` for the same step of several cases, in a few statements; the actions as they are stored.

    Cases that are found by nothing yet are noted with it: `unnoted` has the values that they are found by themselves.
    """
    if not new:
        return []
    now, heads = utcnow(), _heads(connection, new)
    new = [_informed(connection, n) for n in new]
    ready = [n for n in new if not n.together_with or (n.case_id, n.together_with) in heads]
    data = dict(map(tuple, connection.execute(_DATA, {"which": [n.case_id for n in ready]}).all()))
    rows, keys = [], io.BytesIO(secrets.token_bytes(_KEY * len(ready)))
    for n in ready:
        head = heads.get((n.case_id, n.together_with or ""))
        values = _values(n, _rule_of(n, head), data.get(n.case_id) or {}, canonical(n.payload), now, keys.read(_KEY).hex())
        rows.append({**values, "card": head.card} if head else values)
    ids = _insert_many(connection, rows)
    made = [(n, v, ids[v["key"]]) for n, v in zip(ready, rows, strict=True) if v["key"] in ids]
    _note_many(connection, made, unnoted or {})
    stored = {id(n): _fresh(v, number) for n, v, number in made}
    return [stored.get(id(n)) or get(connection, propose(connection, n, taken)[0]) for n in new]


def _heads(connection: Connection, new: Sequence[NewAction]) -> dict[tuple[int, str], ActionRow]:
    """The actions whose cards are shared, by case and path."""
    if not (wanted := {(n.case_id, n.together_with) for n in new if n.together_with}):
        return {}
    found = of_cases(connection, sorted({case_id for case_id, _ in wanted}))
    return {(row.case_id, row.path): row for rows in found.values() for row in rows if (row.case_id, row.path) in wanted}


def _fresh(values: Mapping[str, Any], number: int) -> ActionRow:
    """A proposal that was stored just now, as reading it would give it."""
    known = {**values, "id": number, "card": values["card"] or number}
    return made_of([known.get(name) for name in FIELDS])


def _insert_many(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The numbers of those that are stored now, by key; what stands already, or for the same fact, is left out."""
    if not rows:
        return {}
    insert_rows(connection, actions, _PROPOSED, [tuple(row[name] for name in _PROPOSED) for row in rows], new=True)
    ids: dict[str, int] = dict(map(tuple, connection.execute(_BY_KEY, {"keys": [row["key"] for row in rows]}).all()))
    if leading := [ids[row["key"]] for row in rows if not row["card"] and row["key"] in ids]:
        connection.execute(_LEAD, {"which": leading})
    return ids


def _note_many(
    connection: Connection, made: Sequence[tuple[NewAction, Mapping[str, Any], int]], unnoted: Mapping[int, Any]
) -> None:
    """First revisions, words to be found by, and audit events of new proposals."""
    if made:
        keep_first(connection, [(v, i) for _, v, i in made])
    words.add_all(connection, [(n.case_id, [i, n.sentence, n.business_key, n.payload]) for n, _, i in made], unnoted)
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
    settling.link(connection, [(i, n.case_id, n.rests_on) for n, _, i in made])


def _case_data(connection: Connection, case_id: int) -> Mapping[str, Any]:
    return connection.execute(select(cases_table.c.data).where(cases_table.c.id == case_id)).scalar() or {}


def effect_key(connection: str, action: str, business_key: str) -> str:
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
    if head and head.rule.get("varies"):
        rule["varies"] = [ANY_FIELD]  # those were fields of the leading action
    if any(w.get("stop") for w in new.warnings):
        return {**rule, "count": max(2, int(rule.get("count", 1))), "comment": True}
    return rule
