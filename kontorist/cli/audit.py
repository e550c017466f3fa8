"""`kontorist audit`: proves or exports the audit chain."""

from __future__ import annotations

import sys

import typer

from kontorist.cli.common import (
    DATA,
    EXIT_PROBLEM,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    existing_store,
    json_line,
    out,
    say,
)

app = typer.Typer(help="Proves or exports the audit chain.", no_args_is_help=True)


@app.command()
def verify(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Recompute the whole chain; exit code 1 names the first event that does not fit."""
    from kontorist.store import audit

    with existing_store(data).read() as connection:
        verdict = audit.verify(connection)
    if as_json:
        json_line({"ok": not verdict.problem, "events": verdict.events, "problem": verdict.problem or None})
    elif verdict.problem:
        say(f"The audit chain is broken: {verdict.problem}.")
    else:
        out(f"The audit chain is intact: {verdict.events} events.")
    sys.exit(EXIT_PROBLEM if verdict.problem else 0)


@app.command()
def export(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Print every event, oldest first, one JSON line each, with its hashes."""
    from kontorist.store import audit

    with existing_store(data).read() as connection:
        for event in audit.read(connection):
            json_line(event)
