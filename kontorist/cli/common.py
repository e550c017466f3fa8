"""What every command shares: where the office is, how results are printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.core.values import plain

EXIT_PROBLEM = 1

OfficeOption = Annotated[
    Path, typer.Option("--office", envvar="KONTORIST_OFFICE", help="The configuration folder.", show_default="./config")
]
DataOption = Annotated[Path, typer.Option("--data", envvar="KONTORIST_DATA", help="The data folder.", show_default="./var")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, messages on standard error.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many, newest first.")]
OFFICE = Path("config")
DATA = Path("var")


def say(text: str) -> None:
    """A message for a person, on standard error, so that results stay clean."""
    sys.stderr.write(text.rstrip() + "\n")
    sys.stderr.flush()


def out(text: str) -> None:
    """A line of result."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def json_line(value: Any) -> None:
    """One JSON document on a line of its own."""
    sys.stdout.write(json.dumps(plain_deep(value), ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def plain_deep(value: Any) -> Any:
    """JSON data of anything that the store gives."""
    if isinstance(value, bytes):
        return plain_deep(json.loads(value))
    if isinstance(value, Mapping):
        return {str(k): plain_deep(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain_deep(v) for v in value]
    try:
        return plain(value)
    except TypeError:
        return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for a person; plain, tab-separated text where the output is no terminal."""
    listed = [[("" if cell is None else str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty() and "KONTORIST_TABLES" not in os.environ:
        for row in [list(columns), *listed]:
            out("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in listed:
        made.add_row(*[Text(cell) for cell in row])  # content is data, never rich's markup
    Console().print(made)


def open_store(data: Path) -> Any:
    """The store of this data folder."""
    from kontorist.store.database import open_database

    is_new = not data.exists()
    store = open_database(data)
    if is_new:  # the first command of an office, or a mistyped folder: whoever typed it can tell
        say(
            f"There was no data folder {data}; it is made now, with no case in it. Another one is named by --data or KONTORIST_DATA."
        )
    return store


def existing_store(data: Path) -> Any:
    """The store of this data folder, where an office has been at work; a mistyped folder is said, not made."""
    from kontorist.store.database import open_existing

    return open_existing(data)


def refuse_unknown(option: str, given: str | None, known: Iterable[str]) -> None:
    """Wrong usage, where an option names something that there is not: nothing found would be no answer."""
    named = list(known)
    if given and given not in named:
        raise typer.BadParameter(f"there is no '{given}'; there are: {', '.join(named) or 'none'}.", param_hint=option)


def open_office(directory: Path) -> Any:
    """The office, or an error that says how to get one."""
    from kontorist.core.errors import ConfigurationError
    from kontorist.core.office import load_office

    if not (directory / "office.yaml").is_file():
        raise ConfigurationError(
            f"There is no office in {directory} (no office.yaml). Name its folder with --office, or make one with `kontorist init DIR`."
        )
    return load_office(directory)
