"""Ends cases whose last step is an action that has just been carried out: nothing follows, so nobody has to walk through them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.runtime import Runtime
from flows.walk import done_entry, path_of
from kontorist.core.flow import ActionStep
from kontorist.store import case_endings
from kontorist.store.actions import ActionRow
from kontorist.store.case_endings import Last


def end(runtime: Runtime, done: Sequence[tuple[ActionRow, Mapping[str, Any]]]) -> list[str]:
    """End the cases of these actions, each with its outputs, where nothing follows; the flow of each that has ended.

    In a transaction of its own: what is reported of an effect does not depend on it. A case for which it is not done is moved on as any other.
    """
    last = [found for row, outputs in done if (found := _last(runtime, row, outputs)) is not None]
    if not last:
        return []
    with runtime.database.write() as connection:
        ended = case_endings.end(connection, last, runtime.owner, runtime.run)
    return [one.entry.flow for one in ended]


def _last(runtime: Runtime, row: ActionRow, outputs: Mapping[str, Any]) -> Last | None:
    flow = runtime.office.flows.get(row.flow)
    step = flow.steps[-1] if flow and flow.steps else None
    if flow is None or not isinstance(step, ActionStep) or path_of(step, len(flow.steps) - 1) != row.path:
        return None
    entry = done_entry(row, 0, step.id or "", row.flow, outputs)
    return Last(row.case_id, row.id, runtime.flow_versions[row.flow], entry)
