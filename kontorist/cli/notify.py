"""`kontorist notify`: a test message on the channels that staff are told on."""

from __future__ import annotations

from typing import Annotated

import typer

from kontorist.cli.common import EXIT_PROBLEM, OFFICE, JsonOption, OfficeOption, json_line, open_office, out
from kontorist.core.errors import Unavailable


def notify(
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Names under notify: in office.yaml; default: all.")
    ] = None,
    office: OfficeOption = OFFICE,
    as_json: JsonOption = False,
) -> None:
    """Send a test message on each channel."""
    from flows.notify import try_out

    settings = open_office(office).require_valid()
    failed = False
    for name in channels or settings.settings.notify.channels:
        try:
            ok, message = True, try_out(settings, name)
        except Unavailable as error:
            ok, message = False, str(error)
        failed |= not ok
        if as_json:
            json_line({"channel": name, "ok": ok, "message": message})
        else:
            out(f"{name}: {message}")
    if failed:
        raise typer.Exit(EXIT_PROBLEM)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(notify)
