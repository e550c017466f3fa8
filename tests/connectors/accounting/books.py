"""A connection to the books with one creditor, and invoices of theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from schwifty import IBAN

from connectors.accounting import Accounting
from connectors.base import Context, Proposal, Surroundings
from kontorist.core.values import sha256
from kontorist.einvoice.document import find_invoice
from kontorist.testing import carried_out
from scripts.sample.invoice import Invoice, Line
from scripts.sample.vendors import Vendor, german_vat_id

COMPANY = {
    "name": "Hansen & Brandt Großhandel GmbH",
    "vat_id": "DE136695976",
    "iban": "DE89370400440532013000",
    "email": "service@hansen-brandt.example",
}
OTHER_IBAN = str(IBAN.generate("DE", bank_code="10010010", account_code="0666123456"))
VENDOR = Vendor("70001", "Wellpappe Nord GmbH", german_vat_id("81112341"), "", "20050550", "1234567890", "wellpappe-nord.example", "3200", 14, "Papierstraße 1", "21107", "Hamburg")  # fmt: skip
LINES = [Line("Wellpappe", "100", "1.00"), Line("Fachbuch", "2", "10.00", rate="7")]
INVOICE = Invoice("RE-1/2026", VENDOR, date(2026, 11, 16), LINES)


class Books:
    """A connection to the books, and what a flow and the gate do with it."""

    def __init__(self, folder: Path, vendors: str = "", **config: Any) -> None:
        self.folder = folder
        head = "Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle"
        row = f"70001;Wellpappe Nord GmbH;{VENDOR.vat_id};;{VENDOR.iban};wellpappe-nord.example;3200;14;"
        (folder / "vendors.csv").write_text(vendors or f"{head}\n{row}\n", encoding="cp1252")
        given = {"consultant_number": 1001, "client_number": 456, "vendors": "vendors.csv"} | config
        surroundings = Surroundings("books", folder, folder / "var", {"company": COMPANY, "languages": ["de"]})
        self.connector = Accounting(Accounting.Config.model_validate(given), surroundings)
        self.action = self.connector.actions["post"]()

    def propose(
        self, document: bytes, mail: Mapping[str, Any] | None = None, beside: Mapping[str, bytes] | None = None, **more: Any
    ) -> Proposal:
        """The proposal for a document, as if it had come by this mail with these attachments beside it."""
        found = find_invoice("rechnung", "", document)
        assert found is not None
        digest = sha256(document)
        place = self.folder / "var/documents" / digest[:2] / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(document)
        payload = self.action.Payload.model_validate({"invoice": found.invoice.as_dict(), "document": digest} | more)
        documents = {digest: document} | {sha256(data): data for data in (beside or {}).values()}
        names = [{"name": name, "sha256": sha256(data)} for name, data in (beside or {}).items()]
        data = {} if mail is None and beside is None else {"mail": {**(mail or {}), "attachments": names}}
        return self.action.propose(self.connector, payload, Context(1, "test", data, documents, "de"))

    def post(self, proposal: Proposal, key: str = "k1", fence: Callable[[], None] | None = None) -> Any:
        return carried_out(self.action, self.connector, proposal.payload, key=key, fence=fence)

    def batches(self) -> list[Path]:
        return sorted((self.folder / "var/books").glob("EXTF_*.csv"))


def stops(proposal: Proposal) -> list[str]:
    return [w.code for w in proposal.warnings if w.stop]


def page(*lines: str, xml: bytes = b"") -> bytes:
    """A PDF with these lines, and with XML inside if there is any."""
    from fpdf import FPDF

    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    for line in lines:
        made.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    if xml:
        made.embed_file(bytes=xml, basename="factur-x.xml", associated_file_relationship="Alternative")
    return bytes(made.output())
