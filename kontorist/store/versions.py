"""Versions of flows: a case ends on the version it began with, and what that was can be shown for ever.

A version is a flow together with every flow it uses; its name is the hash of them all. Each change is kept with its text,
who made it and, where a person had to agree (`flow_changes: four-eyes` in office.yaml), who did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from kontorist.core.clock import utcnow
from kontorist.core.flow import Flow, UseStep, walk
from kontorist.core.values import canonical, sha256
from kontorist.store import audit, office_state
from kontorist.store.audit import Event
from kontorist.store.tables import cases, state

NEWEST = ""
"""The version of a case that goes on with whatever is newest: a person had it try again, or moved it."""
_OPEN = ("runnable", "waiting", "unclear", "failed")

Flows = Mapping[str, Flow]


@dataclass(frozen=True)
class Change:
    """One change of a flow; a roll back to an earlier version is one, too."""

    version: str
    at: datetime
    who: str
    refused: str = ""
    """Why it is not in use: what `check` found, or whose approval it waits for."""


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


def keep(
    connection: Connection,
    flows: Flows,
    name: str,
    *,
    refused: str = "",
    who: Callable[[], str] = str,
    texts: Mapping[str, str] | None = None,
) -> str:
    """Keep what a flow is now and, if it has changed, who changed it; one that is not refused is what to go on with while its file is broken."""
    version = version_of(flows, name)
    kept = _load(connection, version)
    if kept is None or (texts and not kept.get("texts")):
        wanted = {n: (texts or {})[n] for n in closure(flows, name) if n in (texts or {})}
        kept = {**(kept or {"at": utcnow()}), "flow": name, "flows": _dumped(flows, name), "texts": wanted}
        office_state.put(connection, _key(version), kept)
    _note(connection, name, version, refused, who)
    if not refused and office_state.get(connection, _good(name)) != version:
        office_state.put(connection, _good(name), version)
    return version


def said(connection: Connection, name: str, person: str) -> None:
    """The next change of a flow is this person's: they rolled it back."""
    office_state.put(connection, _author(name), person)


def _note(connection: Connection, name: str, version: str, refused: str, who: Callable[[], str]) -> None:
    """Append to the flow's history, if it is a change; what was refused and is not any more is the same change."""
    known = history(connection, name)
    last = known[-1] if known else None
    if last is not None and (last.version, last.refused) == (version, refused):
        return
    if last is not None and last.version == version:
        known[-1] = Change(version, last.at, last.who, refused)
    else:
        by = office_state.get(connection, _author(name)) or who()
        office_state.put(connection, _author(name), None)
        known.append(Change(version, utcnow(), by, refused))
        data = {"flow": name, "version": version, "before": last.version if last else "", "refused": refused}
        audit.append(connection, [Event("flow.changed", by or "file", "office", data)])
    office_state.put(connection, _history(name), [vars(c) for c in known])


def history(connection: Connection, name: str) -> list[Change]:
    """Every change of a flow, oldest first."""
    return [Change(**kept) for kept in office_state.get(connection, _history(name)) or ()]


def approvals(connection: Connection, version: str) -> Sequence[str]:
    """Who agreed to a version."""
    return tuple((_load(connection, version) or {}).get("approved_by", ()))


def approve(connection: Connection, version: str, person: str) -> None:
    """Note that a person agrees to a version."""
    kept = _load(connection, version)
    by = [*kept.get("approved_by", ()), person]
    office_state.put(connection, _key(version), {**kept, "approved_by": by})
    audit.append(connection, [Event("flow.approved", person, "office", {"flow": kept["flow"], "version": version})])


def is_good(connection: Connection, name: str, version: str) -> bool:
    """Whether this is what the flow goes on with."""
    return bool(office_state.get(connection, _good(name)) == version)


def last_good(connection: Connection, name: str) -> dict[str, Flow] | None:
    """The flow, and those it used, as they were when it was last without a fault; None when it never was."""
    version = office_state.get(connection, _good(name))
    return None if version is None else flows_of(connection, str(version))


def flows_of(connection: Connection, version: str) -> dict[str, Flow] | None:
    """The flows of a version, or None when it is not known."""
    kept = _load(connection, version)
    return None if kept is None else {n: Flow.model_validate(dumped) for n, dumped in kept["flows"].items()}


def texts_of(connection: Connection, version: str) -> dict[str, str]:
    """The files of a version as the admin wrote them, the flow's own first; written anew where only their meaning was kept."""
    kept = _load(connection, version)
    if kept is None:
        return {}
    names = sorted(kept["flows"], key=lambda n: (n != kept["flow"], n))
    return {n: (kept.get("texts") or {}).get(n) or _written(kept["flows"][n]) for n in names}


def _written(dumped: Any) -> str:
    import yaml

    return yaml.safe_dump(dumped, allow_unicode=True, sort_keys=False)


def at_work(connection: Connection, name: str) -> dict[str, int]:
    """How many cases of a flow have not ended, by the version they go on with."""
    query = select(cases.c.flow_version).where(cases.c.flow == name, cases.c.state.in_(_OPEN))
    found: dict[str, int] = {}
    for version in connection.execute(query).scalars():
        found[version] = found.get(version, 0) + 1
    return found


def move(connection: Connection, name: str, ids: Sequence[int], person: str) -> list[int]:
    """Let cases that have not ended go on with the newest version of their flow; returns which."""
    where = [cases.c.flow == name, cases.c.state.in_(_OPEN), cases.c.flow_version != NEWEST]
    if ids:
        where.append(cases.c.id.in_(ids))
    moved = [(int(r.id), r.flow_version) for r in connection.execute(select(cases.c.id, cases.c.flow_version).where(*where))]
    for start in range(0, len(moved), 500):
        part = [i for i, _ in moved[start : start + 500]]
        connection.execute(update(cases).where(cases.c.id.in_(part)).values(flow_version=NEWEST))
    audit.append(connection, [Event("case.moved-on", person, f"case:{i}", {"flow": name, "from": v}) for i, v in moved])
    return [i for i, _ in moved]


def begin(connection: Connection, newest: Mapping[int, str]) -> None:
    """Give cases that go on with the newest version that version."""
    for case_id, version in newest.items():
        connection.execute(
            update(cases).where(cases.c.id == case_id, cases.c.flow_version == NEWEST).values(flow_version=version)
        )


def matching(connection: Connection, name: str, begin: str) -> str | None:
    """The version of a flow that begins with these digits, if there is exactly one."""
    rows = connection.execute(select(state.c.name, state.c.value).where(state.c.name.startswith(f"version.{begin}")))
    found = [r.name.removeprefix("version.") for r in rows if r.value["flow"] == name]
    return found[0] if len(found) == 1 else None


def _load(connection: Connection, version: str) -> Any:
    return office_state.get(connection, _key(version))


def _key(version: str) -> str:
    return f"version.{version}"


def _good(name: str) -> str:
    return f"good.{sha256(name.encode())[:24]}"


def _author(name: str) -> str:
    return f"author.{sha256(name.encode())[:24]}"


def _history(name: str) -> str:
    return f"history.{sha256(name.encode())[:24]}"
