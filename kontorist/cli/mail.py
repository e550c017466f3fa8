"""`kontorist mail`: what was seen at the sources, processing it again, and connections that are silent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from kontorist.cli.common import (
    DATA,
    EXIT_PROBLEM,
    OFFICE,
    DataOption,
    JsonOption,
    LimitOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    say,
    table,
)

app = typer.Typer(help="What was seen at the sources, and processing it again.", no_args_is_help=True)


@app.command()
def ledger(
    search: Annotated[str, typer.Argument(metavar="[WORDS]", help="Words of the subject, a place, or a Message-ID.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
    connection: Annotated[str | None, typer.Option(help="Only what was seen at this connection.")] = None,
    since: Annotated[str | None, typer.Option(help="A time span, as 7d or 12h.")] = None,
    limit: LimitOption = 100,
) -> None:
    """List everything that was seen, newest first, with the case that it became."""
    from kontorist.store import seen

    start = _start(since) if since else None
    with open_store(data).read() as store:
        found = seen.entries(store, connection, search, start, limit)
    if as_json:
        for entry in found:
            json_line(entry.__dict__)
        return
    columns = ("seen", "connection", "title", "case", "flow", "state", "attempt", "source")
    rows = [[f"{e.seen:%Y-%m-%d %H:%M}", e.connection, e.title, e.case, e.flow, e.state, e.attempt, e.source] for e in found]
    table("Seen", columns, rows)


def _start(since: str) -> datetime:
    from kontorist.core.clock import parse_duration, utcnow

    try:
        return utcnow() - parse_duration(since)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--since") from error


@app.command()
def again(
    case_id: Annotated[int, typer.Argument(metavar="CASE", help="Number of the case that it became.")],
    as_: Annotated[str, typer.Option("--as", help="Who is doing this.")] = "shell",
    flow: Annotated[str | None, typer.Option(help="Another flow than the case's own.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Process again what a case began with: read anew, as a new case; an open old one is closed."""
    from flows.again import process_again
    from flows.runtime import open_runtime

    runtime = open_runtime(office, data)
    try:
        made = process_again(runtime, case_id, as_, flow)
    finally:
        runtime.close()
    if as_json:
        json_line({"id": made, "again": case_id, "state": "runnable"})
    else:
        say(f"Case {made} begins with the next run, with what case {case_id} began with.")


@app.command()
def heartbeat(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Say which connections are down or unusually silent; exit code 1 if one is."""
    from kontorist.store import office_state, silence

    settings = open_office(office).require_valid().settings
    with open_store(data).read() as store:
        found = {a.connection: a for a in silence.alarms(store, settings.timezone)}
        beats = office_state.heartbeats(store)
    for name, beat in sorted(beats.items()):
        alarm = found.get(name)
        said = alarm.sentence(settings.languages[0], settings.timezone) if alarm else ""
        line = {"connection": name, "read": beat.get("ok"), "alarm": alarm.kind if alarm else None, "message": said}
        if as_json:
            json_line(line)
        else:
            read = f"{beat['ok']:%Y-%m-%d %H:%M}" if beat.get("ok") else "never"
            out(f"{name}: last read {read}. {said}")
    if found:
        raise typer.Exit(EXIT_PROBLEM)
