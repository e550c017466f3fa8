"""`kontorist init | test | flows`: an office from a starter, the tests beside its flows, their pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli import flow_versions
from kontorist.cli.common import (
    DATA,
    EXIT_PROBLEM,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    out,
    say,
    table,
)
from kontorist.core.errors import NotFound

_flows = typer.Typer(help="The flows of this office, and their pictures.", invoke_without_command=True)


@_flows.callback()
def flows(context: typer.Context, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """List the flows of this office, with what starts them."""
    if context.invoked_subcommand is not None:
        return
    rows = []
    for name, flow in open_office(office).flows.items():
        kind = flow.trigger.kind() if flow.trigger else None
        rows.append({"name": name, "description": flow.description, "trigger": kind, "steps": len(flow.steps)})
        if as_json:
            json_line(rows[-1])
    if not as_json:
        table("Flows", ("name", "description", "trigger", "steps"), [list(row.values()) for row in rows])


@_flows.command()
def picture(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")],
    case: Annotated[
        int | None, typer.Option("--case", help="Highlight the path of this case, on the flow as it was then.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE.svg", help="Write a file instead of printing.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Draw a flow as SVG."""
    from kontorist.core.picture import picture as draw

    known, journal = open_office(office).flows, None
    if case is not None:
        known, journal = _of_case(data, known, case)
    if flow not in known:
        raise NotFound(f"There is no flow '{flow}'; there are: {', '.join(known)}.")
    svg = draw(known[flow], known, journal)
    if to is None:
        out(svg)
    else:
        to.write_text(svg, encoding="utf-8")
        say(f"The picture is {to}.")


def _of_case(data: Path, flows: Any, case_id: int) -> tuple[Any, dict[str, Any]]:
    """The flows as they were when a case began, and what its steps gave."""
    from kontorist.cli.common import open_store
    from kontorist.store import actions, cases, versions

    with open_store(data).read() as connection:
        found = cases.load(connection, [case_id])
        if not found:
            raise NotFound(f"There is no case {case_id}.")
        rows = actions.of_cases(connection, [case_id]).get(case_id, [])
        then = versions.flows_of(connection, found[0].flow_version) or flows
    return then, {row.path: row.state for row in rows} | {path: e.output for path, e in found[0].journal.items()}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    flow_versions.register(_flows)
    app.command()(init)
    app.command("test")(run_flow_tests)
    app.add_typer(_flows, name="flows")


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new office.")],
    from_: Annotated[str, typer.Option("--from", help="Name of a starter; `list` shows them.")] = "sample",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Make a new office from a starter: of what came with the product, wherever it is called."""
    from flows import starters

    if from_ == "list":
        for name, text in starters.there_are().items():
            out(f"{name}\t{text}")
        return
    starters.make(from_, directory)
    say(f"The office is in {directory}. Edit it, then: kontorist check --office {directory}")


def run_flow_tests(
    flows: Annotated[list[str] | None, typer.Argument(metavar="[FLOW…]", help="Only these flows.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Run the tests beside the flows (flows/NAME.test.yaml). Nothing is done."""
    from flows.flowtest import run_tests

    loaded = open_office(office).require_valid()
    for name in flows or ():
        if name not in loaded.flows:
            raise NotFound(f"There is no flow '{name}'; there are: {', '.join(loaded.flows)}.")
    passed = failed = 0
    for name in flows or loaded.flows:
        for verdict in run_tests(loaded, data, name):
            passed, failed = passed + (not verdict.wrong), failed + bool(verdict.wrong)
            if as_json:
                json_line({"flow": name, "test": verdict.name, "passed": not verdict.wrong, "wrong": verdict.wrong})
            else:
                out(
                    f"{'BAD' if verdict.wrong else 'ok '}  {name}: {verdict.name}{': ' if verdict.wrong else ''}{'; '.join(verdict.wrong)}"
                )
    if not passed + failed:
        say("There are no tests; write flows/NAME.test.yaml.")
    else:
        say(f"{passed} passed, {failed} failed.")
    sys.exit(EXIT_PROBLEM if failed else 0)
