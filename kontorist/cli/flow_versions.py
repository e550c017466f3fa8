"""`kontorist flows versions | text | diff | rollback | approve`: what a flow was, who changed it, and the way back."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    say,
    table,
)
from kontorist.core.errors import NotFound

FlowName = Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version, or its first digits.")]
AsOption = Annotated[str, typer.Option("--as", help="The admin who does it; a name of office.yaml.")]
NOW = "now"


def register(app: typer.Typer) -> None:
    """Add these commands to `kontorist flows`."""
    for command in (versions, text, diff, rollback, approve):
        app.command()(command)


def versions(flow: FlowName, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """List the versions of a flow: since when, by whom, what stands against one, and how many cases are on their way with it."""
    from flows import shipping
    from kontorist.store import versions as kept

    database = open_store(data)
    shipping.shipped(shipping.current(office), database)  # a change that nobody has worked with yet is noted, too
    with database.read() as connection:
        changes = kept.history(connection, flow)
        used = kept.at_work(connection, flow)
    if not changes:
        say(f"No version of '{flow}' is known yet; a flow is noted when the office works with it the first time.")
    rows = [
        {"version": c.version, "at": c.at, "who": c.who, "cases": used.get(c.version, 0), "refused": c.refused} for c in changes
    ]
    if as_json:
        for row in rows:
            json_line(row)
    elif rows:
        table(
            f"Versions of {flow}", list(rows[0]), [[f"{r['at']:%Y-%m-%d %H:%M}" if k == "at" else r[k] for k in r] for r in rows]
        )


def text(flow: FlowName, version: Version, office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """Print a flow as it was in a version."""
    out(_texts(office, data, flow, version)[flow])


def diff(
    flow: FlowName,
    old: Annotated[str, typer.Argument(metavar="[OLD]", help="A version; default: the one before the newest.")] = "",
    new: Annotated[str, typer.Argument(metavar="[NEW]", help="A version; default: the file as it is now.")] = NOW,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Show what changed between two versions of a flow and of those it uses."""
    before, after = _texts(office, data, flow, old or _one_before(office, data, flow)), _texts(office, data, flow, new)
    lines = [
        line
        for name in dict.fromkeys([*before, *after])
        for line in difflib.unified_diff(
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
            f"{name} {old or 'before'}",
            f"{name} {new}",
            lineterm="",
        )
    ]
    out("\n".join(lines)) if lines else say("Nothing differs.")


def rollback(
    flow: FlowName, version: Version, as_: AsOption = "", office: OfficeOption = OFFICE, data: DataOption = DATA
) -> None:
    """Write the flow's file as it was in a version; cases on their way end on theirs."""
    from kontorist.store.flow_changes import roll_back

    full = roll_back(open_office(office), open_store(data), flow, version, as_)
    say(f"The flow '{flow}' is again what it was in version {full}.")


def approve(flow: FlowName, version: Version, as_: AsOption = "", office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """Agree to a change that another admin made (`flow_changes: four-eyes` in office.yaml)."""
    from kontorist.store.flow_changes import approve as agree

    full = agree(open_office(office), open_store(data), flow, version, as_)
    say(f"{as_} has agreed to version {full} of '{flow}'; it is in use from the next pass on.")


def _texts(office: Path, data: Path, flow: str, version: str) -> dict[str, str]:
    """The file of a flow, and of those it uses, by name."""
    from kontorist.store import versions as kept

    if version == NOW:
        loaded = open_office(office)
        if flow not in loaded.files:
            raise NotFound(f"There is no flow '{flow}'; there are: {', '.join(loaded.flows)}.")
        names = [flow, *sorted(set(kept.closure(loaded.flows, flow)) - {flow})]
        return {n: "\n".join(loaded.files[n].lines) + "\n" for n in names}
    with open_store(data).read() as connection:
        full = kept.matching(connection, flow, version)
        if full is None:
            raise NotFound(f"The flow '{flow}' has no single version {version}; `kontorist flows versions {flow}` lists them.")
        return kept.texts_of(connection, full)


def _one_before(office: Path, data: Path, flow: str) -> str:
    """The newest version that is not what the file says now."""
    from kontorist.store import versions as kept

    now: Any = open_office(office).flows
    current = kept.version_of(now, flow) if flow in now else ""
    with open_store(data).read() as connection:
        found = [c.version for c in kept.history(connection, flow) if c.version != current]
    if not found:
        raise NotFound(f"There is no earlier version of '{flow}'.")
    return found[-1]
