"""Opens the database: settings that survive a power cut, a SQLite new enough, the schema up to date."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError

from kontorist.core import private
from kontorist.core.errors import ConfigurationError, NotApproved, NotFound, Unavailable
from kontorist.store import audit
from kontorist.store.waiting import WAIT_SECONDS, begin_immediate

_SAFE_SQLITE = (3, 51, 3)
WRITTEN_AHEAD = 4000
"""Pages of 4 kB that are written ahead before they are put into the file, which is done once for a page that was written often."""
EMBEDDED = "kontorist.sqlite"
"""The file of the embedded database in a data folder."""
_NAME_IT = (
    "Name the data folder of your office with --data or KONTORIST_DATA; "
    "a new office gets its database with the first `kontorist run` or `kontorist up`. Nothing was created."
)
MOVED = "This office has moved to "
"""How the refusal begins that an office left behind gives to everything written."""


def sqlite_module() -> ModuleType:
    """A SQLite without the WAL-reset corruption bug (fixed in 3.51.3): Python's own, else pysqlite3's.

    Raises ConfigurationError if neither is new enough.
    """
    if sqlite3.sqlite_version_info >= _SAFE_SQLITE:
        return sqlite3
    try:
        import pysqlite3.dbapi2 as newer
    except ImportError:
        newer = None
    if newer is None or newer.sqlite_version_info < _SAFE_SQLITE:
        raise ConfigurationError(
            f"SQLite {sqlite3.sqlite_version} can corrupt its write-ahead log; 3.51.3 or newer is needed. "
            "Install `pysqlite3` (0.6.1 or newer) into this environment, or set DATABASE_URL to a PostgreSQL database."
        )
    module: ModuleType = newer
    return module


def database_url(data_dir: Path) -> str:
    """DATABASE_URL if it is set (PostgreSQL), else the embedded file in the data folder."""
    return with_driver(os.environ.get("DATABASE_URL", "")) or embedded_url(data_dir)


def embedded_url(data_dir: Path) -> str:
    """The address of the embedded file in a data folder."""
    return f"sqlite:///{data_dir / EMBEDDED}"


def with_driver(url: str) -> str:
    """An address as people write it, with the driver that we use."""
    if url.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + url.partition("://")[2]
    return url


class Database:
    """The store of one office."""

    durable = True
    """Whether what is committed is on disk; only a store that is thrown away does without."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.url = url
        self.data_dir = data_dir
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; committed and on disk when the block ends."""
        with (
            _readable_errors(self.url),
            self.engine.connect() as connection,
            self._last_use_if_it_fails(connection),
            connection.begin(),
        ):
            audit.begin(connection)
            yield connection
            audit.finish(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _readable_errors(self.url), self.engine.connect() as plain:
            plain.info.pop("kontorist.audit", None)
            with self._last_use_if_it_fails(plain):
                yield plain.execution_options(kontorist_read=True, **options)

    @contextmanager
    def _last_use_if_it_fails(self, connection: Connection) -> Iterator[None]:
        """Rows that were not read to their end live on in the traceback; until it is gone nobody could write with this connection."""
        try:
            yield
        except BaseException:
            if self.is_sqlite:
                connection.invalidate()
            raise

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_database(data_dir: Path, url: str | None = None) -> Database:
    """The store, created or migrated as needed. Raises Unavailable or ConfigurationError with what to do."""
    try:
        private.make_folder(data_dir)
    except OSError as error:
        raise Unavailable(
            f"The data folder {data_dir} cannot be created: {error.strerror}. Choose another with --data."
        ) from error
    url = url or database_url(data_dir)
    if url == embedded_url(data_dir):
        private.make_file(data_dir / EMBEDDED)  # SQLite gives its other files the same rights
    return _migrated(Database(url, data_dir))


def open_existing(data_dir: Path) -> Database:
    """The store of an office that has been at work; none is made. Raises NotFound where there is none, else as `open_database`."""
    url = database_url(data_dir)
    if not data_dir.is_dir():
        raise NotFound(f"There is no data folder {data_dir}. {_NAME_IT}")
    if url == embedded_url(data_dir) and not (data_dir / EMBEDDED).is_file():
        raise NotFound(f"There is no office in the data folder {data_dir} (no {EMBEDDED}). {_NAME_IT}")
    database = Database(url, data_dir)
    with _readable_errors(url), database.engine.connect() as connection:
        is_empty = not _has_versions(connection)
    if is_empty:
        database.close()
        raise NotFound(f"There is no office in the database {_shown(url)}: it is empty. {_NAME_IT}")
    return _migrated(database)


def open_throw_away(folder: Path) -> Database:
    """A store in a folder that is deleted afterwards: nothing in it waits for the disk. Raises Unavailable."""
    database = Database(f"sqlite:///{folder}/store.sqlite", folder)
    database.durable = False
    event.listen(database.engine, "connect", _not_durable)
    return _migrated(database)


def _not_durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _migrated(database: Database) -> Database:
    try:
        with _readable_errors(database.url):
            migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def migrate(database: Database) -> None:
    """Bring the schema to the newest version (Alembic); cheap when it is there already."""
    from kontorist.store.migrations import newest

    with database.engine.connect() as connection:
        found = (
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if _has_versions(connection) else None
        )
    if found == newest():
        return
    if found is not None and str(found) > newest():
        raise ConfigurationError(
            f"The database was written by a newer version of Kontorist (schema {found}, this one knows {newest()}): install that one."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        if not database.is_sqlite:  # two programs that start at once: the second waits, and finds it done
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7302)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _has_versions(connection: Connection) -> bool:
    return inspect(connection).has_table("alembic_version")


def _engine(url: str) -> Engine:
    wrong = "DATABASE_URL is not the address of a database; write postgresql://user:password@host/name, or leave it out."
    try:
        kind = make_url(url).get_backend_name()
        if kind == "postgresql":
            return create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    except (ArgumentError, ImportError, ValueError) as error:
        raise ConfigurationError(wrong) from error
    if kind != "sqlite":
        raise ConfigurationError(wrong)
    engine = create_engine(url, module=sqlite_module(), connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_settings(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000)}")
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", f"wal_autocheckpoint={WRITTEN_AHEAD}"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any, seconds: float = WAIT_SECONDS) -> None:
    """WAL; of several programs that make the same new database SQLite refuses all but one at once, without its time-out."""
    end = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite_module().OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("kontorist_read"):
        connection.exec_driver_sql("BEGIN")
    else:
        begin_immediate(connection)


@contextmanager
def _readable_errors(url: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(_sentence(error, url)) from error
    except DatabaseError as error:
        if MOVED in str(error.orig):
            raise NotApproved(str(error.orig)) from error
        if type(error) is not DatabaseError:  # a defect of ours, not of the database
            raise
        raise Unavailable(_sentence(error, url)) from error


def _shown(url: str) -> str:
    """An address without its password."""
    return url if url.startswith("sqlite") else url.rpartition("@")[2]


def _sentence(error: DBAPIError, url: str) -> str:
    cause = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    shown = _shown(url)
    if any(sign in cause for sign in ("malformed", "not a database", "Could not decode")):
        return f"The file of the database is damaged ({shown}: {cause}): stop the program and restore the file from the backup."
    if "full" in cause:
        return f"The disk of the database is full ({shown}): free some space; nothing was lost, the next run goes on."
    if "readonly" in cause or "read-only" in cause:
        return f"The database {shown} cannot be written: check who owns the file and the folder."
    if "locked" in cause:
        return f"The database {shown} is locked by another program for more than 30 s; the next run goes on."
    return f"The database {shown} does not answer: {cause}. Is it running, and is the disk writable?"
