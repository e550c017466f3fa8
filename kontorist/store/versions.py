"""Versions of flows: a case ends on the version it began with, and what that was can be shown for ever.

A version is a flow together with every flow it uses; its name is the hash of them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.core.flow import Flow, UseStep, walk
from kontorist.core.values import canonical, sha256
from kontorist.store import office_state
from kontorist.store.tables import cases, state

NEWEST = ""
"""The version of a case that goes on with whatever is newest: a person had it try again."""

Flows = Mapping[str, Flow]


def closure(flows: Flows, name: str) -> dict[str, Flow]:
    """A flow and every flow that it uses, directly or not."""
    found: dict[str, Flow] = {}
    todo = [name]
    while todo:
        current = todo.pop()
        if current in found or current not in flows:
            continue
        found[current] = flows[current]
        todo += [step.use for _, step in walk(flows[current].steps) if isinstance(step, UseStep)]
    return found


def _dumped(flows: Flows, name: str) -> dict[str, Any]:
    return {n: flow.model_dump(mode="json", by_alias=True, exclude_defaults=True) for n, flow in closure(flows, name).items()}


def version_of(flows: Flows, name: str) -> str:
    """The version of a flow, 12 hexadecimal digits."""
    return sha256(canonical({"flow": name, "flows": _dumped(flows, name)}))[:12]


def keep(connection: Connection, flows: Flows, name: str, *, good: bool) -> str:
    """Keep what a flow is now; `good` marks it as what to go on with while its file is broken."""
    version = version_of(flows, name)
    if _load(connection, version) is None:
        office_state.put(connection, _key(version), {"flow": name, "flows": _dumped(flows, name), "at": utcnow()})
    if good and office_state.get(connection, _good(name)) != version:
        office_state.put(connection, _good(name), version)
    return version


def last_good(connection: Connection, name: str) -> dict[str, Flow] | None:
    """The flow, and those it used, as they were when it was last without a fault; None when it never was."""
    version = office_state.get(connection, _good(name))
    return None if version is None else flows_of(connection, str(version))


def flows_of(connection: Connection, version: str) -> dict[str, Flow] | None:
    """The flows of a version, or None when it is not known."""
    kept = _load(connection, version)
    return None if kept is None else {n: Flow.model_validate(dumped) for n, dumped in kept["flows"].items()}


def history(connection: Connection, name: str) -> list[tuple[datetime, str]]:
    """Every version of a flow with the moment it was first seen, oldest first."""
    rows = connection.execute(select(state).where(state.c.name.startswith("version.")))
    return sorted((r.value["at"], r.name.removeprefix("version.")) for r in rows if r.value["flow"] == name)


def begin(connection: Connection, newest: Mapping[int, str]) -> None:
    """Give cases that go on with the newest version that version."""
    for case_id, version in newest.items():
        connection.execute(
            update(cases).where(cases.c.id == case_id, cases.c.flow_version == NEWEST).values(flow_version=version)
        )


def _load(connection: Connection, version: str) -> Any:
    return office_state.get(connection, _key(version))


def _key(version: str) -> str:
    return f"version.{version}"


def _good(name: str) -> str:
    return f"good.{sha256(name.encode())[:24]}"
