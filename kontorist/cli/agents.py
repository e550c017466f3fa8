"""`kontorist agents`: the skills there are, and what they learnt from people's corrections."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    table,
)
from kontorist.core.errors import NotAllowed, NotFound

app = typer.Typer(invoke_without_command=True, help="The agents there are, and what they learnt.")


@app.callback()
def agents(context: typer.Context, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """List the agents there are, with their options; `examples` shows what they learnt."""
    if context.invoked_subcommand:
        return
    from kontorist.core import registry

    rows = [
        {"name": name, "description": _first_line(cls), "version": cls.version, "options": sorted(cls.Options.model_fields)}
        for name, cls in registry.agents().items()
    ]
    if as_json:
        for row in rows:
            json_line(row)
        return
    table("Agents", list(rows[0]), [[", ".join(v) if isinstance(v := row[c], list) else v for c in row] for row in rows])


@app.command()
def examples(
    remove: Annotated[
        str, typer.Option("--remove", metavar="ID", help="Forget this one, `12` or `reply-12`: nothing is learnt from it.")
    ] = "",
    as_: Annotated[str, typer.Option("--as", help="The admin who removes it; a name of office.yaml.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """The newest corrections by people, from which agents learn (at most 200), and the newest replies sent unchanged (at most 200)."""
    from kontorist.store import corrections, replies

    store = open_store(data)
    if remove:
        person = open_office(office).settings.people.get(as_)
        if person is None or person.role != "admin":
            raise NotAllowed(f"{as_ or 'Nobody'} is no admin of this office; say who you are with --as.")
        with store.write() as connection:
            _forget(connection, remove, as_)
        json_line({"removed": int(remove) if remove.isdecimal() else remove}) if as_json else out(
            f"Example {remove} is forgotten."
        )
        return
    with store.read() as connection:
        rows = [_row(row) for row in corrections.listing(connection)] + [_reply(row) for row in replies.listing(connection)]
    if as_json:
        for row in rows:
            json_line(row)
    elif rows:
        table("Learnt from people", list(rows[0]), [[_short(v) for v in row.values()] for row in rows])
    else:
        out("Nothing was corrected or sent so far.")


def _forget(connection: Any, example: str, admin: str) -> None:
    from kontorist.store import corrections, replies

    number = example.removeprefix("reply-")
    if not number.isdecimal():
        raise NotFound(f"There is no example {example}; `kontorist agents examples` lists those there are.")
    (corrections.remove if number == example else replies.forget)(connection, int(number), admin)


def _row(row: Any) -> dict[str, Any]:
    given = row.given if isinstance(row.given, dict) else {}
    return {
        "id": row.id, "at": row.at, "kind": row.kind, "step": row.step, "case": row.case_id, "title": row.title,
        "given": {k: v for k, v in given.items() if k != "text"}, "corrected": row.corrected, "by": row.person,
    }  # fmt: skip


def _reply(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"reply-{row['action']}", "at": row["at"], "kind": "sent", "step": row["step"], "case": row["case"],
        "title": row["title"], "given": {}, "corrected": {"body": row["body"]}, "by": row["by"],
    }  # fmt: skip


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _first_line(cls: Any) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""
