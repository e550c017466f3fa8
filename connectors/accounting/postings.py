"""What was posted already: the append-only ledger beside the batches, and the batches themselves."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.accounting import extf
from connectors.accounting.vendors import flat
from kontorist.core.errors import NotReadable, Unavailable
from kontorist.einvoice.accounts import unmasked

LEDGER = "postings.jsonl"


@dataclass(frozen=True)
class Posting:
    """One invoice that was posted."""

    key: str
    """The idempotency key of the action."""
    vendor: str
    number: str
    gross: str
    issue_date: str
    document: str
    file: str
    vendor_vat_id: str = ""
    seller: str = ""

    def values(self) -> dict[str, Any]:
        """The columns of the look-up table."""
        day = date.fromisoformat(self.issue_date) if self.issue_date else None
        return asdict(self) | {"gross": Decimal(self.gross), "issue_date": day}


def posted(folder: Path) -> list[Posting]:
    """Every posting: from the ledger, and from batches whose line in it was lost when the power failed."""
    known = list(_ledger(folder / LEDGER))
    files = {one.file for one in known}
    for path in sorted(folder.glob("EXTF_Buchungsstapel_*.csv")):
        if path.name not in files:
            known += _from_batch(path)
    return known


@dataclass(frozen=True)
class Wanted:
    """What is looked for among the postings: an invoice of a seller."""

    vendor: str | None
    vat_id: str
    seller: str
    number: str
    gross: Decimal
    issued: date


def twins(every: list[Posting], wanted: Wanted) -> list[Posting]:
    """Postings that may be the same invoice: one seller with the same number, or with the same amount in the same week."""
    return [one for one in every if _same_seller(one, wanted) and (same_number(one, wanted.number) or _same_amount(one, wanted))]


def same_number(one: Posting, number: str) -> bool:
    """The same invoice number, however it is written, or what of it fits into a batch."""
    return plain_number(one.number) in {plain_number(number), plain_number(extf.number_of_document(number))}


def plain_number(number: str) -> str:
    """An invoice number without case, blanks, signs, invisible and look-alike letters and leading zeros."""
    return flat(unmasked(number)).lstrip("0")


def _same_seller(one: Posting, wanted: Wanted) -> bool:
    if wanted.vendor and one.vendor == wanted.vendor:
        return True
    same_id = bool(flat(wanted.vat_id)) and flat(one.vendor_vat_id) == flat(wanted.vat_id)
    return same_id or (not wanted.vendor and flat(one.seller) == flat(wanted.seller))


def _same_amount(one: Posting, wanted: Wanted) -> bool:
    day = date.fromisoformat(one.issue_date) if one.issue_date else None
    return day is not None and Decimal(one.gross) == wanted.gross and abs((day - wanted.issued).days) < 7


def append(folder: Path, posting: Posting) -> None:
    """Add a line to the ledger, on disk when this returns."""
    with (folder / LEDGER).open("a+b") as file:
        line = json.dumps(asdict(posting), ensure_ascii=False).encode() + b"\n"
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        torn = file.read() not in {b"", b"\n"}  # the power failed in the middle of the last line
        file.write(b"\n" + line if torn else line)
        file.flush()
        os.fsync(file.fileno())


def _ledger(path: Path) -> Iterator[Posting]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"What was posted cannot be read from {path}; nothing is posted until it can.") from error
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):  # a torn last line: the batch itself tells the rest
            yield Posting(**json.loads(line))


def _from_batch(path: Path) -> list[Posting]:
    try:
        batch = extf.read(path.read_bytes())
    except (NotReadable, OSError):
        return []
    rows = [row for row in batch.rows if row.get("Belegfeld 1")]
    if not rows:
        return []
    first = rows[0]
    day = extf.day_of(first, batch.year_start)
    return [
        Posting(
            key=path.stem.rpartition("_")[2],
            vendor=first.get("Gegenkonto (ohne BU-Schlüssel)", ""),
            number=first["Belegfeld 1"],
            gross=str(sum((extf.value_of(row) for row in rows), Decimal(0))),
            issue_date=day.isoformat() if day else "",
            document=first.get("Beleginfo – Inhalt 1", ""),
            file=path.name,
        )
    ]
