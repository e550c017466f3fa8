"""What was booked: the batches for DATEV in the folders of the books, invoice by invoice, whoever wrote them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.accounting import Accounting, extf
from connectors.accounting.postings import plain_number
from flows.runtime import Runtime
from kontorist.core.errors import NotReadable

_VENDOR, _NUMBER, _DOCUMENT = "Gegenkonto (ohne BU-Schlüssel)", "Belegfeld 1", "Beleginfo – Inhalt 1"


class Postings:
    """Invoices that were booked: `vendor`, `number`, `gross`, `accounts`, `document` (SHA-256, where the batch names it)."""

    def __init__(self, booked: Iterable[Mapping[str, Any]]) -> None:
        self._booked = list(booked)

    @classmethod
    def of(cls, runtime: Runtime) -> Postings:
        """Those of all books of the office."""
        names = [name for name, one in runtime.office.connections.items() if one.connector == "accounting"]
        books = [one for name in names if isinstance(one := runtime.connections.get(name), Accounting)]
        return cls(posting for one in books for posting in _in_folder(one.output))

    def __len__(self) -> int:
        return len(self._booked)

    def from_documents(self, digests: Sequence[str]) -> list[Mapping[str, Any]]:
        """What was booked from documents with these hashes."""
        return [one for one in self._booked if one["document"] and one["document"] in digests]

    def of_invoice(self, vendor: str, number: str, document: str) -> Mapping[str, Any] | None:
        """How an invoice was booked: by its document, else by its number and creditor, else by its number alone."""
        if found := self.from_documents([document]):
            return found[0]
        same = [one for one in self._booked if _same_number(one["number"], number)]
        return next((one for one in same if one["vendor"] == vendor), same[0] if len(same) == 1 else None)


def _in_folder(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("EXTF_Buchungsstapel_*.csv")):
        with contextlib.suppress(NotReadable, OSError):
            yield from _in_batch(path.read_bytes())


def _in_batch(data: bytes) -> Iterator[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in extf.read(data).rows:
        vendor, number = row.get(_VENDOR, ""), row.get(_NUMBER, "")
        if not number:
            continue
        empty = {"vendor": vendor, "number": number, "gross": Decimal(0), "accounts": set(), "document": row.get(_DOCUMENT, "")}
        one = found.setdefault((vendor, number), empty)
        one["gross"] += extf.value_of(row)
        one["accounts"].add(row.get("Konto", ""))
    yield from found.values()


def _same_number(booked: str, number: str) -> bool:
    return plain_number(booked) in {plain_number(number), plain_number(extf.number_of_document(number))}


def proposed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A proposed posting in the same words."""
    rows = [row for row in payload.get("rows", ()) if isinstance(row, Mapping)]
    return {
        "vendor": str(payload.get("vendor") or ""),
        "number": str((payload.get("invoice") or {}).get("number") or ""),
        "gross": sum((extf.value_of(row) for row in rows), Decimal(0)),
        "accounts": {row.get("Konto", "") for row in rows},
        "document": str(payload.get("document") or ""),
    }
