"""One table of the ERP: its file, kept in step with the cache, never half of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import _listing
from connectors.base import Column, Row
from connectors.erp_csv import cells
from connectors.erp_csv.cache import Cache, CachedColumn, Relation
from connectors.erp_csv.options import TableOptions
from connectors.erp_csv.profile import Profile, profile
from connectors.erp_csv.records import read_records
from kontorist.core.errors import AccessDenied, ConfigurationError, KontoristError, NotReadable, Rejected, Unavailable
from kontorist.core.problems import did_you_mean

MOST_ROWS = 100_000
_TRIES = 3
Stamp = tuple[str, int, int, int]


class _Torn(Exception):
    """The file was being written while it was read."""


@dataclass
class Table:
    """A table by its name, its options and the folder of the exports."""

    name: str
    options: TableOptions
    folder: Path
    cache: Cache
    trouble: str = ""
    """Why the cache holds an older state than the file, if it does."""
    nothing_new: object = None
    """The state of the file (and the options of the trigger) in which every row was known."""

    def columns(self) -> Sequence[Column]:
        """The columns with their types, as configured or found."""
        return [Column(c.name, c.kind) for c in self.fresh().columns]

    def problems(self) -> list[str]:
        """What was wrong in the state that is used now."""
        known = self.cache.relation(self.name)
        return [*([self.trouble] if self.trouble else []), *(known.problems if known else [])]

    def find(self, where: Mapping[str, Any]) -> list[Row]:
        """The rows with these values. Raises Rejected for an unknown column and for more rows than anybody can look at."""
        relation = self.fresh()
        wanted = self._wanted(relation, where)
        if wanted is None:
            return []
        found = self.cache.find(relation, wanted, MOST_ROWS + 1)
        if len(found) > MOST_ROWS:
            raise Rejected(f"The look-up in {self.name} finds more than {MOST_ROWS:,} rows; ask for fewer with 'where'.")
        return [self._row(relation, found_row) for found_row in found]

    def pages(self, where: Mapping[str, Any], size: int) -> Iterator[list[Row]]:
        """All rows with these values, page by page, from one state of the file."""
        relation = self.fresh()
        wanted = self._wanted(relation, where)
        after = 0
        while wanted is not None:
            found = self.cache.find(relation, wanted, size, after)
            if not found:
                return
            after = found[-1][0]
            yield [self._row(relation, found_row) for found_row in found]
            if self.cache.relation(self.name) != relation:
                return  # a newer state of the file is there: the next look reads it from its start

    def _wanted(self, relation: Relation, where: Mapping[str, Any]) -> dict[int, str] | None:
        wanted: dict[int, str] = {}
        for column, value in where.items():
            try:
                index = relation.index_of(column)
            except KeyError:
                near = did_you_mean(column, [c.name for c in relation.columns])
                raise Rejected(f"The table {self.name} has no column '{column}'{near}") from None
            text = cells.wanted(value, relation.columns[index].kind, relation.mark)
            if text is None:
                return None
            wanted[index] = text
        return wanted

    def _row(self, relation: Relation, found: Sequence[Any]) -> Row:
        values = {
            c.name: cells.value_or_none(text, c.kind, relation.mark) for c, text in zip(relation.columns, found[2:], strict=True)
        }
        return Row(self.name, f"{relation.file}:{found[1]}", values)

    # keeping in step --------------------------------------------------------

    def fresh(self) -> Relation:
        """The state of the file as it is now; the last whole one while the file is being written."""
        path = self.path()
        signature = self.options.model_dump_json()
        for attempt in range(_TRIES):
            known = self.cache.relation(self.name)
            stamp = _stamp(path, self)
            if known and known.stamp == stamp and known.signature == signature:
                self.trouble = ""
                return known
            usable = known if known and known.signature == signature else None
            try:
                return self._build(path, stamp, signature, usable)
            except _Torn as torn:
                if usable:
                    self.trouble = f"{path.name}: {torn}; the state before is used until the export is whole"
                    return usable
                if attempt + 1 == _TRIES:
                    raise Unavailable(f"{path}: {torn}. It is read again later.") from torn
                time.sleep(0.3)
        raise AssertionError("unreachable")

    def path(self) -> Path:
        """The file to read: the newest one if the name has wildcards. Raises Unavailable naming what is there."""
        if fitting := self.files():
            return fitting[-1]
        raise self._missing()

    def files(self) -> list[Path]:
        """The files that its name fits, oldest first; none when there is no such file. Raises AccessDenied, Unavailable."""
        if any(sign in self.options.file for sign in "*?["):
            return _listing.fitting(self.folder, self.options.file)
        return _listing.by_age([self.folder / self.options.file])

    def _missing(self) -> KontoristError:
        if not _listing.is_folder(self.folder):
            return ConfigurationError(
                f"The folder {self.folder} of the table '{self.name}' is not there. Mend 'folder' in connections.yaml or mount it."
            )
        there = sorted(p.name for p in _listing.by_age(_listing.listed(self.folder)) if not p.name.startswith("."))
        near = did_you_mean(self.options.file, there).replace("; there are", "; the folder has") or "."
        return Unavailable(
            f"The file {self.options.file} of the table '{self.name}' is not in {self.folder}{near} "
            "Run the ERP's export again or mend 'file' in connections.yaml."
        )

    def _build(self, path: Path, stamp: Stamp, signature: str, before: Relation | None) -> Relation:
        with self.cache.building():
            known = self.cache.relation(self.name)
            if known and known.stamp == stamp and known.signature == signature:
                return known  # another process was faster
            try:
                seen = profile(path, self.options)
                number, rows = self.cache.create(self.name, len(seen.columns), _rows(seen))
            except NotReadable as error:
                raise _Torn(str(error).rstrip(".")) from error
            except OSError as error:
                raise _translated(path, error) from error
            self._must_be_whole(path, stamp, rows, seen, before)
            problems = seen.finish()  # settles the types
            columns = [CachedColumn(c.name, c.heading, c.kind) for c in seen.columns]
            relation = Relation(number, stamp, signature, columns, seen.mark, seen.dialect.as_dict(), rows, problems)
            self.cache.keep(self.name, relation)
        self.trouble = ""
        return relation

    def _must_be_whole(self, path: Path, stamp: Stamp, rows: int, seen: Profile, before: Relation | None) -> None:
        if _stamp(path, self) != stamp:
            raise _Torn("the file changed while it was read")
        if before is None or not before.rows:
            return
        if not rows:
            raise _Torn(f"the file has no rows any more, before it had {before.rows}")
        if seen.left_out and _breaks_off(path):
            raise _Torn("the file breaks off in the middle of its last line")
        if rows * 2 < before.rows and time.time() - stamp[2] / 1e9 < 2:
            raise _Torn(f"the file was changed just now and has only {rows} of {before.rows} rows")


def _rows(seen: Profile) -> Iterator[list[Any]]:
    for record in read_records(seen.path, seen.dialect, seen.width):
        values = seen.take(record)
        if values is not None:
            yield [record.line, *values]


def _stamp(path: Path, table: Table) -> Stamp:
    try:
        there = path.stat()
    except OSError:
        raise table._missing() from None
    return (str(path), there.st_size, there.st_mtime_ns, there.st_ino)


def _breaks_off(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return not file.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def _translated(path: Path, error: OSError) -> KontoristError:
    if isinstance(error, PermissionError):
        return AccessDenied(f"{path} may not be read: {error.strerror}. Give this user the right to read the ERP's exports.")
    return Unavailable(f"{path} cannot be read: {error.strerror}. It is tried again later.")
