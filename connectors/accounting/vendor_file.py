"""The CSV file of creditors: which columns it has, which lines are left out, and why."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from connectors.accounting.master_data import is_extf, vendors_in
from connectors.accounting.vendors import COLUMNS, Vendor, Vendors, plain_name
from kontorist.core.errors import ConfigurationError, Unavailable
from kontorist.reading.parts import decoded

_NEEDED = ("number", "name")
_GUARDS = (*_NEEDED, "iban", "vat_id", "email_domain")
"""Columns without which invoices cannot be posted, or frauds slip through: a slip in their captions is no other column."""


def read_vendors(path: Path) -> Vendors:
    """The creditors in a file. Raises ConfigurationError when it is missing or has other columns, Unavailable when it is in use."""
    data = _data(path)
    if is_extf(data):
        return _kept([(vendor, 1, 1) for vendor in vendors_in(path.name, data)], [])
    text = decoded(data)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    begin = 1
    rows = []
    try:
        columns = _columns(path.name, [cell.strip() for cell in next(lines, [])])
        begin = lines.line_num + 1
        for cells in lines:
            last, begin = begin, lines.line_num + 1
            if any(cell.strip() for cell in cells):
                rows.append((last, cells))
    except csv.Error as error:
        raise _unclosed(path.name, begin) from error
    if text.count('"') % 2 and rows and "\n" in rows[-1][1][-1]:  # the reader took everything to the end for one cell
        raise _unclosed(path.name, rows[-1][0])
    read = [(_vendor(columns, cells, f"{path.name}:{number}"), len(cells), len(columns)) for number, cells in rows]
    return _kept(read, list(_unguarded(path.name, columns)))


def _kept(read: Sequence[tuple[Vendor, int, int]], problems: list[str]) -> Vendors:
    """The creditors without fault; of the others, why they are left out."""
    every: list[Vendor] = []
    for vendor, cells, columns in read:
        trouble = [*_wrong(vendor, cells, columns), *_twice(vendor, every)]
        problems += [f"{vendor.place}: {sentence}" for sentence in trouble]
        if not trouble:
            every.append(vendor)
    return Vendors(tuple(every), tuple(problems))


def _unclosed(name: str, line: int) -> ConfigurationError:
    return ConfigurationError(f"{name}:{line}: a quotation mark is not closed, or this is no CSV file.")


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"The file of creditors {path} is not there; name it under `vendors` in connections.yaml."
        ) from error
    except IsADirectoryError as error:
        raise ConfigurationError(f"{path} is a folder; name the CSV file of creditors under `vendors`.") from error
    except PermissionError as error:
        raise ConfigurationError(
            f"The file of creditors {path} may not be read; give this program the right to read it."
        ) from error
    except OSError as error:
        raise Unavailable(f"The file of creditors {path} cannot be read now: {error.strerror}.") from error


def _columns(name: str, header: Sequence[str]) -> list[str]:
    """The key of each column, empty for those that are not ours. Raises ConfigurationError for a slip that would cost safety."""
    known = {plain_name(caption): key for key, caption in COLUMNS.items()}
    keys = [known.get(plain_name(caption), "") for caption in header]
    if len(header) == 1 and re.search(r"[,\t]", header[0]):
        raise ConfigurationError(f"{name}:1: the columns must be separated by semicolons: {header[0][:100]}")
    absent = [COLUMNS[key] for key in _GUARDS if key not in keys]
    slips = [
        (caption, close[0]) for caption, key in zip(header, keys, strict=True) if not key and (close := _close(caption, absent))
    ]
    if slips:
        told = ", ".join(f"'{caption}', did you mean '{close}'?" for caption, close in slips)
        raise ConfigurationError(f"{name}:1: there is no such column: {told}")
    lacking = [caption for caption in absent if caption in {COLUMNS[key] for key in _NEEDED}]
    if lacking:
        found = f"there are {', '.join(filter(None, header))}" if any(header) else "it is empty"
        raise ConfigurationError(f"{name}:1: the first line lacks {_columns_named(lacking)}: {found[:200]}.")
    return keys


def _close(caption: str, absent: Sequence[str]) -> list[str]:
    return get_close_matches(caption, absent, n=1, cutoff=0.7)


def _columns_named(captions: Sequence[str]) -> str:
    return f"the column{'s' if len(captions) > 1 else ''} {', '.join(captions)}"


def _unguarded(name: str, columns: Sequence[str]) -> Iterator[str]:
    """Without these columns invoices are still posted, but fraud is found less often."""
    for key in ("iban", "vat_id"):
        if key not in columns:
            yield f"{name}:1: there is no column {COLUMNS[key]}, so changed bank details or look-alike vendors are harder to notice."


def _vendor(columns: Sequence[str], cells: Sequence[str], place: str) -> Vendor:
    values = {key: cell.strip() for key, cell in zip(columns, cells, strict=False) if key}
    return Vendor(**{"number": "", "name": ""} | values, place=place)


def _wrong(vendor: Vendor, cells: int, columns: int) -> Iterator[str]:
    from schwifty import IBAN

    if cells != columns:
        yield f"has {cells} cells, the first line has {columns}; the line is left out."
    if not re.fullmatch(r"\d{5,9}", vendor.number):
        yield f"'{vendor.number}' is no creditor account; the line is left out."
    if not vendor.name:
        yield "the name is missing; the line is left out."
    for iban in vendor.ibans:
        if not IBAN(iban, allow_invalid=True).is_valid:
            yield f"'{iban}' is no IBAN; the line is left out."
    if vendor.expense_account and not re.fullmatch(r"\d{4,8}", vendor.expense_account):
        yield f"'{vendor.expense_account}' is no account; the line is left out."
    if vendor.payment_terms_days and not vendor.payment_terms_days.isdigit():
        yield f"'{vendor.payment_terms_days}' is no number of days; the line is left out."


def _twice(vendor: Vendor, known: list[Vendor]) -> Iterator[str]:
    other = next((one for one in known if one.number == vendor.number), None)
    if other is not None:
        yield f"the creditor {vendor.number} stands in {other.place} already; the line is left out."
