"""`kontorist init | test`: an office from a starter, and the tests beside its flows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

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
)
from kontorist.core.errors import NotFound


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command("test")(run_flow_tests)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new office.")],
    from_: Annotated[str, typer.Option("--from", help="Name of a starter; `list` shows them.")] = "sample",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Make a new office from a starter."""
    from flows import starters

    if from_ == "list":
        for name, text in starters.there_are().items():
            out(f"{name}\t{text}")
        return
    starters.make(from_, directory, office)
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
