"""`kontorist upload`: hands files in for a flow whose trigger is `upload:`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, json_line, open_office, open_store, out


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(upload)


def upload(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow whose trigger is `upload:`.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", exists=True, dir_okay=False, help="The files.")],
    as_: Annotated[str, typer.Option("--as", help="Who hands them in.")] = "shell",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand files in; the next pass works on them. The same file again is taken once."""
    from connectors.handed_in import hand_in

    loaded = open_office(office).require_valid()
    database = open_store(data)
    try:
        for number in hand_in(loaded, database, flow, paths, as_):
            if as_json:
                json_line({"flow": flow, "case": number, "new": number is not None})
            else:
                out(f"Case {number} is taken in." if number else "This was handed in before; nothing is done twice.")
    finally:
        database.close()
