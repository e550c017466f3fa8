"""`kontorist user`: people who may sign in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, OfficeOption, open_office, open_store, say, table
from kontorist.core.errors import KontoristError, NotFound

app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The person's name in office.yaml.")]
MIN_LENGTH = 10


@app.command()
def add(
    name: Name,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
) -> None:
    """Let a person of office.yaml sign in, or give them a new password; their sessions and tokens end."""
    from kontorist.store import people

    if name not in open_office(office).settings.people:
        raise NotFound(f"There is no person '{name}' in office.yaml; write them there first, with their groups.")
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if len(password) < MIN_LENGTH:
        raise KontoristError(f"The password needs at least {MIN_LENGTH} characters.")
    with open_store(data).write() as connection:
        people.add(connection, name, password, "shell")
    say(f"{name} may sign in now.")


@app.command("list")
def list_(office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """List the people of office.yaml and whether they may sign in."""
    from kontorist.store import people

    with open_store(data).read() as connection:
        known = {row.name: row for row in people.listing(connection)}
    rows = []
    for name, person in open_office(office).settings.people.items():
        state = "no password yet" if name not in known else "disabled" if known[name].disabled else "may sign in"
        rows.append([name, person.name, person.role, ", ".join(person.groups), state])
    table("People", ("name", "person", "role", "groups", "sign-in"), rows)


@app.command()
def disable(name: Name, office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """End a person's sessions and tokens and let them in no more."""
    from kontorist.store import people

    with open_store(data).write() as connection:
        people.disable(connection, name, "shell")
    say(f"{name} may sign in no more.")
