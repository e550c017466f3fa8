"""`kontorist backup | restore | move-to | watch | serve`: the office as a whole, and its parts on several machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, existing_store, json_line, open_office, out

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, a .tar.gz.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(backup)
    app.command()(restore)
    app.command("move-to")(move_to)
    app.command()(watch)
    app.command()(serve)


def backup(file: FileArgument, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Write database, documents and data of the connections into one file, while the office is at work."""
    from kontorist.store import backup as writing

    store = existing_store(data)
    made = writing.write(store, file)
    store.close()
    if as_json:
        json_line({"file": file, "files": made.files, "bytes": made.size})
    else:
        out(
            f"{file} holds {made.files} files ({made.size // 2**20} MB). The configuration folder is not part of it: keep it, too."
        )


def restore(file: FileArgument, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Read a backup into an empty data folder; nothing is executed until `kontorist adopt --as ADMIN`."""
    from kontorist.store import restore as reading

    found = reading.restore(file, data)
    if as_json:
        json_line({"data": data, "files": found.files, "bytes": found.size, "events": found.events})
    else:
        out(f"{data} holds the office again: {found.files} files; the audit chain is intact ({found.events} events).")
        out(f"It executes nothing until an admin says so: kontorist adopt --as ADMIN --data {data}")


def move_to(
    url: Annotated[
        str, typer.Argument(metavar="URL", envvar="DATABASE_URL", help="postgresql://user:password@host/name, empty.")
    ],
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Move the office from its embedded database to PostgreSQL; the data folder stays where it is."""
    from kontorist.store import moving

    counts = moving.move(data, url)
    if as_json:
        json_line({"moved": True, "rows": counts})
    else:
        out(
            f"{sum(counts.values())} rows are in PostgreSQL, {counts['cases']} cases and {counts['events']} audit events among them."
        )
        out("The audit chain is intact on both sides. From now on set DATABASE_URL to it; the embedded database acts no more.")


def watch(office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """Tell Prefect at once when something arrives or is decided, so that a worker begins; until stopped."""
    from flows import signals
    from kontorist.store import sample

    sample.refuse_other(data, office)
    open_office(office).require_valid()
    signals.main(office.resolve(), data.resolve())


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; another than this machine's only behind a proxy.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of the inbox.")] = 8765,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Serve the inbox alone, for an office whose work is done by workers."""
    from kontorist.cli.office import serve_inbox
    from kontorist.store import sample

    sample.refuse_other(data, office)
    serve_inbox(office, data, host, port)
