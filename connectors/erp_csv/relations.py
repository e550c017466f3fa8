"""Relations between tables: an order brings its lines along, each line its article, the order its customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.base import Column, Row
from connectors.erp_csv.options import RelationOptions, TableOptions
from connectors.erp_csv.table import Table
from kontorist.core.errors import ConfigurationError
from kontorist.core.problems import did_you_mean


def relation_columns(options: TableOptions) -> Iterator[Column]:
    """The names under which a look-up has the related rows."""
    for name, relation in options.relations.items():
        yield Column(name, "list" if relation.many else "row")


def check_relations(table: Table, tables: Mapping[str, Table]) -> None:
    """Raise ConfigurationError for a relation to a table or a column that is not there, or under a name that is taken."""
    ours = [column.name for column in table.columns()]
    for name, relation in table.options.relations.items():
        where = f"The relation '{name}' of the table '{table.name}'"
        if name in ours:
            raise ConfigurationError(f"{where} has the name of a column; give it another.")
        if relation.table not in tables:
            raise ConfigurationError(f"{where} names the table '{relation.table}'{did_you_mean(relation.table, tables)}")
        theirs = [column.name for column in tables[relation.table].columns()]
        for column, known in ((one, theirs) for one in relation.on):
            _must_be_one(column, known, f"{where}: '{relation.table}'")
        for column in relation.on.values():
            _must_be_one(column, ours, f"{where}: '{table.name}'")


def _must_be_one(column: str, known: list[str], where: str) -> None:
    if column not in known:
        raise ConfigurationError(f"{where} has no column '{column}'{did_you_mean(column, known)}")


def with_relations(row: Row, table: Table, tables: Mapping[str, Table], on_the_way: tuple[str, ...] = ()) -> Row:
    """The row with its related rows, and theirs; never back to a table that it came from."""
    way = (*on_the_way, table.name)
    related = {
        name: _related(row, relation, tables, way)
        for name, relation in table.options.relations.items()
        if relation.table in tables and relation.table not in way
    }
    return replace(row, values={**row.values, **related}) if related else row


def _related(row: Row, relation: RelationOptions, tables: Mapping[str, Table], way: tuple[str, ...]) -> Any:
    other = tables[relation.table]
    found = other.find({theirs: row.values[ours] for theirs, ours in relation.on.items()})
    values = [dict(with_relations(one, other, tables, way).values) for one in found]
    if relation.many:
        return values
    return values[0] if len(values) == 1 else None  # two rows for one key: nobody can tell which
