"""The books: prepares postings for DATEV, looks up creditors and what was posted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

from connectors.accounting.config import Config as BooksConfig
from connectors.accounting.export import ExportVendors
from connectors.accounting.files import unwritable
from connectors.accounting.originals import ExportDocuments
from connectors.accounting.post import Post
from connectors.accounting.postings import Posting, posted
from connectors.accounting.reverse import Reverse
from connectors.accounting.settle import Settle
from connectors.accounting.vendor_file import read_vendors
from connectors.accounting.vendors import COLUMNS, Vendors, flat, plain_name
from connectors.accounting.warnings import Refusal
from connectors.base import Action, Column, Connector, Health, Row
from kontorist.core.errors import KontoristError, Rejected
from kontorist.core.values import sha256

_POSTING_TYPES = {"gross": "decimal", "issue_date": "date"}
_POSTINGS = ("key", "vendor", "number", "gross", "issue_date", "document", "file", "vendor_vat_id", "seller")


class Accounting(Connector):
    """Postings as DATEV batch files (EXTF), with creditors from a CSV file."""

    Config = BooksConfig
    actions: ClassVar[Mapping[str, type[Action]]] = {
        "post": Post,
        "settle": Settle,
        "reverse": Reverse,
        "export_vendors": ExportVendors,
        "export_documents": ExportDocuments,
    }
    retention_law: ClassVar[str] = "documents of what was booked are kept for years (§ 147 AO, § 257 HGB)"
    config: BooksConfig

    @property
    def output(self) -> Path:
        """The folder of the batches."""
        return self.surroundings.path(self.config.output)

    @property
    def archive(self) -> Path:
        """The folder of the originals."""
        return self.surroundings.path(self.config.archive) if self.config.archive else self.output / "belege"

    @property
    def language(self) -> str:
        """The office's language."""
        return str(next(iter(self.surroundings.settings.get("languages") or ()), "de"))

    def vendors(self) -> Vendors:
        """The creditors, read afresh: somebody may have mended the file."""
        return read_vendors(self.surroundings.path(self.config.vendors))

    def posted(self) -> list[Posting]:
        """What was posted already."""
        return posted(self.output)

    def document(self, digest: str, given: Mapping[str, bytes]) -> bytes:
        """A document of the case, else from the office's store. Raises Rejected when it is gone or changed."""
        place = self.surroundings.place(digest)
        data = given.get(digest)
        if data is None and place.is_file():
            data = place.read_bytes()
        if data is None or sha256(data) != digest:
            raise Refusal(
                f"Der Beleg {digest[:12]}… der Rechnung fehlt oder wurde verändert; ohne ihn wird nichts gebucht.",
                f"The document {digest[:12]}… of the invoice is not there or was changed; nothing is posted without it.",
            )
        return data

    def archived(self, digest: str) -> Path | None:
        """The archived original of a document, if there is one."""
        return next(iter(self.archive.glob(f"{digest}*")), None)

    def tables(self) -> Mapping[str, Sequence[Column]]:
        """`vendors` and `postings`."""
        vendors = [Column(name, "integer" if name == "payment_terms_days" else "text") for name in COLUMNS]
        return {"vendors": vendors, "postings": [Column(name, _POSTING_TYPES.get(name, "text")) for name in _POSTINGS]}

    def look_up(self, table: str, wheres: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """The rows for each `where`; numbers, VAT ids and IBANs are compared without blanks, names without case."""
        if table not in self.tables():
            raise Rejected(f"The books have no table '{table}'; there are: {', '.join(self.tables())}.")
        rows = self._rows(table)
        return [[row for row in rows if all(_fits(row, column, wanted) for column, wanted in where.items())] for where in wheres]

    def _rows(self, table: str) -> list[Row]:
        if table == "vendors":
            return [Row(table, one.place, one.values()) for one in self.vendors().every]
        return [Row(table, one.file, one.values()) for one in self.posted()]

    def try_out(self) -> Health:
        """Whether the creditors can be read and the folder of the batches can be written."""
        for folder in (self.output, self.archive):
            if trouble := unwritable(folder):
                return Health(False, trouble)
        try:
            vendors = self.vendors()
            details = {"vendors": len(vendors.every), "problems": len(vendors.problems), "posted": len(self.posted())}
        except KontoristError as error:
            return Health(False, str(error))
        if not vendors.every:
            return Health(False, f"There is no creditor in {self.config.vendors}; every invoice would stop as unknown.", details)
        return Health(True, f"{len(vendors.every)} creditors; batches go to {self.output}.", details)

    def problems(self) -> Iterable[str]:
        """Lines of the creditors' file that were left out."""
        return self.vendors().problems


def _fits(row: Row, column: str, wanted: Any) -> bool:
    if column not in row.values:
        raise Rejected(f"The table '{row.table}' has no column '{column}'; it has: {', '.join(row.values)}.")
    found = row.values[column]
    if isinstance(found, Decimal):
        try:
            return found == Decimal(str(wanted))
        except InvalidOperation:
            return False
    if isinstance(found, date):
        return found.isoformat() == str(wanted)[:10]
    if column == "iban":
        return flat(wanted) != "" and any(flat(one) == flat(wanted) for one in re.split(r"[,/|]", str(found)))
    form = plain_name if column in {"name", "seller"} else flat
    return found is not None and form(found) == form(wanted) and form(wanted) != ""
