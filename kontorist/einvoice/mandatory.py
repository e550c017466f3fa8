"""What EN 16931 wants to be there (BR-01 to BR-57, BR-CO-04, 18 to 26) and the code lists that are cheap to check."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from kontorist.einvoice.invoice import CREDIT_NOTES, Allowance, Invoice, Line
from kontorist.einvoice.problem import WARNING, Problem

_CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"})
_TYPES = CREDIT_NOTES | frozenset(
    [
        "71",
        "80",
        "82",
        "84",
        "102",
        "130",
        "202",
        "203",
        "204",
        "211",
        "218",
        "219",
        "295",
        "325",
        "326",
        "331",
        "380",
        "382",
        "383",
        "384",
        "385",
        "386",
        "387",
        "388",
        "389",
        "390",
        "393",
        "394",
        "395",
        "456",
        "457",
        "471",
        "472",
        "473",
        "500",
        "501",
        "502",
        "503",
        "527",
        "553",
        "575",
        "623",
        "633",
        "751",
        "780",
        "817",
        "870",
        "875",
        "876",
        "877",
        "935",
    ]
)


def missing(invoice: Invoice) -> Iterator[Problem]:
    """The mandatory terms that are not there."""
    yield from _document(invoice)
    yield from _parties(invoice)
    yield from _totals(invoice)
    yield from _payment(invoice)
    for row in invoice.vat_breakdown:
        yield from _absent(
            "BR-45",
            "vat_breakdown",
            row.base,
            "der Steuerbetrag einer Umsatzsteuerzeile hat keine Bemessungsgrundlage",
            "a VAT breakdown has no taxable amount",
        )
        yield from _absent(
            "BR-46",
            "vat_breakdown",
            row.tax,
            "einer Umsatzsteuerzeile fehlt der Steuerbetrag",
            "a VAT breakdown has no tax amount",
        )
        yield from _absent(
            "BR-47",
            "vat_breakdown",
            row.category,
            "einer Umsatzsteuerzeile fehlt die Kategorie",
            "a VAT breakdown has no category",
        )
        if row.category != "O":
            yield from _absent(
                "BR-48", "vat_breakdown", row.rate, "einer Umsatzsteuerzeile fehlt der Steuersatz", "a VAT breakdown has no rate"
            )
    for one in invoice.allowance_charges:
        yield from _document_allowance(one)
    for index, line in enumerate(invoice.lines):
        yield from _line(line, f"lines.{index}", line.id or str(index + 1))


def _absent(rule: str, field: str, value: object, german: str, english: str) -> Iterator[Problem]:
    if value is None or value == "":
        yield Problem(rule, f"Pflichtangabe fehlt: {german} ({rule}).", f"Mandatory: {english} ({rule}).", field)


def _document(invoice: Invoice) -> Iterator[Problem]:
    yield from _absent(
        "BR-01", "profile", invoice.profile, "die Kennung der Spezifikation", "the specification identifier is missing"
    )
    yield from _absent("BR-02", "number", invoice.number, "die Rechnungsnummer", "the invoice number is missing")
    yield from _absent("BR-03", "issue_date", invoice.issue_date, "das Rechnungsdatum", "the issue date is missing")
    yield from _absent("BR-04", "type_code", invoice.type_code, "die Art der Rechnung", "the invoice type is missing")
    yield from _absent("BR-05", "currency", invoice.currency, "die Währung", "the currency is missing")
    if invoice.is_full_invoice and not invoice.lines:
        yield from _absent("BR-16", "lines", None, "mindestens eine Position", "there is no line")
    if invoice.is_full_invoice and not invoice.vat_breakdown:
        yield from _absent("BR-CO-18", "vat_breakdown", None, "die Aufschlüsselung der Umsatzsteuer", "there is no VAT breakdown")
    if invoice.start and invoice.end and invoice.end < invoice.start:
        yield Problem(
            "BR-29",
            "Der Abrechnungszeitraum endet vor seinem Beginn (BR-29).",
            "The invoicing period ends before it begins (BR-29).",
            "delivery_date",
        )
    if invoice.tax_currency and invoice.tax_currency != invoice.currency:
        yield from _absent(
            "BR-53",
            "tax",
            invoice.tax_in_tax_currency,
            "die Umsatzsteuer in der Währung der Steuer",
            "the VAT total in the tax currency is missing",
        )
    for number in invoice.corrects:
        yield from _absent(
            "BR-55", "number", number, "die Nummer der früheren Rechnung", "the reference to the preceding invoice is missing"
        )


def _parties(invoice: Invoice) -> Iterator[Problem]:
    seller, buyer, agent = invoice.seller, invoice.buyer, invoice.representative
    yield from _absent("BR-06", "seller.name", seller.name, "der Name des Verkäufers", "the seller's name is missing")
    yield from _absent("BR-07", "buyer.name", buyer.name, "der Name des Käufers", "the buyer's name is missing")
    if invoice.is_full_invoice:
        yield from _absent(
            "BR-08",
            "seller.street",
            seller.has_address or None,
            "die Anschrift des Verkäufers",
            "the seller's address is missing",
        )
        yield from _absent(
            "BR-10", "buyer.street", buyer.has_address or None, "die Anschrift des Käufers", "the buyer's address is missing"
        )
        yield from _absent("BR-11", "buyer.country", buyer.country, "das Land des Käufers", "the buyer's country is missing")
    yield from _absent("BR-09", "seller.country", seller.country, "das Land des Verkäufers", "the seller's country is missing")
    if invoice.payee is not None:
        yield from _absent("BR-17", "iban", invoice.payee, "der Name des Zahlungsempfängers", "the payee's name is missing")
    if agent is not None:
        yield from _absent(
            "BR-18", "seller.name", agent.name, "der Name des Steuervertreters", "the tax representative's name is missing"
        )
        yield from _absent(
            "BR-19",
            "seller.name",
            agent.has_address or None,
            "die Anschrift des Steuervertreters",
            "the tax representative's address is missing",
        )
        yield from _absent(
            "BR-20", "seller.name", agent.country, "das Land des Steuervertreters", "the tax representative's country is missing"
        )
        yield from _absent(
            "BR-56",
            "seller.name",
            agent.vat_id,
            "die USt-IdNr. des Steuervertreters",
            "the tax representative's VAT id is missing",
        )
    if invoice.delivers_somewhere:
        yield from _absent(
            "BR-57",
            "delivery_date",
            invoice.delivery_country,
            "das Land der Lieferanschrift",
            "the country of the delivery address is missing",
        )
    if not seller.identified and invoice.is_full_invoice:
        yield from _absent(
            "BR-CO-26",
            "seller.vat_id",
            None,
            "eine Kennung, Registernummer oder USt-IdNr. des Verkäufers",
            "nothing identifies the seller: no id, registration or VAT id",
        )
    for party, rule, key in ((seller, "BR-62", "seller.email"), (buyer, "BR-63", "buyer.email")):
        if party.electronic_address:
            yield from _absent(
                rule,
                key,
                party.electronic_scheme,
                "das Schema der elektronischen Adresse",
                "the scheme of the electronic address is missing",
            )


def _totals(invoice: Invoice) -> Iterator[Problem]:
    if invoice.is_full_invoice:
        yield from _absent(
            "BR-12", "line_total", invoice.line_total, "die Summe der Positionen", "the sum of the lines is missing"
        )
    yield from _absent("BR-13", "net", invoice.net, "der Gesamtbetrag ohne Umsatzsteuer", "the total without VAT is missing")
    yield from _absent("BR-14", "gross", invoice.gross, "der Gesamtbetrag mit Umsatzsteuer", "the total with VAT is missing")
    yield from _absent("BR-15", "payable", invoice.payable, "der fällige Betrag", "the amount due is missing")


def _payment(invoice: Invoice) -> Iterator[Problem]:
    for code in invoice.payment_codes:
        yield from _absent("BR-49", "iban", code, "die Zahlungsart", "the payment means type is missing")
    if {"30", "58"}.intersection(filter(None, invoice.payment_codes)):
        yield from _absent(
            "BR-61",
            "iban",
            invoice.ibans or None,
            "das Konto für die Überweisung",
            "the account for the credit transfer is missing",
        )
    owed = invoice.payable is not None and invoice.payable > 0
    if owed and not invoice.due_date and not invoice.payment_terms and invoice.is_full_invoice and not invoice.is_credit_note:
        yield Problem(
            "BR-CO-25",
            "Weder Fälligkeit noch Zahlungsbedingungen sind angegeben (BR-CO-25).",
            "There is neither a due date nor payment terms (BR-CO-25).",
            "due_date",
        )


def _document_allowance(one: Allowance) -> Iterator[Problem]:
    amount, category, reason, reasoned = (
        ("BR-36", "BR-37", "BR-38", "BR-CO-22") if one.charge else ("BR-31", "BR-32", "BR-33", "BR-CO-21")
    )
    field, german, english = ("charges", "Zuschlags", "charge") if one.charge else ("allowances", "Nachlasses", "allowance")
    yield from _absent(amount, field, one.amount, f"der Betrag eines {german}", f"the amount of an {english} is missing")
    yield from _absent(
        category, field, one.category, f"die Umsatzsteuerkategorie eines {german}", f"the VAT category of an {english} is missing"
    )
    yield from _absent(reason, field, one.reason, f"der Grund eines {german}", f"the reason of an {english} is missing")
    yield from _absent(reasoned, field, one.reason, f"der Grund eines {german}", f"the reason of an {english} is missing")


def _line(line: Line, key: str, name: str) -> Iterator[Problem]:
    german, english = f"in Position {name}", f"in line {name}"
    yield from _absent("BR-21", f"{key}.id", line.id, f"die Kennung {german}", f"the identifier {english} is missing")
    yield from _absent("BR-22", f"{key}.quantity", line.quantity, f"die Menge {german}", f"the quantity {english} is missing")
    yield from _absent("BR-23", f"{key}.unit", line.unit, f"die Einheit {german}", f"the unit {english} is missing")
    yield from _absent("BR-24", f"{key}.net", line.net, f"der Betrag {german}", f"the net amount {english} is missing")
    yield from _absent("BR-25", f"{key}.name", line.name, f"die Bezeichnung {german}", f"the item's name {english} is missing")
    yield from _absent("BR-26", f"{key}.unit_price", line.unit_price, f"der Preis {german}", f"the price {english} is missing")
    yield from _absent(
        "BR-CO-04",
        f"{key}.vat_category",
        line.vat_category,
        f"die Umsatzsteuerkategorie {german}",
        f"the VAT category {english} is missing",
    )
    if line.unit_price is not None and line.unit_price < 0:
        yield Problem(
            "BR-27", f"Der Preis {german} ist negativ (BR-27).", f"The price {english} is negative (BR-27).", f"{key}.unit_price"
        )
    if line.gross_price is not None and line.gross_price < 0:
        yield Problem(
            "BR-28",
            f"Der Bruttopreis {german} ist negativ (BR-28).",
            f"The gross price {english} is negative (BR-28).",
            f"{key}.unit_price",
        )
    if line.start and line.end and line.end < line.start:
        yield Problem(
            "BR-30",
            f"Der Zeitraum {german} endet vor seinem Beginn (BR-30).",
            f"The period {english} ends before it begins (BR-30).",
            key,
        )
    for one in line.allowances:
        amount, reason, reasoned = ("BR-43", "BR-44", "BR-CO-24") if one.charge else ("BR-41", "BR-42", "BR-CO-23")
        yield from _absent(
            amount,
            key,
            one.amount,
            f"der Betrag eines Nachlasses oder Zuschlags {german}",
            f"the amount of an allowance or charge {english} is missing",
        )
        yield from _absent(
            reason,
            key,
            one.reason,
            f"der Grund eines Nachlasses oder Zuschlags {german}",
            f"the reason of an allowance or charge {english} is missing",
        )
        yield from _absent(
            reasoned,
            key,
            one.reason,
            f"der Grund eines Nachlasses oder Zuschlags {german}",
            f"the reason of an allowance or charge {english} is missing",
        )


def wrong_codes(invoice: Invoice) -> Iterator[Problem]:
    """Codes that no list has: type, currency, country, VAT category, the country in a VAT id."""
    if invoice.type_code and invoice.type_code not in _TYPES:
        yield _code("BR-CL-01", "type_code", "die Rechnungsart", "the invoice type", invoice.type_code)
    if invoice.currency and invoice.currency not in _currencies():
        yield _code("BR-CL-04", "currency", "die Währung", "the currency", invoice.currency)
    if invoice.tax_currency and invoice.tax_currency not in _currencies():
        yield _code("BR-CL-05", "currency", "die Währung der Steuer", "the tax currency", invoice.tax_currency)
    for key, party in (("seller", invoice.seller), ("buyer", invoice.buyer)):
        if party.country and party.country not in _countries():
            yield _code("BR-CL-14", f"{key}.country", "das Land", "the country", party.country)
    for rule, category, key in _categories(invoice):
        if category not in _CATEGORIES:
            yield _code(rule, key, "die Umsatzsteuerkategorie", "the VAT category", category)
    yield from _vat_prefixes(invoice)


def _categories(invoice: Invoice) -> Iterator[tuple[str, str, str]]:
    yield from (("BR-CL-17", row.category, "vat_breakdown") for row in invoice.vat_breakdown if row.category)
    yield from (("BR-CL-17", one.category, "allowances") for one in invoice.allowance_charges if one.category)
    yield from (
        ("BR-CL-18", line.vat_category, f"lines.{i}.vat_category") for i, line in enumerate(invoice.lines) if line.vat_category
    )


def _vat_prefixes(invoice: Invoice) -> Iterator[Problem]:
    parties = [("seller.vat_id", invoice.seller), ("buyer.vat_id", invoice.buyer)]
    parties += [("seller.vat_id", invoice.representative)] if invoice.representative else []
    for key, party in parties:
        prefix = (party.vat_id or "DE")[:2]
        if prefix not in _countries() | {"EL"}:
            yield Problem(
                "BR-CO-09",
                f"Die USt-IdNr. {party.vat_id} beginnt nicht mit einem Länderkürzel (BR-CO-09).",
                f"The VAT id {party.vat_id} does not begin with a country's letters (BR-CO-09).",
                key,
            )


def _code(rule: str, field: str, german: str, english: str, value: str) -> Problem:
    return Problem(rule, f"Unbekannter Code: {german} '{value}' ({rule}).", f"Unknown code: {english} '{value}' ({rule}).", field)


@functools.cache
def _currencies() -> frozenset[str]:
    from babel.core import get_global

    return frozenset(get_global("all_currencies")) | {"XDR", "XUA", "XAU"}


@functools.cache
def _countries() -> frozenset[str]:
    from babel import Locale

    return frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)) - {
        "ZZ",
        "EU",
        "UN",
        "EZ",
    } | {
        "1A",
        "XI",
    }


def doubtful_ids(invoice: Invoice) -> Iterator[Problem]:
    """IBANs whose check digits or length are wrong. Warnings, since EN 16931 does not ask for it."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    for iban in invoice.ibans:
        try:
            if re.match(r"[A-Z]{2}\d{2}", iban, re.IGNORECASE):  # other accounts have no check digits
                IBAN(iban.upper())
        except SchwiftyException:
            yield Problem("IBAN", f"Die IBAN {iban} ist keine gültige IBAN.", f"{iban} is no valid IBAN.", "iban", WARNING)
