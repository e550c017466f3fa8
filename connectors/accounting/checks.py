"""What stands against posting an invoice: rule errors refuse it, signs of fraud stop it until a person has looked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.accounting.booking import is_reversed, money
from connectors.accounting.postings import Posting, same_number
from connectors.accounting.vendors import Vendor, Vendors, flat, plain_name
from connectors.accounting.warnings import Refusal, warn
from connectors.base import Warn
from kontorist.core.filters import format_money
from kontorist.core.values import plain
from kontorist.einvoice.ahead import dated_ahead, is_far
from kontorist.einvoice.document import Found, find_invoice
from kontorist.einvoice.problem import ERROR
from kontorist.einvoice.problems import problems
from kontorist.reading.pdf import Page


def examined(data: bytes, name: str, invoice: Mapping[str, Any], language: str) -> tuple[list[Warn], tuple[Page, ...]]:
    """Read the document again and check it, whatever the flow did; its doubts and its pages. Raises Refusal when it has errors."""
    found = find_invoice(name, "", data, ignore_xml=invoice.get("syntax") == "PDF")
    if found is None:
        german, english = "Im Beleg selbst wurde keine Rechnung erkannt.", "No invoice was recognised in the document itself."
        return [warn("no-invoice-document", language, german, english)], ()
    sentences = [(one.severity, one.as_dict(language)["text"], one.rule) for one in problems(found)]
    errors = [sentence for severity, sentence, _ in sentences if severity == ERROR]
    if errors:
        number, all_of_them = invoice.get("number"), " ".join(errors)
        raise Refusal(
            f"Die Rechnung {number} ist fehlerhaft und wird nicht gebucht: {all_of_them}",
            f"The invoice {number} has errors and is not posted: {all_of_them}",
        )
    doubts = [Warn(rule.lower(), sentence) for _, sentence, rule in sentences]
    return [*doubts, *_differs(found, invoice, language)], found.pages


def _differs(found: Found, invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """The invoice to be posted is not what stands in the document."""
    truth = found.invoice.as_dict()
    for key in ("number", "issue_date", "gross", "currency", "ibans", "type_code"):
        given, real = plain(invoice.get(key)), plain(truth[key])
        if given != real and not (key == "gross" and money(given) == money(real)):
            yield warn(
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
        *_payee(invoice, language),
        *_twins(invoice, twins, language),
        *_buyer(invoice, company, language),
        *_sense(invoice, language),
        *_money(invoice, language),
    ]


_SMALL = re.compile(r"Kleinunternehmer|§\s*19\s*(?:Abs(?:atz|\.)?\s*\d\s*)?(?:des\s+)?(?:UStG|Umsatzsteuergesetz)", re.IGNORECASE)


def small_business(invoice: Mapping[str, Any], pages: Sequence[Page], language: str) -> Iterator[Warn]:
    """Who invokes § 19 UStG shows no VAT; what is shown all the same cannot be deducted (§ 14c UStG)."""
    tax = sum((money(row.get("tax")) or Decimal(0) for row in invoice.get("vat_breakdown") or ()), Decimal(0))
    texts = [*(invoice.get("notes") or ()), *(page.text for page in pages)]
    if tax and any(_SMALL.search(str(text)) for text in texts):
        yield warn(
            "small-business-with-vat",
            language,
            "Die Rechnung beruft sich auf § 19 UStG (Kleinunternehmer) und weist doch Umsatzsteuer aus; sie ist nicht abziehbar.",
            "The invoice invokes § 19 UStG (small business) and shows VAT all the same, which cannot be deducted.",
        )


def ahead(issued: date, received: date, language: str) -> Iterator[Warn]:
    """An invoice that is dated after the day on which it came, in the words in which its reading told it."""
    if problem := dated_ahead(issued, received):
        yield Warn("date-ahead", problem.as_dict(language)["text"], stop=is_far(issued, received))


_BY = {
    "vat_id": ("derselben USt-IdNr.", "this VAT id"),
    "tax_number": ("derselben Steuernummer", "this tax number"),
    "iban": ("derselben IBAN", "this IBAN"),
    "name": ("demselben Namen", "this name"),
    "domain": ("derselben Domain", "this domain"),
}


def unknown(seller: Mapping[str, Any], by: str, vendors: Vendors, language: str) -> Warn:
    """No creditor fits: several do, or none, or one that only looks like the seller."""
    name, twin = seller.get("name") or "?", vendors.similar(seller.get("name"))
    german, english = f"'{name}' ist kein bekannter Kreditor.", f"'{name}' is no known vendor."
    if by:
        german += f" Mehrere Kreditoren sind mit {_BY[by][0]} angelegt; einen auswählen."
        english += f" Several vendors have {_BY[by][1]}; choose one."
    elif twin is not None:
        german += f" Achtung, der Name ähnelt Kreditor {twin.number} ({twin.name}), aber USt-IdNr. und IBAN sind andere."
        english += f" Mind that the name resembles vendor {twin.number} ({twin.name}), but VAT id and IBAN differ."
    return warn("unknown-vendor", language, german, english, blocks=True)


def _vendor(
    invoice: Mapping[str, Any], vendor: Vendor | None, matched: tuple[Vendor | None, str], language: str
) -> Iterator[Warn]:
    if vendor is None:
        return
    seller = invoice.get("seller") or {}
    best, by = matched
    name = seller.get("name") or "?"
    if best is not None and best.number != vendor.number:
        yield warn(
            "other-vendor",
            language,
            f"Die Angaben der Rechnung gehören zu Kreditor {best.number} ({best.name}), gewählt ist {vendor.number} ({vendor.name}).",
            f"The invoice's data belong to vendor {best.number} ({best.name}), chosen was {vendor.number} ({vendor.name}).",
        )
    if seller.get("vat_id") and vendor.vat_id and flat(seller["vat_id"]) != flat(vendor.vat_id):
        yield warn(
            "vat-id-differs",
            language,
            f"Die USt-IdNr. {seller['vat_id']} ist nicht die des Kreditors {vendor.number}: {vendor.vat_id}.",
            f"The VAT id {seller['vat_id']} is not that of vendor {vendor.number}: {vendor.vat_id}.",
        )
    elif plain_name(name) != plain_name(vendor.name):
        yield warn(
            "name-differs",
            language,
            f"Der Verkäufer heißt '{name}', der Kreditor '{vendor.name}'.",
            f"The seller is '{name}', the vendor '{vendor.name}'.",
            stop=by != "vat_id",
        )


def _payee(invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    payee, name = invoice.get("payee"), (invoice.get("seller") or {}).get("name")
    if payee is not None and plain_name(payee) != plain_name(name):
        yield warn(
            "other-payee",
            language,
            f"Das Geld soll an jemand anderen gehen: Zahlungsempfänger ist '{payee or '?'}', Verkäufer '{name or '?'}'.",
            f"The money should go to somebody else: the payee is '{payee or '?'}', the seller '{name or '?'}'.",
        )


def _twins(invoice: Mapping[str, Any], twins: Sequence[Posting], language: str) -> Iterator[Warn]:
    for one in twins:
        same = same_number(one, str(invoice.get("number")))
        yield warn(
            "duplicate" if same else "duplicate-amount",
            language,
            f"Schon gebucht: {one.number} vom {_day(one.issue_date)} über {_amount(one.gross)} in {one.file}.",
            f"Posted already: {one.number} of {one.issue_date} for {_amount(one.gross, language='en')} in {one.file}.",
        )


def _amount(value: object, currency: object = None, language: str = "de") -> str:
    """As people write it; without a currency where none is known."""
    return format_money(value, str(currency or "¤"), language).replace("¤", "").strip()


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d.%m.%Y}" if iso else "?"


def _buyer(invoice: Mapping[str, Any], company: Mapping[str, Any], language: str) -> Iterator[Warn]:
    seller = invoice.get("seller") or {}
    buyer, name, vat = invoice.get("buyer") or {}, str(company.get("name") or ""), str(company.get("vat_id") or "")
    same_vat = bool(vat) and flat(buyer.get("vat_id")) == flat(vat)
    if vat and flat(seller.get("vat_id")) == flat(vat):
        german = f"Als Verkäufer steht unsere eigene USt-IdNr. {vat} da: Das ist eine Ausgangsrechnung oder eine Fälschung."
        yield warn(
            "we-are-the-seller", language, german, f"The seller's VAT id is our own, {vat}: an invoice of ours, or a forgery."
        )
    same_name = bool(name) and plain_name(name) in plain_name(buyer.get("name"))
    if name and not same_name and not (same_vat and not buyer.get("name")):
        yield warn(
            "not-our-company",
            language,
            f"Die Rechnung geht an '{buyer.get('name') or '?'}', nicht an '{name}'.",
            f"The invoice is addressed to '{buyer.get('name') or '?'}', not to '{name}'.",
            stop=not same_vat,
        )
    elif vat and buyer.get("vat_id") and not same_vat:
        yield warn(
            "buyer-vat-id",
            language,
            f"Die USt-IdNr. des Käufers {buyer['vat_id']} ist nicht unsere ({vat}).",
            f"The buyer's VAT id {buyer['vat_id']} is not ours ({vat}).",
        )


_PROFORMA = "325"


def _sense(invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """A kind of document that is hardly to be posted as it stands: a credit note of less than nothing charges us by its data."""
    gross = money(invoice.get("gross")) or Decimal(0)
    if invoice.get("type_code") == _PROFORMA:
        yield warn(
            "proforma",
            language,
            "Das ist eine Proforma-Rechnung: keine Rechnung nach § 14 UStG, ohne Vorsteuer und meist nicht zu bezahlen; auf die richtige warten.",
            "This is a proforma invoice: no invoice for VAT, nothing can be deducted, and usually it is not to be paid; wait for the real one.",
        )
    if gross < 0 and is_reversed(invoice, gross):
        amount, currency = -gross, invoice.get("currency")
        yield warn(
            "negative-credit-note",
            language,
            f"Das ist eine Gutschrift mit negativem Betrag: Streng genommen werden uns damit {_amount(amount, currency)} berechnet, und so "
            "wird gebucht. Meist ist aber eine gewöhnliche Gutschrift gemeint; beim Lieferanten nachfragen.",
            f"This is a credit note with a negative amount: strictly it charges us {_amount(amount, currency, 'en')}, and so it is posted. "
            "Usually an ordinary credit note is meant; ask the vendor.",
        )


def _money(invoice: Mapping[str, Any], language: str) -> Iterator[Warn]:
    currency = invoice.get("currency")
    if currency != "EUR":
        yield warn(
            "currency",
            language,
            f"Die Rechnung lautet auf {currency or 'eine unbekannte Währung'}; der Kurs fehlt im Stapel und ist in DATEV zu ergänzen.",
            f"The invoice is in {currency or 'an unknown currency'}; the rate is not in the batch and has to be added in DATEV.",
        )
    prepaid = money(invoice.get("prepaid")) or Decimal(0)
    if prepaid:
        yield warn(
            "prepaid",
            language,
            f"Angezahlt sind {_amount(prepaid, currency)}: gebucht wird der ganze Betrag, die Anzahlung ist gegenzurechnen.",
            f"{_amount(prepaid, currency, 'en')} was paid already: the whole amount is posted, the payment has to be set off.",
            stop=False,
        )
    if any(str(row.get("category")) in {"AE", "K"} for row in invoice.get("vat_breakdown") or []):
        yield warn(
            "reverse-charge",
            language,
            "Die Steuer schulden wir selbst: Der Steuerschlüssel nimmt 19 % an.",
            "We owe the VAT ourselves: the tax key assumes 19 %.",
            stop=False,
        )
