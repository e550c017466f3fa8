"""What stands against posting an invoice: rule errors refuse it, signs of fraud stop it until a person has looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.accounting.booking import money
from connectors.accounting.postings import Posting
from connectors.accounting.vendors import Vendor, flat, plain_name
from connectors.base import Warn
from kontorist.core.errors import Rejected
from kontorist.core.values import plain
from kontorist.einvoice.document import Found, find_invoice
from kontorist.einvoice.problem import ERROR
from kontorist.einvoice.problems import problems


def examined(data: bytes, name: str, invoice: Mapping[str, Any], language: str) -> list[Warn]:
    """Read the document again and check it, whatever the flow did. Raises Rejected when the invoice has errors."""
    found = find_invoice(name, "", data, ignore_xml=invoice.get("syntax") == "PDF")
    if found is None:
        return [
            _warn(
                "no-invoice-document",
                language,
                "Im Beleg selbst wurde keine Rechnung erkannt.",
                "No invoice was recognised in the document itself.",
            )
        ]
    german = language.startswith("de")
    sentences = [(one.severity, one.text_de if german else one.text_en, one.rule) for one in problems(found)]
    errors = [sentence for severity, sentence, _ in sentences if severity == ERROR]
    if errors:
        raise Rejected(f"The invoice {invoice.get('number')} has errors and is not posted: {' '.join(errors)}")
    return [Warn(rule.lower(), sentence) for severity, sentence, rule in sentences] + list(_differs(found, invoice, language))


def _differs(found: Found, invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """The invoice to be posted is not what stands in the document."""
    truth = found.invoice.as_dict()
    for key in ("number", "issue_date", "gross", "currency", "ibans", "type_code"):
        given, real = plain(invoice.get(key)), plain(truth[key])
        if given != real and not (key == "gross" and money(given) == money(real)):
            yield _warn(
                "differs-from-document",
                language,
                f"Abweichung vom Beleg: {key} ist hier {given}, im Beleg {real}.",
                f"Not as in the document: {key} is {given} here and {real} in the document.",
            )


def signs(
    invoice: Mapping[str, Any],
    vendor: Vendor | None,
    matched: tuple[Vendor | None, str],
    twins: Sequence[Posting],
    company: Mapping[str, Any],
    language: str,
) -> list[Warn]:
    """Everything a person must look at before this invoice may be posted, and what they should know."""
    return [
        *_vendor(invoice, vendor, matched, language),
        *_account(invoice, vendor, language),
        *_twins(invoice, twins, language),
        *_buyer(invoice, company, language),
        *_money(invoice, language),
    ]


def _vendor(
    invoice: Mapping[str, Any], vendor: Vendor | None, matched: tuple[Vendor | None, str], language: str
) -> Iterator[Warn]:
    seller = invoice.get("seller") or {}
    best, by = matched
    name = seller.get("name") or "?"
    if vendor is None:
        several = f" ({by})" if by else ""
        yield _warn(
            "unknown-vendor",
            language,
            f"'{name}' ist kein bekannter Kreditor{several}.",
            f"'{name}' is no known vendor{several}.",
        )
        return
    if best is not None and best.number != vendor.number:
        yield _warn(
            "other-vendor",
            language,
            f"Die Angaben der Rechnung gehören zu Kreditor {best.number} ({best.name}), gewählt ist {vendor.number} ({vendor.name}).",
            f"The invoice's data belong to vendor {best.number} ({best.name}), chosen was {vendor.number} ({vendor.name}).",
        )
    if seller.get("vat_id") and vendor.vat_id and flat(seller["vat_id"]) != flat(vendor.vat_id):
        yield _warn(
            "vat-id-differs",
            language,
            f"Die USt-IdNr. {seller['vat_id']} ist nicht die des Kreditors {vendor.number}: {vendor.vat_id}.",
            f"The VAT id {seller['vat_id']} is not that of vendor {vendor.number}: {vendor.vat_id}.",
        )
    elif plain_name(name) != plain_name(vendor.name):
        yield _warn(
            "name-differs",
            language,
            f"Der Verkäufer heißt '{name}', der Kreditor '{vendor.name}'.",
            f"The seller is '{name}', the vendor '{vendor.name}'.",
            stop=by in {"", "iban", "tax_number"},
        )


def _account(invoice: Mapping[str, Any], vendor: Vendor | None, language: str) -> Iterator[Warn]:
    if invoice.get("direct_debit"):  # the seller collects the money; an IBAN on the invoice may be ours
        return
    ibans = [flat(iban) for iban in invoice.get("ibans") or []]
    known = flat(vendor.iban) if vendor else ""
    strange = [iban for iban in ibans if iban != known]
    if vendor and known and strange:
        yield _warn(
            "iban-changed",
            language,
            f"Bankverbindung geändert: Auf der Rechnung steht {', '.join(strange)}, im Stammsatz {known}. Beim Lieferanten unter der bekannten Nummer nachfragen.",
            f"Bank details changed: the invoice says {', '.join(strange)}, the master record {known}. Call the vendor on the known number.",
        )
    elif vendor and strange:
        yield _warn(
            "iban-unknown",
            language,
            f"Der Stammsatz von {vendor.name} hat keine IBAN; auf der Rechnung steht {', '.join(strange)}.",
            f"The master record of {vendor.name} has no IBAN; the invoice says {', '.join(strange)}.",
        )
    country = str((invoice.get("seller") or {}).get("country") or "")
    abroad = [iban for iban in strange if iban[:2].isalpha() and iban[2:4].isdigit() and country and iban[:2] != country]
    if abroad:
        yield _warn(
            "iban-country",
            language,
            f"Das Konto {', '.join(abroad)} liegt nicht im Land des Verkäufers ({country}).",
            f"The account {', '.join(abroad)} is not in the seller's country ({country}).",
        )


def _twins(invoice: Mapping[str, Any], twins: Sequence[Posting], language: str) -> Iterator[Warn]:
    for one in twins:
        same = flat(one.number) == flat(invoice.get("number"))
        yield _warn(
            "duplicate" if same else "duplicate-amount",
            language,
            f"Schon gebucht: {one.number} vom {one.issue_date} über {one.gross} in {one.file}.",
            f"Posted already: {one.number} of {one.issue_date} for {one.gross} in {one.file}.",
        )


def _buyer(invoice: Mapping[str, Any], company: Mapping[str, Any], language: str) -> Iterator[Warn]:
    buyer, name, vat = invoice.get("buyer") or {}, str(company.get("name") or ""), str(company.get("vat_id") or "")
    same_vat = bool(vat) and flat(buyer.get("vat_id")) == flat(vat)
    same_name = bool(name) and plain_name(name) in plain_name(buyer.get("name"))
    if name and not same_name and not (same_vat and not buyer.get("name")):
        yield _warn(
            "not-our-company",
            language,
            f"Die Rechnung geht an '{buyer.get('name') or '?'}', nicht an '{name}'.",
            f"The invoice is addressed to '{buyer.get('name') or '?'}', not to '{name}'.",
            stop=not same_vat,
        )
    elif vat and buyer.get("vat_id") and not same_vat:
        yield _warn(
            "buyer-vat-id",
            language,
            f"Die USt-IdNr. des Käufers {buyer['vat_id']} ist nicht unsere ({vat}).",
            f"The buyer's VAT id {buyer['vat_id']} is not ours ({vat}).",
        )


def _money(invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    currency = invoice.get("currency")
    if currency != "EUR":
        yield _warn(
            "currency",
            language,
            f"Die Rechnung lautet auf {currency or 'eine unbekannte Währung'}; der Kurs fehlt im Stapel und ist in DATEV zu ergänzen.",
            f"The invoice is in {currency or 'an unknown currency'}; the rate is not in the batch and has to be added in DATEV.",
        )
    prepaid = money(invoice.get("prepaid")) or Decimal(0)
    if prepaid:
        yield _warn(
            "prepaid",
            language,
            f"Angezahlt sind {prepaid}: gebucht wird der ganze Betrag, die Anzahlung ist gegenzurechnen.",
            f"{prepaid} was paid already: the whole amount is posted, the payment has to be set off.",
            stop=False,
        )
    if any(str(row.get("category")) in {"AE", "K"} for row in invoice.get("vat_breakdown") or []):
        yield _warn(
            "reverse-charge",
            language,
            "Die Steuer schulden wir selbst: Der Steuerschlüssel nimmt 19 % an.",
            "We owe the VAT ourselves: the tax key assumes 19 %.",
            stop=False,
        )


def _warn(code: str, language: str, german: str, english: str, *, stop: bool = True) -> Warn:
    return Warn(code, german if language.startswith("de") else english, stop)
