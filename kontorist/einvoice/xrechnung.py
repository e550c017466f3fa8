"""The German rules of XRechnung (BR-DE), for invoices that say to be one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kontorist.einvoice.extra import Extra, Means
from kontorist.einvoice.invoice import Invoice
from kontorist.einvoice.problem import ERROR, WARNING, Problem

_XRECHNUNG = re.compile(
    r"urn:cen\.eu:en16931:2017#(compliant|conformant)#urn:(xeinkauf\.de:kosit|xoev-de:kosit:standard):xrechnung", re.IGNORECASE
)
_TYPES = frozenset({"326", "380", "384", "389", "381", "875", "876", "877"})
_TAXED = frozenset({"S", "Z", "E", "AE", "K", "G", "L", "M"})
_DISCOUNT = re.compile(r"#SKONTO#TAGE=\d+#PROZENT=\d+\.\d{2}(#BASISBETRAG=-?\d+\.\d{2})?#")
_EMAIL = re.compile(r"[^@\s]+@[^@.\s][^@\s]*[^@.\s]")
_EMAIL_AT_MOST = 254  # RFC 5321

_Check = tuple[str, bool, str, str, str, str]


def is_xrechnung(invoice: Invoice) -> bool:
    """Whether the invoice names XRechnung, of any version, as its specification."""
    return bool(_XRECHNUNG.match(invoice.profile or ""))


def german_rules(invoice: Invoice, extra: Extra) -> Iterator[Problem]:
    """What XRechnung asks beyond EN 16931."""
    checks = (*_parties(invoice, extra), *_document(invoice), *_payment(extra))
    for rule, wrong, german, english, field, severity in checks:
        if wrong:
            yield Problem(rule, f"XRechnung: {german} ({rule}).", f"XRechnung: {english} ({rule}).", field, severity)


def _parties(invoice: Invoice, extra: Extra) -> Iterator[_Check]:
    seller, buyer = invoice.seller, invoice.buyer
    name, phone, mail = extra.contact or ("", "", "")
    there = extra.contact is not None
    yield "BR-DE-2", not there, "der Kontakt des Verkäufers fehlt", "the seller's contact is missing", "seller", ERROR
    yield "BR-DE-3", not seller.city, "der Ort des Verkäufers fehlt", "the seller's city is missing", "seller.city", ERROR
    yield (
        "BR-DE-4",
        not seller.postcode,
        "die Postleitzahl des Verkäufers fehlt",
        "the seller's post code is missing",
        "seller.postcode",
        ERROR,
    )
    yield "BR-DE-5", there and not name, "der Ansprechpartner fehlt", "the contact's name is missing", "seller", ERROR
    yield (
        "BR-DE-6",
        there and not phone,
        "die Telefonnummer des Kontakts fehlt",
        "the contact's telephone is missing",
        "seller",
        ERROR,
    )
    yield (
        "BR-DE-7",
        there and not mail,
        "die E-Mail-Adresse des Kontakts fehlt",
        "the contact's e-mail is missing",
        "seller.email",
        ERROR,
    )
    yield "BR-DE-8", not buyer.city, "der Ort des Käufers fehlt", "the buyer's city is missing", "buyer.city", ERROR
    yield (
        "BR-DE-9",
        not buyer.postcode,
        "die Postleitzahl des Käufers fehlt",
        "the buyer's post code is missing",
        "buyer.postcode",
        ERROR,
    )
    city, code = extra.delivered_to or ("-", "-")
    yield "BR-DE-10", not city, "der Ort der Lieferung fehlt", "the deliver-to city is missing", "delivery_date", ERROR
    yield (
        "BR-DE-11",
        not code,
        "die Postleitzahl der Lieferung fehlt",
        "the deliver-to post code is missing",
        "delivery_date",
        ERROR,
    )
    digits = len(re.findall(r"\d", phone))
    yield (
        "BR-DE-27",
        bool(phone) and digits < 3,
        "die Telefonnummer hat keine drei Ziffern",
        "the telephone has no three digits",
        "seller",
        WARNING,
    )
    odd = bool(mail) and not _is_email(mail)
    yield "BR-DE-28", odd, "die E-Mail-Adresse ist keine", "the e-mail address is none", "seller.email", WARNING


def _is_email(text: str) -> bool:
    return len(text) <= _EMAIL_AT_MOST and bool(_EMAIL.fullmatch(text))


def _document(invoice: Invoice) -> Iterator[_Check]:
    rates = any(row.rate is None for row in invoice.vat_breakdown if row.category != "O")
    yield "BR-DE-14", rates, "einer Steuerzeile fehlt der Steuersatz", "a VAT breakdown has no rate", "vat_breakdown", ERROR
    yield (
        "BR-DE-15",
        not invoice.buyer_reference,
        "die Leitweg-ID fehlt (Buyer reference)",
        "the buyer reference is missing",
        "buyer.reference",
        ERROR,
    )
    taxed = any(row.category in _TAXED for row in invoice.vat_breakdown)
    ids = invoice.seller.vat_id or invoice.seller.tax_number or invoice.representative
    yield (
        "BR-DE-16",
        taxed and not ids,
        "USt-IdNr., Steuernummer oder Steuervertreter des Verkäufers fehlt",
        "the seller's VAT id, tax number or tax representative is missing",
        "seller.vat_id",
        ERROR,
    )
    kind = invoice.type_code
    yield (
        "BR-DE-17",
        bool(kind) and kind not in _TYPES,
        "die Rechnungsart ist unüblich",
        "the invoice type is unusual",
        "type_code",
        WARNING,
    )
    wrong = [
        line
        for line in (invoice.payment_terms or "").splitlines()
        if line.strip().startswith("#") and not _DISCOUNT.fullmatch(line.strip())
    ]
    yield (
        "BR-DE-18",
        bool(wrong),
        "das Skonto ist nicht so geschrieben, wie es verlangt ist",
        "the cash discount is not written as asked",
        "payment_terms",
        ERROR,
    )
    alone = kind == "384" and not invoice.corrects
    yield (
        "BR-DE-26",
        alone,
        "die korrigierte Rechnung ist nicht genannt",
        "the corrected invoice is not named",
        "type_code",
        WARNING,
    )


def _payment(extra: Extra) -> Iterator[_Check]:
    yield "BR-DE-1", not extra.means, "die Zahlungsanweisungen fehlen", "the payment instructions are missing", "iban", ERROR
    names = [name for name, _ in extra.attachments]
    twice = len(names) != len(set(names))
    yield "BR-DE-22", twice, "zwei Anlagen haben denselben Namen", "two attachments have the same name", "documents", ERROR
    for means in extra.means:
        yield from _means(means)
    debit = any(one.debit for one in extra.means)
    yield (
        "BR-DE-30",
        debit and not extra.creditor_id,
        "die Gläubiger-ID der Lastschrift fehlt",
        "the creditor identifier is missing",
        "iban",
        ERROR,
    )
    unnamed = any(one.debit and not one.debited for one in extra.means)
    yield "BR-DE-31", unnamed, "das belastete Konto der Lastschrift fehlt", "the debited account is missing", "iban", ERROR


def _means(means: Means) -> Iterator[_Check]:
    """To each way of payment belongs its group, and no other."""
    transfer = bool(means.accounts)
    wanted = {
        "23": (means.code in ("30", "58"), transfer, means.card or means.debit, "Überweisung", "credit transfer"),
        "24": (means.code in ("48", "54", "55"), means.card, transfer or means.debit, "Karte", "card"),
        "25": (means.code == "59", means.debit, transfer or means.card, "Lastschrift", "direct debit"),
    }
    for number, (concerned, there, others, german, english) in wanted.items():
        a, b = f"BR-DE-{number}-a", f"BR-DE-{number}-b"
        yield (
            a,
            concerned and not there,
            f"die Angaben zur Zahlung ({german}) fehlen",
            f"the data of the {english} are missing",
            "iban",
            ERROR,
        )
        yield (
            b,
            concerned and others,
            f"neben {german} stehen andere Zahlungsdaten",
            f"other payment data stand beside the {english}",
            "iban",
            ERROR,
        )
