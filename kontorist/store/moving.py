"""Moves an office from its embedded database to PostgreSQL; the data folder stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from kontorist.core.errors import ConfigurationError, KontoristError, Unavailable
from kontorist.store import audit, copying, instance
from kontorist.store.audit import Event
from kontorist.store.database import Database, embedded_url, open_database, with_driver


def move(data_dir: Path, url: str) -> Mapping[str, int]:
    """Move everything; afterwards the embedded database executes and takes in nothing. Returns the number of rows by table.

    At no moment do both databases act: the old one is closed before the new one is committed.
    """
    where = _shown(url)
    if not (data_dir / "kontorist.sqlite").is_file():
        raise KontoristError(f"There is no embedded database in {data_dir}: there is nothing to move.")
    source = open_database(data_dir, embedded_url(data_dir))
    try:
        target = open_database(data_dir, with_driver(url))
        try:
            return _move(source, target, where)
        finally:
            target.close()
    finally:
        source.close()


def _shown(url: str) -> str:
    """The address without user and password."""
    try:
        parsed = make_url(with_driver(url))
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "postgresql":
        raise ConfigurationError("The target is no PostgreSQL database; write postgresql://user:password@host/name.")
    return f"PostgreSQL, {parsed.host or 'this machine'}/{parsed.database}"


def _move(source: Database, target: Database, where: str) -> Mapping[str, int]:
    with source.read() as here:
        instance.require_here(here)
    with target.read() as there:
        copying.require_empty(there)
    with source.write() as here:
        _require_intact(here, "of the embedded database")
        instance.stay(here)  # an earlier attempt that did not get to its end
        instance.leave(here, where)
        audit.append(here, [Event("office.moved", "shell", "office", {"to": where})])
    closed = False
    try:
        with target.engine.begin() as there:
            with source.engine.begin() as here:
                counts = _transfer(here, there)
                instance.close_for_good(here, where)
            closed = True
    except (KontoristError, DBAPIError) as error:
        raise _broken_off(source, where, error, closed=closed) from error
    return counts


def _transfer(here: Connection, there: Connection) -> Mapping[str, int]:
    copying.require_empty(there)
    counts = copying.copy_all(here, there, without=frozenset({instance.LEFT}))
    if copying.counts_of(there) != dict(counts):
        raise KontoristError("The numbers of rows differ.")
    _require_intact(here, "of the embedded database")
    _require_intact(there, "of the copy in PostgreSQL")
    return counts


def _require_intact(connection: Connection, whose: str) -> None:
    if problem := audit.verify(connection).problem:
        raise KontoristError(f"The audit chain {whose} is broken: {problem}. Nothing was moved.")


def _broken_off(source: Database, where: str, error: Exception, *, closed: bool) -> KontoristError:
    """Go back to the old database, unless the new one may have everything already."""
    cause = str(error.orig).strip().splitlines()[0] if isinstance(error, DBAPIError) else str(error)
    if closed:
        return Unavailable(
            f"The connection broke while the move was being completed ({cause}). Set DATABASE_URL to {where} and look whether "
            "`kontorist cases list` shows the cases there; if it shows none, run this command again."
        )
    with source.write() as here:
        instance.stay(here)
        audit.append(here, [Event("office.stayed", "shell", "office", {"to": where})])
    return KontoristError(f"Nothing was moved, the office goes on where it is: {cause}")
