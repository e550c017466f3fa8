"""What the columns of an export hold: names, types given or found, and every cell that does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from connectors.erp_csv import cells
from connectors.erp_csv.dialect import Dialect, detect
from connectors.erp_csv.options import ColumnOptions, TableOptions
from connectors.erp_csv.records import Record, read_header, read_records
from kontorist.core.errors import ConfigurationError
from kontorist.core.problems import did_you_mean

_SAMPLE_ROWS = 2000
_SHARE = 0.9
_LISTED = 200
# a number that names something is text: nobody adds up customer numbers, and comparing needs no guess at its type
_IDENTIFIER = re.compile(
    r"(?:nummer|nr\.?|no\.?|number|id|plz|ean|gtin|telefon|tel\.?|fax|konto|code|iban|bic|jahr)$", re.IGNORECASE
)
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass
class ColumnState:
    """One column: where it stands, its type as known so far, and what did not fit."""

    name: str
    heading: str
    index: int
    kind: str = "text"
    given: bool = False
    seen: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    bad_count: int = 0
    misfits: int = 0
    """Cells that do not even look like the type, as an impossible date still does."""


@dataclass
class Profile:
    """The columns of one file while it is read; `take` every record, then `finish`."""

    path: Path
    dialect: Dialect
    width: int
    mark: str
    columns: list[ColumnState]
    problems: list[str] = field(default_factory=list)
    left_out: int = 0
    unreadable: int = 0

    def take(self, record: Record) -> list[str] | None:
        """The trimmed cells of our columns; None for a row that cannot be used (reported)."""
        if record.problem:
            self._leave_out(record)
            return None
        values = [record.fields[c.index].strip() for c in self.columns]
        if "\ufffd" in "".join(values):
            self._tell_unreadable(record.line)
        for column, text in zip(self.columns, values, strict=True):
            if text and column.kind != "text":
                self._check(column, record.line, text)
        return values

    def _leave_out(self, record: Record) -> None:
        self.left_out += 1
        if self.left_out <= _LISTED:
            self.problems.append(f"{self.path.name}:{record.line}: {record.problem}")

    def _tell_unreadable(self, line: int) -> None:
        self.unreadable += 1
        if self.unreadable <= _LISTED:
            told = f"a character is broken (not {self.dialect.encoding}) and stands as \ufffd"
            self.problems.append(f"{self.path.name}:{line}: {told}")

    def _check(self, column: ColumnState, line: int, text: str) -> None:
        column.seen += 1
        try:
            cells.parse(text, column.kind, self.mark)
        except ValueError:
            if column.kind in ("integer", "boolean") and not column.given:
                column.kind = "decimal" if cells.has_shape(text, "decimal", self.mark) and column.kind == "integer" else "text"
                return
            column.bad_count += 1
            column.misfits += not cells.has_shape(text, column.kind, self.mark)
            if column.bad_count <= _LISTED:
                column.bad.append((line, text[:80]))

    def finish(self) -> list[str]:
        """All problems. A type that was found in the first rows but fits too few of all is taken back to text."""
        found = list(self.problems)
        if self.left_out > _LISTED:
            found.append(f"{self.path.name}: {self.left_out - _LISTED} more rows have the wrong number of fields")
        if self.unreadable > _LISTED:
            found.append(f"{self.path.name}: {self.unreadable - _LISTED} more rows have broken characters")
        for column in self.columns:
            if not column.given and column.misfits > (1 - _SHARE) * column.seen:
                column.kind = "text"
            if column.kind != "text":
                found += self._sentences(column)
        return found

    def _sentences(self, column: ColumnState) -> list[str]:
        name, rest = self.path.name, column.bad_count - len(column.bad)
        told = [f"{name}:{line}: '{column.heading}' is '{text}', {cells.not_a(column.kind)}" for line, text in column.bad]
        return [*told, f"{name}: {rest} more cells of '{column.heading}' are {cells.not_a(column.kind)}"] if rest else told


def profile(path: Path, options: TableOptions) -> Profile:
    """Look at a file's headings and first rows. Raises ConfigurationError naming a heading that is not there, NotReadable, OSError."""
    dialect = detect(path, options.encoding, options.delimiter)
    headings = read_header(path, dialect)
    sample = [r.fields for r in islice(read_records(path, dialect, len(headings)), _SAMPLE_ROWS) if not r.problem]
    columns = _chosen(path, headings, options.columns) if options.columns else _all(headings)
    texts = [[row[c.index].strip() for row in sample] for c in columns]
    mark = options.decimal
    if mark == "auto":
        mark = "," if cells.decimal_mark([t for column in texts for t in column], dialect.delimiter) == "," else "."
    for column, values in zip(columns, texts, strict=True):
        if not column.given:
            column.kind = _guess(column, [v for v in values if v], mark)
    return Profile(path, dialect, len(headings), mark, columns)


def _guess(column: ColumnState, values: list[str], mark: str) -> str:
    if not values:
        return "text"
    if not _IDENTIFIER.search(column.heading) and not _IDENTIFIER.search(column.name):
        if all(cells.has_shape(v, "integer", mark) for v in values):
            return "integer"
        if _share(values, "decimal", mark) >= _SHARE and not any(re.match(r"[+-]?0\d", v) for v in values):
            return "decimal"
    if _share(values, "date", mark) >= _SHARE:
        return "date"
    return "boolean" if all(cells.has_shape(v, "boolean", mark) for v in values) else "text"


def _share(values: list[str], kind: str, mark: str) -> float:
    return sum(1 for v in values if cells.has_shape(v, kind, mark)) / len(values)


def plain_name(heading: str) -> str:
    """A heading as a name: 'Kunden-Nr. (alt)' → kunden_nr_alt."""
    return re.sub(r"[^a-z0-9]+", "_", heading.casefold().translate(_LETTERS)).strip("_")


def _all(headings: list[str]) -> list[ColumnState]:
    columns: list[ColumnState] = []
    taken: set[str] = set()
    for index, heading in enumerate(headings):
        name = plain_name(heading) or f"column_{index + 1}"
        name = f"column_{name}" if name[0].isdigit() else name
        while name in taken:
            name = f"{name}_{index + 1}"
        taken.add(name)
        if heading:
            columns.append(ColumnState(name, heading, index))
    return columns


def _chosen(path: Path, headings: list[str], wanted: Mapping[str, str | ColumnOptions]) -> list[ColumnState]:
    there = {cells.same(h): i for i, h in reversed(list(enumerate(headings)))}
    columns, missing = [], []
    for name, option in wanted.items():
        heading = option if isinstance(option, str) else option.from_
        kind = None if isinstance(option, str) else option.type
        if (index := there.get(cells.same(heading))) is None:
            missing.append(
                f"the column '{heading}' (for {name}) is not there{did_you_mean(heading, headings).replace('; there are', '; it has')}"
            )
        else:
            columns.append(ColumnState(name, headings[index], index, kind or "text", given=kind is not None))
    if missing:
        heads = ", ".join(h for h in headings if h)
        said = "; ".join(missing)
        raise ConfigurationError(
            f"{path.name}: {said}{'' if said.endswith('?') else '.'} The headings of the file are: {heads}. "
            "Mend 'columns' in connections.yaml or export the file with this column."
        )
    return columns
