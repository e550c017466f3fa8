"""`kontorist adopt`: after a restore or a move, a person says that this copy of the office is the one that acts."""

from __future__ import annotations

from typing import Annotated

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, existing_store, json_line, open_office, out
from kontorist.core.errors import NotAllowed


def adopt(
    as_: Annotated[str, typer.Option("--as", help="The admin who says so; a name of office.yaml.")],
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Release a restored or copied office: what was approved is to be decided once more."""
    from kontorist.store import instance

    person = open_office(office).settings.people.get(as_)
    if person is None or person.role != "admin":
        raise NotAllowed(f"{as_} is no admin of this office; office.yaml names those who are (role: admin).")
    count = instance.adopt(existing_store(data), as_)
    if as_json:
        json_line({"adopted": True, "to_decide": count})
    else:
        out(f"This copy of the office acts from now on; {count} actions are to be decided once more.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(adopt)
