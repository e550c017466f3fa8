"""The values of a case at one place of its flow, rebuilt from its journal.

A path names a step: `topic`, `-2/wanted` (in the second, unnamed step), `lines#3/post` (fourth entry of an `each:`),
`hand>/order` (in the flow that `hand` uses). Behind `#n` names of the steps around stay visible; behind `>` a used flow
sees only what arrived and its parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kontorist.core.clock import utcnow
from kontorist.core.filters import ZONE
from kontorist.store.cases import Case, Entry

BINDING = ("set", "use", "entry")
"""Kinds of journal entries whose output is a mapping of names."""


@functools.lru_cache(maxsize=4096)
def scope_of(path: str) -> str:
    """The part of a path within which its step's name is visible."""
    mark = max(path.rfind("#"), path.rfind(">"))
    return path[: path.index("/", mark) + 1] if mark >= 0 else ""


def visible(case: Case, path: str) -> Iterator[Entry]:
    """The journal entries whose names a step at this path may use, in order."""
    mark = path.rfind(">")
    fresh = path[: mark + 2] if mark >= 0 else ""
    for entry in case.journal.values():
        scope = scope_of(entry.path)
        if path.startswith(scope) and scope.startswith(fresh):
            yield entry


def arrived(case: Case, now: datetime | None = None) -> dict[str, Any]:
    """What every flow sees of a case: the trigger's data, the documents, the date."""
    moment = now or utcnow()
    return {
        **case.data,
        "documents": [d.as_dict() for d in case.documents],
        "case": {
            "id": case.id,
            "title": case.title,
            "source": case.source,
            "flow": case.flow,
            "received": case.created.astimezone(ZONE).date(),
        },
        "now": moment,
        "today": moment.astimezone(ZONE).date(),
    }


def values_of(case: Case, path: str) -> dict[str, Any]:
    """The names and values that a step at this path may use."""
    values = arrived(case)
    for entry in visible(case, path):
        if entry.kind in BINDING:
            values.update(entry.output)
        elif entry.step:
            values[entry.step] = entry.output
    return values


def origins_of(case: Case, path: str) -> dict[str, list[str]]:
    """For each visible name, where its value came from: sender, document, erp, model, template, office."""
    origins = {
        "mail": ["sender"],
        "file": ["document"],
        "documents": ["document"],
        "row": ["erp"],
        "table": ["erp"],
        "before": ["document"],
    }
    for entry in visible(case, path):
        known = entry.info.get("origins", [])
        if entry.kind in BINDING:
            origins.update({name: list(known.get(name, ())) for name in entry.output} if isinstance(known, dict) else {})
        elif entry.step:
            origins[entry.step] = list(known)
    return origins
