"""Many rows or numbers at once, past what SQLAlchemy does for each of them: a dictionary for each row, a parameter for each number."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    Connection,
    Dialect,
    Insert,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    insert,
    literal,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def insert_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, new: bool = False
) -> None:
    """Insert rows whose values stand in the order of `columns`; each is written as its column's type says, as `insert(table)` would.

    With `new` those that are there already are left out, also when two workers insert them at the same moment.
    """
    if not rows:
        return
    statement, order, writers = _prepared(table, columns, connection.dialect, new)
    parts = list(zip(*rows, strict=True))
    for at, write in writers:
        parts[at] = tuple(map(write, parts[at]))
    if order is None:
        connection.exec_driver_sql(statement, [dict(zip(columns, row, strict=True)) for row in zip(*parts, strict=True)])
    else:
        connection.exec_driver_sql(statement, list(zip(*(parts[at] for at in order), strict=True)))


def insert_new(
    connection: Connection, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> Insert:
    """An INSERT that leaves out what is there already, also when two workers insert it at the same moment.

    Without rows it is for `execute(…, rows)`, which is quicker for many.
    """
    new = _ignoring(table, connection.dialect)
    made: Insert = new.values(rows) if rows is not None else new
    return made


def _ignoring(table: Table, dialect: Dialect) -> Any:
    made = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing()


@functools.lru_cache(maxsize=64)
def _prepared(
    table: Table, columns: tuple[str, ...], dialect: Dialect, new: bool
) -> tuple[str, list[int] | None, list[tuple[int, Any]]]:
    """The statement; the order of its parameters, None where they go by name; and which of them are written by whom."""
    inserting = _ignoring(table, dialect) if new else insert(table)
    compiled = inserting.compile(dialect=dialect, column_keys=list(columns))
    order = [columns.index(name) for name in compiled.positiontup or ()] if compiled.positional else None
    kinds = [table.c[name].type.dialect_impl(dialect) for name in columns]
    writers = [(at, write) for at, kind in enumerate(kinds) if (write := kind.bind_processor(dialect)) is not None]
    return str(compiled), order, writers


class _List(TypeDecorator[Sequence[Any]]):
    """Numbers or texts as one value: an array, or JSON for SQLite, which has none."""

    impl = Text
    cache_ok = True

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The type that the database has for it."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(ARRAY(Integer if self.of == "numbers" else String))

    def bind_processor(self, dialect: Dialect) -> Any:
        """List → what the database takes."""
        return _as_json if dialect.name == "sqlite" else list


def _as_json(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would write `(…) = 1` for SQLite, which has no booleans, and no index would be used."""
        return self


def among(column: Any, parameter: str, of: str = "numbers") -> Any:
    """Whether a column is one of the numbers (or `texts`) that are given for this parameter; the statement is the same for any number of them."""
    return _Among(column, bindparam(parameter, type_=_List(of)))


def one_of(column: Any, numbers: Sequence[int]) -> Any:
    """The same for numbers that are known here."""
    return _Among(column, literal(numbers, _List("numbers")))


@compiles(_Among)
def _array(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _json(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - SQLAlchemy has written both
