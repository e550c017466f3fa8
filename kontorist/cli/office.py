"""`kontorist check | doctor | init | schema | connectors`: the office itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

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
    table,
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (check, doctor, schema, connectors):
        app.command()(command)
    app.command("_inbox", hidden=True)(_inbox)


def check(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Validate the whole office: all problems at once, file:line:column: message."""
    from kontorist.core.check import check as find_problems

    problems = find_problems(office)
    for problem in problems:
        if as_json:
            json_line(problem.as_dict())
        else:
            out(str(problem) if problem.severity == "error" else f"{problem} (warning)")
            _show_line(problem.file, problem.line, problem.column)
    errors = [p for p in problems if p.severity == "error"]
    if not as_json:
        say(f"{len(errors)} problems." if errors else "The office is fine.")
    sys.exit(EXIT_PROBLEM if errors else 0)


_WIDE = 160


def _show_line(file: str, line: int, column: int) -> None:
    """The offending line with a mark below it."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return
    if 0 < line <= len(lines):
        whole = lines[line - 1].expandtabs(1)
        start = max(0, column - 100) if len(whole) > _WIDE else 0
        shown = ("…" if start else "") + whole[start : start + _WIDE] + ("…" if len(whole) > start + _WIDE else "")
        out(f"{line:>5} | {shown}\n      | {' ' * (column - 1 - start + bool(start))}^")


def doctor(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Try every connection, model, the database and Prefect; say what is wrong and how to mend it."""
    from flows.doctor import examine

    fine = True
    for finding in examine(open_office(office), data):
        fine = fine and finding["ok"]
        if as_json:
            json_line(finding)
        else:
            out(f"{'ok ' if finding['ok'] else 'BAD'}  {finding['what']}: {finding['message']}")
    sys.exit(0 if fine else EXIT_PROBLEM)


def schema(
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
) -> None:
    """Print the JSON Schema of a flow file, for editors."""
    from kontorist.core.schema import flow_schema

    json_line(flow_schema())


def connectors(office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """List the connectors there are, with their triggers and actions."""
    from kontorist.core import registry

    rows = []
    for name, cls in registry.connectors().items():
        rows.append(
            {"name": name, "description": _first_line(cls), "triggers": sorted(cls.triggers), "actions": sorted(cls.actions)}
        )
    _print("Connectors", rows, as_json)


def _first_line(cls: Any) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""


def _print(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            json_line(row)
        return
    columns = list(rows[0]) if rows else ["name"]
    table(title, columns, [[", ".join(v) if isinstance(v := row[c], list) else v for c in columns] for row in rows])


def _inbox(port: Annotated[int, typer.Option()] = 8765, office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """Serve the inbox alone."""
    serve_inbox(office, data, "127.0.0.1", port)


def _again(office: Path, data: Path) -> Callable[[int, str], int]:
    """Processes a case again, on the flow as it is at that moment."""

    def again(case: int, actor: str) -> int:
        from flows.again import process_again
        from flows.runtime import open_runtime

        runtime = open_runtime(office, data)
        try:
            return process_again(runtime, case, actor)
        finally:
            runtime.close()

    return again


def serve_inbox(office: Path, data: Path, host: str, port: int) -> None:
    """The inbox until stopped. Behind a proxy on this machine (or FORWARDED_ALLOW_IPS) its word on scheme and address counts."""
    import os

    import uvicorn

    from flows import prefect_server
    from kontorist.cli.common import open_store
    from kontorist.inbox.app import create_app
    from kontorist.inbox.patience import Connection

    loaded = open_office(office)
    password = os.environ.get("KONTORIST_SAMPLE_PASSWORD", "")
    sample = dict.fromkeys(loaded.settings.people, password) if password else None
    url = prefect_server.running(data) or ""
    app = create_app(
        loaded,
        open_store(data),
        prefect_url=url.removesuffix("/api"),
        demo_people=sample,
        again=_again(office, data),
        bound=host,
    )
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, http=Connection)
