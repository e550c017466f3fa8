"""Invoices of many layouts as PDFs, made from a seed, with what they say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fpdf import FPDF
from schwifty import IBAN

SELLERS = (
    ("Schreinerei Holzapfel GmbH", "Werkstraße 12", "89073", "Ulm"),
    ("Müller & Söhne KG", "Am Größling 3", "97070", "Würzburg"),
    ("Nordwind Logistik AG", "Hafenallee 101", "20457", "Hamburg"),
    ("Elektro Weiß e.K.", "Ringstr. 4a", "01067", "Dresden"),
    ("Bright Print Ltd", "Bahnhofstraße 9", "60329", "Frankfurt"),
)
VAT_IDS = ("DE136695976", "DE129273398", "DE811569869")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Labels:
    """The words of one office's forms."""

    title: str
    number: str
    issued: str
    net: str
    tax: str
    gross: str
    vat_id: str
    english: bool = False


FORMS = (
    Labels(
        "Rechnung", "Rechnungsnummer:", "Rechnungsdatum:", "Nettobetrag", "zzgl. {rate} % MwSt.", "Rechnungsbetrag", "USt-IdNr.:"
    ),
    Labels("RECHNUNG", "Rechnung Nr.", "Datum", "Summe netto", "Umsatzsteuer {rate} %", "Gesamtbetrag", "USt-ID"),
    Labels("Rechnung", "Re.-Nr.:", "Re.-Datum:", "Zwischensumme", "{rate}% USt.", "Zu zahlen", "UID-Nr.:"),
    Labels("Rechnung", "Belegnummer", "Belegdatum", "Warenwert netto", "MwSt {rate},0 %", "Endbetrag", "Umsatzsteuer-ID:"),
    Labels("Rechnung", "Rg-Nr", "Ausstellungsdatum", "Gesamt netto", "Mehrwertsteuer {rate} %", "Gesamt brutto", "USt.-Id.-Nr."),
    Labels("Invoice", "Invoice No.:", "Invoice date:", "Subtotal", "VAT {rate}%", "Total due", "VAT ID:", True),
    Labels("INVOICE", "Invoice #", "Date of issue", "Net amount", "VAT ({rate}%)", "Amount payable", "VAT no.", True),
    Labels(
        "Rechnung / Invoice",
        "Rechnungs-Nr. / Invoice no.:",
        "Datum / Date:",
        "Netto / Net",
        "MwSt. / VAT {rate} %",
        "Brutto / Total",
        "USt-IdNr. / VAT ID:",
    ),
)


def invoice(seed: int) -> tuple[bytes, dict[str, Any]]:
    """One invoice as a PDF, and its fields."""
    pick = random.Random(seed)
    form, seller = FORMS[seed % len(FORMS)], pick.choice(SELLERS)
    lines = [
        (f"Leistung {n}", pick.randint(1, 40), Decimal(pick.randint(199, 99999)) / 100)
        for n in range(1, pick.choice((3, 6, 45)) + 1)
    ]
    net = sum((count * price for _, count, price in lines), Decimal(0))
    rate = pick.choice((19, 7))
    tax = (net * rate / 100).quantize(CENT, ROUND_HALF_UP)
    issued = date(2026, 1, 1) + timedelta(days=pick.randint(0, 300))
    iban = str(IBAN.generate("DE", "50010517", str(pick.randint(1, 10**9))))
    number = pick.choice(("{y}-{n:05}", "RE{y}{n}", "{n}", "R-{n}/{y}")).format(y=issued.year, n=pick.randint(1000, 99999))
    truth = {
        "number": number, "issue_date": issued, "seller.name": seller[0], "net": net, "tax": tax, "gross": net + tax,
        "iban": iban, "seller.vat_id": pick.choice(VAT_IDS),
    }  # fmt: skip
    return _drawn(pick, form, seller, lines, rate, truth), truth


def _drawn(
    pick: random.Random, form: Labels, seller: Sequence[str], lines: Sequence[Any], rate: int, truth: dict[str, Any]
) -> bytes:
    page = FPDF()
    page.set_font("helvetica", size=pick.choice((9, 10, 11)))
    page.add_page()
    _head(page, pick, form, seller, truth)
    for name, count, price in lines:
        cells = (name, str(count), _money(price, form), _money(count * price, form))
        for text, width in zip(cells, (80, 20, 40, 40), strict=True):
            page.cell(width, 6, text, align="L" if width == 80 else "R")
        page.ln()
    currency = "" if pick.random() < 0.3 else " EUR"
    page.ln(4)
    for label, value in ((form.net, truth["net"]), (form.tax.format(rate=rate), truth["tax"]), (form.gross, truth["gross"])):
        page.cell(100)
        page.cell(40, 6, label)
        page.cell(40, 6, _money(value, form) + currency, align="R")
        page.ln()
    _foot(page, form, seller, truth)
    return bytes(page.output())


def _head(page: FPDF, pick: random.Random, form: Labels, seller: Sequence[str], truth: dict[str, Any]) -> None:
    name, street, postcode, city = seller
    separator = pick.choice((" - ", ", "))
    page.cell(0, 6, separator.join((name, street, f"{postcode} {city}")), new_x="LMARGIN", new_y="NEXT")
    page.ln(6)
    for line in ("Muster Handel GmbH", "Einkauf", "Kaiserstraße 1", "76133 Karlsruhe"):
        page.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    page.ln(6)
    pairs = [(form.number, truth["number"]), (form.issued, _day(truth["issue_date"], form))]
    if pick.random() < 0.5:
        pairs.insert(pick.randint(0, 2), ("Customer no." if form.english else "Kundennummer", "10233"))
    if pick.random() < 0.5:  # heads above their values
        for text in (label.rstrip(":") for label, _ in pairs):
            page.cell(60, 6, text)
        page.ln()
        for _, value in pairs:
            page.cell(60, 6, value)
        page.ln(10)
    else:
        for label, value in pairs:
            page.cell(60, 6, label)
            page.cell(60, 6, value)
            page.ln()
    page.ln(4)
    page.cell(0, 8, form.title, new_x="LMARGIN", new_y="NEXT")


def _foot(page: FPDF, form: Labels, seller: Sequence[str], truth: dict[str, Any]) -> None:
    page.ln(8)
    iban = " ".join(truth["iban"][i : i + 4] for i in range(0, 22, 4))
    due = truth["issue_date"] + timedelta(days=14)
    page.cell(
        0,
        6,
        f"Payable by {_day(due, form)}" if form.english else f"Zahlbar bis {_day(due, form)} ohne Abzug.",
        new_x="LMARGIN",
        new_y="NEXT",
    )
    page.cell(0, 6, f"{seller[0]}   {form.vat_id} {truth['seller.vat_id']}", new_x="LMARGIN", new_y="NEXT")
    page.cell(0, 6, f"Bank: ING   IBAN: {iban}   BIC: INGDDEFFXXX")


def _money(value: Decimal, form: Labels) -> str:
    text = f"{value:,.2f}"
    return text if form.english else text.translate(str.maketrans(",.", ".,"))


def _day(day: date, form: Labels) -> str:
    return f"{day:%B} {day.day}, {day.year}" if form.english else f"{day:%d.%m.%Y}"
