"""A demonstration and an office at work never share a data folder: the cases of one would be approved in the other."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import exists, select

from kontorist.core import private
from kontorist.core.errors import ConfigurationError
from kontorist.store.database import Database
from kontorist.store.tables import events, people

_FILE = "demo.json"
ACTOR = "demo"
"""Who gives the people of a demonstration their password."""


def begin(database: Database, office: Path) -> None:
    """Keep that this data folder is that of a demonstration. Raises ConfigurationError where people work in it already."""
    file = database.data_dir / _FILE
    if not file.exists() and _is_at_work(database):
        raise ConfigurationError(
            f"The data folder {database.data_dir} is that of an office at work: a demonstration would give its people new passwords. "
            "Name another one: kontorist demo --data DIR"
        )
    private.make_file(file)
    file.write_text(json.dumps({"office": str(office.resolve())}))


def _is_at_work(database: Database) -> bool:
    with database.read() as connection:
        demonstrated = connection.execute(select(exists().where(events.c.actor == ACTOR))).scalar()
        return not demonstrated and bool(connection.execute(select(exists().where(people.c.name.is_not(None)))).scalar())


def refuse_other(data: Path, office: Path) -> None:
    """Raises ConfigurationError if this data folder is that of a demonstration of another office."""
    try:
        shown = json.loads((data / _FILE).read_text())["office"]
    except (OSError, ValueError, KeyError):
        return
    if shown != str(office.resolve()):
        raise ConfigurationError(
            f"The data folder {data} has the cases of the demonstration of {shown}. Give this office one of its own: --data DIR"
        )
