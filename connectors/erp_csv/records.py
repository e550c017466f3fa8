"""The rows of an export, one after the other with their line; a broken row is told apart and does not hide the next."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.erp_csv.dialect import Dialect, open_text
from kontorist.core.errors import NotReadable

csv.field_size_limit(1 << 20)
_TOO_LONG = "has a cell of more than 1 MB; the row is left out"


@dataclass(frozen=True)
class Record:
    """One row of a file; `problem` says why it cannot be used."""

    line: int
    fields: list[str]
    problem: str = ""


class _Lines:
    """The physical lines of a file, with those of the record that is being read."""

    def __init__(self, file: Iterator[str]) -> None:
        self.file = file
        self.number = 0
        self.current: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self.file)
        self.number += 1
        self.current.append(line)
        return line

    def take(self) -> tuple[int, list[str]]:
        """The line where the record began and its lines."""
        lines, self.current = self.current, []
        return self.number - len(lines) + 1, lines


def read_header(path: Path, dialect: Dialect) -> list[str]:
    """The headings as they stand in the file. Raises NotReadable when there are none."""
    for record in _records(path, dialect, width=None):
        return [cell.strip().strip("\ufeff\xa0") for cell in record.fields]
    raise NotReadable(f"{path.name} is empty: there is no line with headings. Run the export again.")


def read_records(path: Path, dialect: Dialect, width: int) -> Iterator[Record]:
    """Every row below the headings, in the order of the file; blank lines are left out, also those of delimiters alone."""
    rows = _records(path, dialect, width)
    next(rows, None)
    for record in rows:
        if record.problem or any(cell.strip() for cell in record.fields):
            yield record


def _records(path: Path, dialect: Dialect, width: int | None) -> Iterator[Record]:
    with open_text(path, dialect.encoding) as file:
        lines = _Lines(file)
        for _ in range(dialect.header_line - 1):
            next(lines, None)
        lines.take()
        yield from _cut(lines, dialect.delimiter, width)


def _cut(lines: _Lines, delimiter: str, width: int | None) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            start, raw = lines.take()
            if width is None:
                raise NotReadable(f"Line {start} should be the headings, but a cell in it is longer than 1 MB.") from None
            yield from _singly(start, raw, delimiter, width)
            continue
        start, raw = lines.take()
        if not fields and len(raw) <= 1:
            continue
        if width is None:
            yield Record(start, fields)
        elif len(raw) > 1 and (len(fields) != width or _are_rows(raw, delimiter, width)):
            yield from _singly(start, raw, delimiter, width)
        else:
            yield _fitted(start, fields, width)


def _bare(line: str, delimiter: str) -> list[str]:
    """A line cut at every delimiter, whatever its quotation marks say."""
    fields = next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    return [f[1:-1].replace('""', '"') if len(f) > 1 and f[0] == f[-1] == '"' else f for f in fields]


def _are_rows(raw: list[str], delimiter: str, width: int) -> bool:
    """Whether the lines of one record are rows of their own: two stray quotation marks glued them together."""
    try:
        return width > 2 and all(len(_bare(line, delimiter)) == width for line in raw)
    except csv.Error:
        return False


def _singly(start: int, raw: list[str], delimiter: str, width: int) -> Iterator[Record]:
    """Lines that a stray quotation mark glued together, each for itself."""
    for number, line in enumerate(raw, start):
        try:
            fields = _bare(line, delimiter)
        except csv.Error:
            yield Record(number, [], _TOO_LONG)
            continue
        if fields:
            yield _fitted(number, fields, width)


def _fitted(line: int, fields: list[str], width: int) -> Record:
    if len(fields) > width and not any(cell.strip() for cell in fields[width:]):
        fields = fields[:width]  # some exports end each line with a delimiter, but not the headings
    if len(fields) == width or not any(cell.strip() for cell in fields):
        return Record(line, fields)
    return Record(line, fields, f"has {len(fields)} fields, the headings are {width}; the row is left out")
