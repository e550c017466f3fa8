"""The indexed copy of the exports in one SQLite file: built in one pass, replaced as a whole, thrown away at will."""

from __future__ import annotations

import contextlib
import importlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.erp_csv import cells
from kontorist.core import private
from kontorist.core.errors import Unavailable

try:  # Python's own library may be one that can damage a WAL database (fixed in SQLite 3.51.3)
    _driver: Any = importlib.import_module("pysqlite3.dbapi2")
except ImportError:
    _driver = sqlite3

_FORMAT = 1
_NO_INDEX_BELOW = 500
_SCHEMA = "CREATE TABLE IF NOT EXISTS relation (name TEXT PRIMARY KEY, id INTEGER NOT NULL, about TEXT NOT NULL)"


@dataclass(frozen=True)
class CachedColumn:
    """A column of a cached table."""

    name: str
    heading: str
    kind: str


@dataclass(frozen=True)
class Relation:
    """One table in the cache: the state of one file."""

    id: int
    stamp: tuple[str, int, int, int]
    """The file's path, size, time of change and inode when it was read."""
    signature: str
    """The options it was read with."""
    columns: Sequence[CachedColumn]
    mark: str
    dialect: Mapping[str, Any]
    rows: int
    problems: Sequence[str]

    @property
    def file(self) -> str:
        """The file's name, for evidence."""
        return Path(self.stamp[0]).name

    def index_of(self, column: str) -> int:
        """The position of a column. Raises KeyError."""
        for index, known in enumerate(self.columns):
            if known.name == column:
                return index
        raise KeyError(column)


class Cache:
    """One SQLite file with a table for each export. Several processes may use it; each builds or reads in one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: Any = None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def relation(self, name: str) -> Relation | None:
        """The cached state of a table, or None."""
        row = self._run("SELECT id, about FROM relation WHERE name = ?", [name]).fetchone()
        return _relation(row[0], row[1]) if row else None

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Hold the only right to write; everything done inside is kept as a whole or not at all."""
        self._run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._run("COMMIT")

    def create(self, name: str, width: int, rows: Iterable[Sequence[Any]]) -> tuple[int, int]:
        """Fill a new relation with (line, cell, cell …) rows; the id it got and the number of rows."""
        number = self._run("SELECT coalesce(max(id), 0) + 1 FROM relation").fetchone()[0]
        columns = "".join(f", c{i} TEXT" for i in range(width))
        self._run(f"DROP TABLE IF EXISTS t{number}")
        self._run(f"CREATE TABLE t{number} (line INTEGER{columns})")
        marks = ", ".join("?" * (width + 1))
        with _translated(self.path):
            self._open().executemany(f"INSERT INTO t{number} VALUES ({marks})", rows)  # noqa: S608 - only numbers
        count = self._run(f"SELECT count(*) FROM t{number}").fetchone()[0]  # noqa: S608 - a number
        return number, count

    def drop(self, number: int) -> None:
        """Forget a relation's rows."""
        self._run(f"DROP TABLE IF EXISTS t{number}")

    def keep(self, name: str, relation: Relation) -> None:
        """Make this the state of the table, in place of the one before."""
        before = self.relation(name)
        self._run("INSERT OR REPLACE INTO relation VALUES (?, ?, ?)", [name, relation.id, _about(relation)])
        if before and before.id != relation.id:
            self.drop(before.id)

    def find(self, relation: Relation, where: Mapping[int, str], limit: int, after: int = 0) -> list[Sequence[Any]]:
        """Rows (rowid, line, cells …) behind `after` whose columns compare equal to the given texts."""
        self._index(relation, sorted(where))
        tests = "".join(f" AND {self._term(relation, i)} = ?" for i in sorted(where))
        statement = f"SELECT rowid, * FROM t{relation.id} WHERE rowid > ?{tests} ORDER BY rowid LIMIT ?"  # noqa: S608 - only numbers
        found: list[Sequence[Any]] = self._run(statement, [after, *(where[i] for i in sorted(where)), limit]).fetchall()
        return found

    def _term(self, relation: Relation, index: int) -> str:
        kind = relation.columns[index].kind
        return f"as_{kind}_{'point' if relation.mark == '.' else 'comma'}(c{index})"

    def _index(self, relation: Relation, indexes: Sequence[int]) -> None:
        if not indexes or relation.rows < _NO_INDEX_BELOW:
            return
        name = f"i{relation.id}_" + "_".join(map(str, indexes))
        if self._run("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?", [name]).fetchone():
            return
        terms = ", ".join(self._term(relation, i) for i in indexes)
        self._run(f"CREATE INDEX IF NOT EXISTS {name} ON t{relation.id} ({terms})")

    def _run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        with _translated(self.path):
            return self._open().execute(statement, values)

    def _open(self) -> Any:
        if self._connection is None:
            try:
                private.make_folder(self.path.parent)
            except OSError as error:
                raise Unavailable(f"The folder {self.path.parent} cannot be made: {error.strerror}.") from error
            self._connection = _connect_patiently(self.path)
        return self._connection


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except _driver.DatabaseError as error:
        raise Unavailable(
            f"The copy of the ERP's tables in {path} cannot be used: {error}. Is the disk full or the folder read-only? "
            "The file may be deleted; it is made again."
        ) from error


def _connect_patiently(path: Path) -> Any:
    for _ in range(100):
        try:
            return _connect(path)
        except _driver.OperationalError:
            # SQLite does not wait by itself while another process turns the new file into a WAL database
            time.sleep(0.05)
        except _driver.DatabaseError:  # damaged or of another format: it is a copy, so it is made anew
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    return _connect(path)


def _connect(path: Path) -> Any:
    connection = _driver.connect(str(path), timeout=120, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # a copy: after a power cut it is made again
        if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, _FORMAT):
            raise _driver.DatabaseError("another format")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.execute(_SCHEMA)
    except _driver.Error:
        connection.close()
        raise
    for kind in ("text", "integer", "decimal", "date", "boolean"):
        for word, mark in (("comma", ","), ("point", ".")):
            connection.create_function(f"as_{kind}_{word}", 1, _comparing(kind, mark), deterministic=True)
    return connection


def _comparing(kind: str, mark: str) -> Any:
    return lambda text: cells.comparable(text, kind, mark)


def _about(r: Relation) -> str:
    columns = [[c.name, c.heading, c.kind] for c in r.columns]
    return json.dumps([r.stamp, r.signature, columns, r.mark, dict(r.dialect), r.rows, list(r.problems)], ensure_ascii=False)


def _relation(number: int, about: str) -> Relation:
    stamp, signature, columns, mark, dialect, rows, problems = json.loads(about)
    path, size, changed, inode = stamp
    return Relation(
        number, (path, size, changed, inode), signature, [CachedColumn(*c) for c in columns], mark, dialect, rows, problems
    )
