"""The versions of a flow with who changed what, and the way back; for the page and the API alike."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kontorist.core.errors import NotAllowed, NotFound
from kontorist.core.flow import Flow
from kontorist.core.office import load_office
from kontorist.inbox.desk import Desk
from kontorist.inbox.viewer import Viewer
from kontorist.store import flow_changes, flow_faults, versions
from kontorist.store.versions import Change

BEGIN = 12
"""Characters of a version's name."""


@dataclass(frozen=True)
class Row:
    """One change as the list of versions shows it."""

    change: Change
    in_use: bool
    """Whether the flow works with this one: of a version that was gone back to it is the newest change."""
    looked_at: bool
    waits: bool
    """Whether all that is missing is another admin who agrees."""


@dataclass(frozen=True)
class FlowVersions:
    """Every change of a flow, and one of them looked at."""

    name: str
    rows: Sequence[Row]
    """Every change, the newest first."""
    used: Mapping[str, int]
    """Version → cases that have not ended on it."""
    wanted: str
    """The version that is looked at; empty where none is known yet."""
    flows: Mapping[str, Flow]
    """The flow of that version with those it uses."""
    text: str
    lines: Sequence[str]
    """What that version changed, as a diff."""


def of(desk: Desk, name: str, wanted: str = "") -> FlowVersions:
    """The versions of a flow; `wanted` is one of them, else the newest. Raises NotFound."""
    office = load_office(desk.office.directory)
    if name not in office.files or name.endswith(".yaml"):
        raise NotFound("There is no such flow.")
    with desk.database.read() as connection:
        changes = versions.history(connection, name)
        used = versions.at_work(connection, name)
        wanted = wanted or (changes[-1].version if changes else "")
        at = max((i for i, c in enumerate(changes) if c.version == wanted), default=None)
        if wanted and at is None:
            raise NotFound("There is no such version of this flow.")
        texts = versions.texts_of(connection, wanted)
        before = versions.texts_of(connection, changes[at - 1].version) if at else {}
        good = next((c.version for c in changes if versions.is_good(connection, name, c.version)), "")
        waits = office.settings.flow_changes == "four-eyes" and name not in flow_faults.known(connection)
        drawn = (versions.flows_of(connection, wanted) if wanted else None) or office.flows
    lines = [line for n in texts for line in _diff(n, before.get(n, ""), texts[n])] if before else []
    return FlowVersions(name, _rows(changes, good, wanted, waits), used, wanted, drawn, texts.get(name, ""), lines)


def _rows(changes: Sequence[Change], good: str, wanted: str, waits: bool) -> list[Row]:
    newest = {c.version: i for i, c in enumerate(changes)}
    last = len(changes) - 1
    return [
        Row(c, i == newest.get(good), i == newest.get(wanted), waits and i == last and bool(c.refused))
        for i, c in reversed(list(enumerate(changes)))
    ]


def _diff(name: str, old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=2))


def approve(desk: Desk, viewer: Viewer, name: str, version: str) -> str:
    """Agree to a change of another admin; returns the version. Raises NotFound, NotAllowed or Rejected."""
    _require(viewer)
    return flow_changes.approve(load_office(desk.office.directory), desk.database, name, version[:BEGIN], viewer.name)


def roll_back(desk: Desk, viewer: Viewer, name: str, version: str) -> str:
    """Write the file of an earlier version; returns the version. Raises NotFound, NotAllowed or Rejected."""
    _require(viewer)
    return flow_changes.roll_back(load_office(desk.office.directory), desk.database, name, version[:BEGIN], viewer.name)


def _require(viewer: Viewer) -> None:
    if viewer.role != "admin":
        raise NotAllowed("Only admins may change flows.")
