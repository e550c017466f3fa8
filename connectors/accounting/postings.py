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
from kontorist.core.errors import NotReadable

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


def twins(every: list[Posting], vendor: str | None, seller: str, number: str, gross: Decimal, issued: str) -> list[Posting]:
    """Postings that may be the same invoice: one seller with the same number, or with the same amount and date."""
    return [
        one
        for one in every
        if (one.vendor == vendor if vendor else flat(one.seller) == flat(seller))
        and (
            flat(one.number) == flat(number)
            or flat(one.number) == flat(extf.number_of_document(number))
            or (Decimal(one.gross) == gross and one.issue_date == issued)
        )
    ]


def append(folder: Path, posting: Posting) -> None:
    """Add a line to the ledger, on disk when this returns."""
    with (folder / LEDGER).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(posting), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _ledger(path: Path) -> Iterator[Posting]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
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
