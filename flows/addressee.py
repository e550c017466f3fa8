"""Whom a question to a person is for, and until when: what its step says, else its flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontorist.core import expressions
from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import KontoristError
from kontorist.core.flow import Addressed, Flow
from kontorist.core.office import Office
from kontorist.store.cases import Case
from kontorist.store.context import values_of


def names_of(one: Addressed, values: Mapping[str, Any]) -> list[str]:
    """The groups and people that `by` names, its templates filled in."""
    return [expressions.render(name, values) if "{" in name else name for name in one.names]


def order_of(one: Addressed, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a question keeps of it: `by`, `due` as a moment, and `escalate`; no key for what is not said."""
    due = utcnow() + parse_duration(one.due) if one.due else None
    found = {"by": names_of(one, values), "due": due, "escalate": one.escalate}
    return {key: value for key, value in found.items() if value}


def addressed(office: Office, flow: Flow | None, case: Case, path: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """The question of the step at this path with those it is for: whom the step names, else its flow's `unclear`.

    A name that nobody has is left out: what is for nobody that there is would never be answered.
    """
    asked = {**_usual(flow, case, path), **question}
    known = {*office.settings.people, *office.settings.groups}
    by = [name for name in asked.pop("by", ()) if name in known]
    return {**asked, "by": by} if by else asked


def _usual(flow: Flow | None, case: Case, path: str) -> dict[str, Any]:
    if flow is None or flow.unclear is None:
        return {}
    try:
        return order_of(flow.unclear, values_of(case, path))
    except KontoristError:  # the case stopped before what the template reads: then it is for whoever takes it
        return order_of(flow.unclear.model_copy(update={"by": None}), {})
