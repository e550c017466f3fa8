"""The connector: tables to look up, rows to watch, import files to write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from connectors import _looking
from connectors._looking import Look
from connectors.base import Action, Column, Connector, Health, Item, Row, Surroundings
from connectors.erp_csv.cache import Cache
from connectors.erp_csv.imports import ImportFile
from connectors.erp_csv.options import ErpConfig, RowsOptions
from connectors.erp_csv.relations import check_relations, relation_columns, with_relations
from connectors.erp_csv.remote import Mirror
from connectors.erp_csv.rows import items_of_file, new_rows
from connectors.erp_csv.table import Table
from kontorist.core.errors import ConfigurationError, KontoristError, NotReadable, Rejected
from kontorist.core.problems import did_you_mean


class ErpCsv(Connector):
    """An ERP system through its CSV exports and import files."""

    Config = ErpConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"rows": RowsOptions}
    actions: ClassVar[Mapping[str, type[Action]]] = {"import": ImportFile}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {"rows": (".csv", ".txt", ".tsv")}

    def __init__(self, config: ErpConfig, surroundings: Surroundings) -> None:
        super().__init__(config, surroundings)
        self.cache = Cache(surroundings.data_dir / "cache" / f"erp_csv-{surroundings.name}.sqlite")
        folder = surroundings.path(config.folder)
        patterns = [options.file for options in config.tables.values()]
        looked = surroundings.data_dir / "cache" / f"erp_csv-{surroundings.name}.looked"
        self._mirror = Mirror(config.sftp, patterns, folder, looked) if config.sftp else None
        self._look = Look(_looking.AGAIN, every=1.0)
        self._tables = {name: Table(name, options, folder, self.cache) for name, options in config.tables.items()}

    def close(self) -> None:
        """Close the cache."""
        self.cache.close()

    def table(self, name: str) -> Table:
        """A configured table. Raises Rejected when there is none of that name."""
        if name not in self._tables:
            raise Rejected(f"{self.surroundings.name} has no table '{name}'{did_you_mean(name, self._tables)}")
        return self._tables[name]

    def tables(self) -> Mapping[str, Sequence[Column]]:
        """The tables with the columns and types of their files. Raises ConfigurationError naming all that is wrong."""
        found: dict[str, Sequence[Column]] = {}
        wrong: list[str] = []
        self._refresh()
        for name, table in self._tables.items():
            try:
                found[name] = [*table.columns(), *relation_columns(table.options)]
                _key_is_there(table, found[name])
                check_relations(table, self._tables)
            except KontoristError as error:
                wrong.append(str(error))
        if wrong:
            raise ConfigurationError("\n".join(wrong))
        return found

    def look_up(self, table: str, wheres: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """For each `where` the rows whose columns equal it; {} finds all. Text is compared without case and outer blanks.

        An empty value (None or "") finds nothing: what an extraction missed must not find the rows that lack it.
        """
        self._refresh()
        known = self.table(table)
        found = [known.find(where) for where in wheres]
        return (
            [[with_relations(row, known, self._tables) for row in rows] for rows in found] if known.options.relations else found
        )

    def read(self, kind: str, options: Any, known: Any) -> Iterator[Item]:
        """Rows that are new or have changed. Raises what the server of the exports raised, so that its silence is noticed."""
        if self._mirror:
            self._mirror.fetch()
        yield from new_rows(self.table(options.table), options, known)

    def changed(self, kind: str, options: RowsOptions, timeout: float) -> bool:
        """Look whether an export was written anew; those on a server are fetched by the pass, as often as configured."""
        if self._mirror:
            time.sleep(min(timeout, max(self._mirror.options.every + 1.0, 5.0)))  # not a moment before it is looked at again
            return True
        return self._look.changed(lambda: _looking.stamps(self._exports()), timeout)

    def _exports(self) -> Iterator[Path]:
        for table in self._tables.values():
            yield from table.files()

    @classmethod
    def from_file(
        cls,
        kind: str,  # noqa: ARG003 - the contract's
        path: Path,
        settings: Mapping[str, Any],
    ) -> Iterator[Item | NotReadable]:
        """Every row of a CSV file, its form and types found by looking at it, and why a row is none. Raises NotReadable."""
        if not path.is_file():
            raise NotReadable(f"{path} is not a file; give a CSV file.")
        yield from items_of_file(path, settings)

    def try_out(self) -> Health:
        """Read every table once and tell how its file is written."""
        details: dict[str, Any] = {}
        wrong: list[str] = []
        try:
            self._mirror.fetch(now=True) if self._mirror else None
        except KontoristError as error:
            wrong.append(str(error))
        for name, table in self._tables.items():
            try:
                known = table.fresh()
            except KontoristError as error:
                wrong.append(str(error))
                continue
            types = {c.name: c.kind for c in known.columns}
            details[name] = {"file": known.file, "rows": known.rows, **known.dialect, "decimal": known.mark, "columns": types}
        bad = list(self.problems())
        if bad:
            details["problems"] = bad[:20]
        if wrong:
            return Health(False, "\n".join(wrong), details)
        rows = sum(d["rows"] for n, d in details.items() if n != "problems")
        return Health(True, f"{len(self._tables)} tables with {rows} rows, {len(bad)} problems in the data", details)

    def problems(self) -> Iterable[str]:
        """Rows and cells that cannot be used, with file and line, and files that are not whole."""
        if self._mirror and self._mirror.trouble:
            yield self._mirror.trouble
        for table in self._tables.values():
            yield from table.problems()

    def _refresh(self) -> None:
        """Have the exports of the server here; look-ups go on with the copy when it is away."""
        if self._mirror:
            self._mirror.fetch_if_possible()


def _key_is_there(table: Table, columns: Sequence[Column]) -> None:
    names = [c.name for c in columns]
    if table.options.key and table.options.key not in names:
        raise ConfigurationError(
            f"The key '{table.options.key}' of the table '{table.name}' is not one of its columns{did_you_mean(table.options.key, names)}"
        )
