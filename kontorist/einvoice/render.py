"""An invoice as people read it: groups of labels and values in German or English, data only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from kontorist.einvoice.invoice import CREDIT_NOTES

_WORDS = {
    "invoice": ("Rechnung", "Invoice"),
    "credit": ("Gutschrift", "Credit note"),
    "seller": ("Verkäufer", "Seller"),
    "buyer": ("Käufer", "Buyer"),
    "payment": ("Zahlung", "Payment"),
    "totals": ("Summen", "Totals"),
    "vat": ("Umsatzsteuer", "VAT"),
    "lines": ("Positionen", "Lines"),
    "notes": ("Bemerkungen", "Notes"),
    "number": ("Nummer", "Number"),
    "issue_date": ("Datum", "Date"),
    "due_date": ("Fällig am", "Due on"),
    "delivery_date": ("Geliefert am", "Delivered on"),
    "order_reference": ("Bestellung", "Order"),
    "profile": ("Profil", "Profile"),
    "name": ("Name", "Name"),
    "vat_id": ("USt-IdNr.", "VAT id"),
    "tax_number": ("Steuernummer", "Tax number"),
    "address": ("Anschrift", "Address"),
    "email": ("E-Mail", "E-mail"),
    "reference": ("Referenz", "Reference"),
    "payment_terms": ("Bedingungen", "Terms"),
    "skonto": ("Skonto", "Cash discount"),
    "iban": ("IBAN", "IBAN"),
    "bic": ("BIC", "BIC"),
    "direct_debit": ("Lastschrift", "Direct debit"),
    "line_total": ("Summe der Positionen", "Sum of lines"),
    "allowances": ("Nachlässe", "Allowances"),
    "charges": ("Zuschläge", "Charges"),
    "net": ("Netto", "Net"),
    "tax": ("Umsatzsteuer", "VAT"),
    "gross": ("Brutto", "Gross"),
    "prepaid": ("Angezahlt", "Prepaid"),
    "payable": ("Zu zahlen", "Amount due"),
}
_MONEY = ("line_total", "allowances", "charges", "net", "tax", "gross", "prepaid", "payable")

Row = tuple[str, str]
Group = tuple[str, list[Row]]


def summary(invoice: dict[str, Any], language: str = "de") -> list[Group]:
    """(heading, [(label, value), …]) groups of an invoice's journal values; what is missing is left out."""
    german = language.startswith("de")

    def word(key: str) -> str:
        return _WORDS[key][0 if german else 1]

    def rows(source: dict[str, Any], keys: Iterable[str]) -> list[Row]:
        return [(word(key), show(source.get(key), language)) for key in keys if source.get(key) not in (None, "", [], False)]

    def money(key: str) -> Row:
        return word(key), f"{show(invoice[key], language)} {invoice.get('currency') or ''}".strip()

    title = word("credit" if invoice.get("type_code") in CREDIT_NOTES else "invoice")
    groups = [
        (title, rows(invoice, ("number", "issue_date", "delivery_date", "order_reference", "profile"))),
        *(
            (word(key), [*rows(invoice[key], ("name",)), *_address(invoice[key], word("address")), *rows(invoice[key], _PARTY)])
            for key in ("seller", "buyer")
        ),
        (word("lines"), [_line(line, invoice.get("currency") or "", language) for line in invoice.get("lines") or []]),
        (word("totals"), [money(key) for key in _MONEY if invoice.get(key) is not None]),
        (word("vat"), [_vat(row, language) for row in invoice.get("vat_breakdown") or []]),
        (word("payment"), rows(invoice, ("due_date", "payment_terms", "skonto", "iban", "bic", "direct_debit"))),
        (word("notes"), [("", note) for note in invoice.get("notes") or []]),
    ]
    return [(heading, found) for heading, found in groups if found]


_PARTY = ("vat_id", "tax_number", "email", "reference")


def show(value: Any, language: str) -> str:
    """A value as a reader of that language writes it."""
    german = language.startswith("de")
    if isinstance(value, bool):
        return ("ja" if german else "yes") if value else ("nein" if german else "no")
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.translate(str.maketrans(",.", ".,")) if german else text
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}" if german else value.isoformat()
    return "" if value is None else str(value)


def _address(party: dict[str, Any], label: str) -> list[Row]:
    town = " ".join(filter(None, (party.get("postcode"), party.get("city"))))
    parts = [part for part in (party.get("street"), town, party.get("country")) if part]
    return [(label, ", ".join(parts))] if parts else []


def _line(line: dict[str, Any], currency: str, language: str) -> Row:
    count = f"{show(line['quantity'], language)} × " if line.get("quantity") is not None else ""
    price = f"{show(line['unit_price'], language)} = " if line.get("unit_price") is not None else ""
    name = f"{line.get('id') or ''} {line.get('name') or ''}".strip()
    return name, f"{count}{price}{show(line.get('net'), language)} {currency}".strip()


def _vat(row: dict[str, Any], language: str) -> Row:
    rate = f"{show(row['rate'], language)} %" if row.get("rate") is not None else row.get("category") or ""
    of = "von" if language.startswith("de") else "of"
    reason = f" – {row['exemption_reason']}" if row.get("exemption_reason") else ""
    return rate, f"{show(row.get('tax'), language)} {of} {show(row.get('base'), language)}{reason}"
