"""Edited actions: a version of a person is the next revision, to be approved anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kontorist.core.errors import NotAllowed
from kontorist.core.values import canonical
from kontorist.store import audit, corrections, facets, proposing, settling
from kontorist.store.action_revisions import WITHDRAWABLE, current, next_revision
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.audit import Event
from kontorist.store.authority import Who, may_decide
from kontorist.store.tables import actions, storable


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
    row = current(connection, shown, WITHDRAWABLE)
    if not may_decide(row, who):
        raise NotAllowed(f"{who.name} may not edit action {row.id}.")
    before, payload = row.data, canonical(edited.payload)
    after = json.loads(payload)
    changed = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    origins = {**row.origins, **{k: [f"person:{who.name}"] for k in changed}}
    rule = _rule(row, edited, after, changed)
    new = next_revision(connection, row, payload, who.name, "edited", sentence=edited.sentence, origins=origins, rule=rule,
                         warnings=list(edited.warnings), rests_on=edited.rests_on, **_business(connection, row, edited))  # fmt: skip
    settling.link(connection, [(row.id, row.case_id, edited.rests_on)])
    corrections.keep(connection, row.case_id, f"{row.flow}/{row.path}", "edit", before, after, who.name)
    data = {"revision": new.revision, "sha256": new.sha256, "fields": sorted(changed)}
    audit.append(connection, [Event("action.edited", who.name, f"action:{row.id}", data)])
    return new


def _rule(row: ActionRow, edited: Edit, after: Mapping[str, Any], changed: Sequence[str]) -> Mapping[str, Any]:
    """Who has to approve the new version: two others at least where a warning says stop, or where the flow might ask for more people now."""
    stop = any(w.get("stop") for w in edited.warnings)
    if not stop and not _may_ask_for_more(row, after, changed):
        return row.rule
    return {**row.rule, "count": max(2, int(row.rule.get("count", 1))), **({"comment": True} if stop else {})}


def _may_ask_for_more(row: ActionRow, after: Mapping[str, Any], changed: Sequence[str]) -> bool:
    """Whether the number of people was worked out from what was changed: that is over the case's values, so it cannot be done again here."""
    varies = set(row.rule.get("varies") or ())
    amounts = [facets.amount_of([payload]) for payload in (row.data, after)]
    return bool(varies) and (proposing.ANY_FIELD in varies or not varies.isdisjoint(changed) or amounts[0] != amounts[1])


def _business(connection: Connection, row: ActionRow, edited: Edit) -> dict[str, str]:
    """The new business fact of an edited action, if it has one. Raises NotAllowed where another action stands for it."""
    if edited.business_key is None:
        return {}
    effect_key = proposing.effect_key(row.connection, row.action, edited.business_key)
    other = connection.execute(select(actions.c.id).where(actions.c.effect_key == effect_key, actions.c.id != row.id)).scalar()
    if other:
        raise NotAllowed(f"The same is already prepared or done as action {other}; reject this one, or correct what you changed.")
    return {"business_key": storable(edited.business_key)[:255], "effect_key": effect_key}
