"""DATEV's EXTF files of any kind, read strictly: header, captions and every row, with the line of what is wrong."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from connectors.accounting import extf, extf_rules
from kontorist.core.errors import NotReadable

BATCH, PARTIES, ACCOUNTS = 21, 16, 20
NAMES = {BATCH: "Buchungsstapel", PARTIES: "Debitoren/Kreditoren", ACCOUNTS: "Kontenbeschriftungen"}
_HEADER_FIELDS = 31
_MOST = 50 * 2**20


@dataclass(frozen=True)
class ExtfFile:
    """One file: what its header says, its captions, and the rows by caption."""

    category: int
    name: str
    version: int
    consultant: int
    client: int
    year_start: date | None
    account_length: int
    captions: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...]
    """Where each row begins in the file."""


def read_file(data: bytes) -> ExtfFile:
    """A file of any category. Raises NotReadable naming the line and what is wrong in it."""
    if len(data) > _MOST:
        raise NotReadable(f"The EXTF file is larger than {_MOST // 2**20} MB.")
    try:
        text = data.decode("utf-8-sig") if data.startswith(b"\xef\xbb\xbf") else data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise NotReadable(
            f"The file is neither Windows-1252 nor UTF-8 with a mark, as DATEV asks (byte {error.start})."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    cells, lines, begin = [], [], 1
    try:
        for row in reader:
            if row:
                cells.append(row)
                lines.append(begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise NotReadable(f"line {begin}: a quotation mark is not closed or stands inside a cell ({error}).") from error
    if len(cells) < 2:
        raise NotReadable("The file has no header and captions (EXTF).")
    return _checked(_head(cells[0]), tuple(cells[1]), cells[2:], tuple(lines[2:]))


def _head(fields: Sequence[str]) -> dict[str, Any]:
    if fields[0] not in ("EXTF", "DTVF"):
        raise NotReadable("The file is no DATEV file: its first line does not begin with EXTF.")
    if len(fields) < _HEADER_FIELDS - 5:  # older headers are shorter at their end
        raise NotReadable(f"line 1: the header has {len(fields)} fields, of version 700 it has {_HEADER_FIELDS}.")
    try:
        return {
            "category": int(fields[2]),
            "name": fields[3],
            "version": int(fields[4]),
            "consultant": int(fields[10] or 0),
            "client": int(fields[11] or 0),
            "year_start": datetime.strptime(fields[12], "%Y%m%d").date() if fields[12] else None,  # noqa: DTZ007
            "account_length": int(fields[13] or 0),
        }
    except ValueError as error:
        raise NotReadable(f"line 1: the header is not one of DATEV's: {error}.") from error


def _checked(head: dict[str, Any], captions: tuple[str, ...], rows: Sequence[Sequence[str]], lines: tuple[int, ...]) -> ExtfFile:
    known = NAMES.get(head["category"])
    if known is None:
        raise NotReadable(
            f"line 1: files of category {head['category']} ({head['name']}) are not read; {', '.join(NAMES.values())} are."
        )
    made = []
    for line, row in zip(lines, rows, strict=True):
        if len(row) > len(captions) and any(row[len(captions) :]):
            raise NotReadable(f"line {line}: the row has {len(row)} cells, there are {len(captions)} captions.")
        if not row[0] and any(row):
            raise NotReadable(f"line {line}: the row has no {captions[0]}.")
        made.append(dict(zip(captions, row, strict=False)))
    found = ExtfFile(**head, captions=captions, rows=tuple(made), lines=lines)
    if found.category == BATCH:
        _check_postings(found)
    return found


def _check_postings(found: ExtfFile) -> None:
    for line, row in zip(found.lines, found.rows, strict=True):
        if not re.fullmatch(r"\d{1,10},\d{2}", row["Umsatz (ohne Soll/Haben-Kz)"]):
            raise NotReadable(f"line {line}: '{row['Umsatz (ohne Soll/Haben-Kz)']}' is no amount.")
        if row.get("Soll/Haben-Kennzeichen") not in ("S", "H"):
            raise NotReadable(f"line {line}: neither debit (S) nor credit (H) is said.")
        if found.year_start and extf.day_of(row, found.year_start) is None:
            raise NotReadable(f"line {line}: '{row.get('Belegdatum')}' is no day of the fiscal year.")


# debitors and creditors ----------------------------------------------------


@functools.cache
def party_captions() -> Mapping[str, bool]:
    """The captions of Debitoren/Kreditoren (format version 5) in their order, with whether they are text."""
    text = resources.files("connectors.accounting").joinpath("debitoren_kreditoren.txt").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines()]
    return {caption: kind == "text" for kind, caption in pairs}


def write_parties(head: extf.Head, rows: Sequence[Mapping[str, str]]) -> bytes:
    """The bytes of a file of debitors and creditors. Raises KeyError for a caption that the format does not have."""
    captions = party_captions()
    created = f"{head.created:%Y%m%d%H%M%S}{head.created.microsecond // 1000:03d}"
    label = extf.clean(head.label, 30).replace('"', '""')
    first = (
        f'"EXTF";700;{PARTIES};"{NAMES[PARTIES]}";5;{created};;"KO";"Kontorist";"";{head.consultant};{head.client};'
        f'{head.year_start:%Y%m%d};{head.account_length};;;"{label}";"";;;;"";"";"";"";"";"";;;"";""'
    )
    lines = [first, ";".join(captions)]
    for row in rows:
        if unknown := set(row) - set(captions):
            raise KeyError(f"no columns of Debitoren/Kreditoren: {', '.join(sorted(unknown))}")
        lines.append(";".join(_cell(caption, row.get(caption, ""), is_text=is_text) for caption, is_text in captions.items()))
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", "replace")


def _cell(caption: str, value: str, *, is_text: bool) -> str:
    cell = extf.clean(value, 50 if caption.startswith("Name") else 120) if is_text else value
    rule = extf_rules.PARTY_RULES.get(caption, ".*" if is_text else "[0-9,]*")
    if cell and not re.fullmatch(rule, cell, re.ASCII):
        raise ValueError(f"{caption}: DATEV does not take '{cell}'")
    return '"' + cell.replace('"', '""') + '"' if is_text else cell
