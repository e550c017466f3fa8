"""`kontorist login`: a person signs in once for a connection that takes no password."""

from __future__ import annotations

from typing import Annotated

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, json_line, open_office, out, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(login)


def login(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its name in connections.yaml.")],
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign in for a connection whose server takes no password (Microsoft 365, Google)."""
    from connectors.connections import Connections

    connections = Connections(open_office(office).require_valid(), data)
    try:
        connector = connections.get(connection)
        connector.login(say)
        health = connector.try_out()
    finally:
        connections.close()
    if as_json:
        json_line({"connection": connection, "ok": health.ok, "message": health.message})
    else:
        out(f"Signed in. {health.message}")
    if not health.ok:
        raise typer.Exit(1)
