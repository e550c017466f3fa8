"""The trigger `rows`: every new or changed row of an export becomes an item."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.base import Item, Row
from connectors.erp_csv import cells
from connectors.erp_csv.options import RowsOptions, TableOptions
from connectors.erp_csv.profile import Profile, profile
from connectors.erp_csv.records import read_records
from connectors.erp_csv.table import Table
from kontorist.core.errors import ConfigurationError, NotReadable, Rejected
from kontorist.core.problems import did_you_mean
from kontorist.core.values import canonical

_PAGE = 500


def new_rows(table: Table, options: RowsOptions, known: Any) -> Iterator[Item]:
    """The rows that were not taken in yet with exactly this content, in the order of the file."""
    key = _key(table, options)
    state = (table.fresh().stamp, options.model_dump_json())
    if table.nothing_new == state:
        return  # the file is as it was when every row in it was known
    fresh = False
    for page in table.pages(options.where, _PAGE):
        items = {item.source_key: item for item in (as_item(row, key) for row in page)}
        seen = known(set(items))
        for source_key, item in items.items():
            if source_key not in seen:
                fresh = True
                yield item
    if not fresh:
        table.nothing_new = state


def _key(table: Table, options: RowsOptions) -> Sequence[str]:
    written = options.key or table.options.key or []
    key = [written] if isinstance(written, str) else written
    there = [c.name for c in table.columns()]
    for name in key:
        if name not in there:
            raise Rejected(f"The table {table.name} has no column '{name}' to be its key{did_you_mean(name, there)}")
    return key


def as_item(row: Row, key: Sequence[str]) -> Item:
    """The item of a row: its source key changes whenever the row's content does."""
    content = canonical({"table": row.table, "key": list(key), "row": row.values})
    return Item(
        source_key=f"row:{hashlib.sha256(content).hexdigest()}",
        source=row.place,
        title=_title(row, key),
        data={"row": dict(row.values), "table": row.table},
    )


def _title(row: Row, key: Sequence[str]) -> str:
    names = list(key) + [name for name in row.values if name not in key]
    told = [_short(row.values[name]) for name in names if row.values[name] is not None]
    return f"{row.table}: {' · '.join(told[:3])}"


def _short(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def items_of_file(path: Path, settings: Mapping[str, Any]) -> Iterator[Item | NotReadable]:
    """One item for each row of a CSV file that no configuration knows, and why a row is none. Raises NotReadable."""
    name = str(settings.get("table") or path.stem)
    try:
        seen = profile(path, TableOptions.model_validate({"file": path.name, **settings.get("options", {})}))
        kinds = _kinds(seen)
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}.") from error
    except ConfigurationError as error:
        raise NotReadable(str(error)) from error
    for record in read_records(path, seen.dialect, seen.width):
        if record.problem:
            yield NotReadable(f"{path.name}:{record.line}: {record.problem}.")
        else:
            values = {c.name: cells.value_or_none(record.fields[c.index].strip(), kinds[c.name], seen.mark) for c in seen.columns}
            yield as_item(Row(name, f"{path.name}:{record.line}", values), ())


def _kinds(seen: Profile) -> dict[str, str]:
    """The types of all columns after a look at every row."""
    for record in read_records(seen.path, seen.dialect, seen.width):
        seen.take(record)
    seen.finish()
    return {c.name: c.kind for c in seen.columns}
