"""Copies all rows of an office from one database to another, byte for byte as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, TableClause, TypeDecorator, column, func, insert, select, table

from kontorist.core.errors import KontoristError
from kontorist.store.tables import metadata

_AT_ONCE = 500


def copy_all(source: Connection, target: Connection, *, without: frozenset[str] = frozenset()) -> Mapping[str, int]:
    """Copy every table; facts about the office named in `without` stay behind. Returns the number of rows by table."""
    counts = {}
    for raw in _raw_tables():
        query = select(raw)
        if raw.name == "state":
            query = query.where(raw.c.name.not_in(without))
        counts[raw.name] = _copy(source, target, raw, query)
    if target.dialect.name == "postgresql":
        _set_sequences(target)
    return counts


def _copy(source: Connection, target: Connection, raw: TableClause, query: Any) -> int:
    count = 0
    with source.execute(query.execution_options(yield_per=_AT_ONCE)) as rows:
        for part in rows.mappings().partitions():
            target.execute(insert(raw), [dict(row) for row in part])
            count += len(part)
    return count


def _raw_tables() -> list[TableClause]:
    """Our tables with plain columns: what is stored is neither decoded nor encoded on the way."""
    return [
        table(t.name, *[column(c.name, c.type.impl if isinstance(c.type, TypeDecorator) else c.type) for c in t.c])
        for t in metadata.sorted_tables
    ]


def _set_sequences(connection: Connection) -> None:
    for each in metadata.sorted_tables:
        number = each.autoincrement_column
        if number is not None:
            last = connection.execute(select(func.max(number))).scalar()
            name = connection.execute(select(func.pg_get_serial_sequence(each.name, number.name))).scalar()
            if last and name:
                connection.execute(select(func.setval(name, last)))


def counts_of(connection: Connection) -> dict[str, int]:
    """The number of rows of each table."""
    return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables}


def require_empty(connection: Connection) -> None:
    """Raises KontoristError with what is there already."""
    if found := {name: n for name, n in counts_of(connection).items() if n}:
        shown = ", ".join(f"{n} {name}" for name, n in found.items())
        raise KontoristError(f"The database is not empty ({shown}): nothing was changed. Name a new, empty database.")
