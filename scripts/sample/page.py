"""The page of an invoice as different vendors print it, with the XML inside (ZUGFeRD) unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fpdf import FPDF

from scripts.sample.invoice import REASONS, Invoice, cii


@dataclass(frozen=True)
class Style:
    """How a vendor's pages look, and what they call things."""

    colour: tuple[int, int, int]
    right: bool
    """The vendor's name stands at the right, on a bar."""
    number: str
    issued: str
    delivered: str
    due: str
    net: str
    tax: str
    gross: str


STYLES = (
    Style((0, 0, 0), False, "Rechnungsnummer", "Rechnungsdatum", "Lieferdatum", "Zahlbar bis",
          "Nettobetrag", "zzgl. {rate} % USt auf {base}", "Gesamtbetrag"),
    Style((16, 82, 120), True, "Rechnungs-Nr.", "Datum", "Leistungsdatum", "Fällig am",
          "Summe netto", "Umsatzsteuer {rate} % von {base}", "Rechnungsbetrag"),
    Style((140, 40, 30), False, "Rechnung Nr.", "Rechnungsdatum", "Geliefert am", "Zahlungsziel",
          "Zwischensumme", "MwSt. {rate} %", "Gesamtbetrag brutto"),
)  # fmt: skip


def pdf(invoice: Invoice, *, with_xml: bool = True) -> bytes:
    """The document; the same bytes every time."""
    moment = datetime(invoice.issued.year, invoice.issued.month, invoice.issued.day, 8, tzinfo=UTC)
    style = STYLES[int(invoice.vendor.number[-2:] or 0) % len(STYLES)]
    page = FPDF(format="A4")
    page.set_producer("Faktura")  # otherwise the version of the library
    page.set_compression(False)
    page.set_creation_date(moment)
    page.set_title(f"Rechnung {invoice.number}")
    page.add_page()
    page.set_font("Helvetica", size=10)
    _head(page, invoice, style)
    _facts(page, invoice, style)
    _table(page, invoice, style)
    _sums(page, invoice, style)
    _foot(page, invoice)
    if with_xml:
        page.embed_file(
            bytes=cii(invoice),
            basename="factur-x.xml",
            desc="Factur-X/ZUGFeRD",
            modification_date=moment,
            creation_date=moment,
            mime_type="text/xml",
            associated_file_relationship="Alternative",
        )
    return bytes(page.output())


def _text(page: FPDF, text: str, *, bold: bool = False, size: int = 10, align: str = "L") -> None:
    page.set_font("Helvetica", style="B" if bold else "", size=size)
    page.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT", align=align)


def _head(page: FPDF, invoice: Invoice, style: Style) -> None:
    v, b, align = invoice.vendor, invoice.buyer, "R" if style.right else "L"
    if style.right:
        page.set_fill_color(*style.colour)
        page.rect(0, 0, 210, 6, style="F")
        page.set_fill_color(255)
    page.set_text_color(*style.colour)
    _text(page, v.name, bold=True, size=15, align=align)
    page.set_text_color(0)
    _text(page, f"{v.street}, {v.postcode} {v.city}", size=8, align=align)
    page.ln(12)
    _text(page, f"{b[0]}\n{b[1]}\n{b[2]} {b[3]}")
    page.ln(10)


def _facts(page: FPDF, invoice: Invoice, style: Style) -> None:
    _text(page, "Gutschrift" if invoice.type_code == "381" else "Rechnung", bold=True, size=14)
    page.ln(1)
    rows = (
        (style.number, invoice.number),
        (style.issued, f"{invoice.issued:%d.%m.%Y}"),
        (style.delivered, f"{invoice.issued - timedelta(days=2):%d.%m.%Y}"),
        (style.due, f"{invoice.due:%d.%m.%Y}"),
    )
    page.set_font("Helvetica", size=10)
    for label, value in rows:
        page.set_x(120 if style.right else page.l_margin)
        page.cell(38, 5, label + ("" if style.right else ":"))
        page.cell(0, 5, value, new_x="LMARGIN", new_y="NEXT")
    page.ln(6)


def _table(page: FPDF, invoice: Invoice, style: Style) -> None:
    page.set_font("Helvetica", size=9)
    page.set_draw_color(*style.colour)
    with page.table(
        borders_layout="MINIMAL" if style.right else "ALL",
        col_widths=(10, 80, 22, 26, 18, 28),
        text_align=("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT"),
    ) as table:
        table.row(("Pos", "Bezeichnung", "Menge", "Einzelpreis", "USt", "Betrag EUR"))
        for i, (line, net) in enumerate(zip(invoice.lines, invoice.nets(), strict=True), 1):
            quantity = line.quantity.replace(".", ",")
            table.row((str(i), line.name, quantity, line.price.replace(".", ","), f"{line.rate} %", _german(net)))
    page.ln(4)


def _german(value: Decimal) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def _sums(page: FPDF, invoice: Invoice, style: Style) -> None:
    rows = [("Rabatt", -Decimal(invoice.discount))] if Decimal(invoice.discount) else []
    rows += [(style.net, invoice.net)]
    rows += [(style.tax.format(rate=rate, base=_german(base)), tax) for _, rate, base, tax in invoice.vat()]
    for label, value in rows:
        page.cell(150, 5, label, align="R")
        page.cell(0, 5, f"{_german(value)} EUR", align="R", new_x="LMARGIN", new_y="NEXT")
    gross = Decimal(invoice.shown_gross) if invoice.shown_gross else invoice.gross
    page.set_font("Helvetica", style="B", size=11)
    page.cell(150, 7, style.gross, align="R")
    page.cell(0, 7, f"{_german(gross)} EUR", align="R", new_x="LMARGIN", new_y="NEXT")
    page.ln(8)


def _foot(page: FPDF, invoice: Invoice) -> None:
    for category in sorted({category for category, *_ in invoice.vat()} & set(REASONS)):
        _text(page, REASONS[category][0], size=9)
    iban, v = invoice.shown_iban or invoice.account, invoice.vendor
    shown = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    ids = "" if invoice.without_tax_ids else f"USt-IdNr.: {v.vat_id}" if v.vat_id else f"Steuernummer: {v.tax_number}"
    _text(page, f"Bankverbindung: IBAN {shown}\n{ids}\n{v.name} - rechnung@{v.domain}", size=9)
