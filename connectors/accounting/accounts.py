"""Whose account the money would go to: every IBAN in and around an invoice against the creditor's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.accounting.vendors import Vendor, Vendors, flat
from connectors.accounting.warnings import warn
from connectors.base import Context, Warn
from kontorist.core.errors import NotReadable
from kontorist.einvoice.accounts import announced_change, ibans_in
from kontorist.reading.pdf import Page

_DOCUMENTS_READ = 10


@dataclass(frozen=True)
class Piece:
    """Text that people see beside the data of an invoice."""

    german: str
    english: str
    text: str
    own: bool = False
    """It is the invoice itself: other vendors' accounts have no business there."""


def pieces(pages: Sequence[Page], context: Context, document: str) -> Iterator[Piece]:
    """The pages of the invoice, the mail it came with, and the other PDFs of the case."""
    yield Piece("auf der Rechnung", "on the invoice", "\n".join(page.text for page in pages), own=True)
    mail = context.data.get("mail")
    mail = mail if isinstance(mail, Mapping) else {}
    yield Piece("in der Mail", "in the mail", f"{mail.get('subject') or ''}\n{mail.get('text') or ''}")
    names = {str(one.get("sha256")): str(one.get("name")) for one in mail.get("attachments") or [] if isinstance(one, Mapping)}
    for digest in [one for one in context.documents if one != document][:_DOCUMENTS_READ]:
        name = names.get(digest, digest[:12])
        yield Piece(f"in '{name}'", f"in '{name}'", _text(context.documents[digest]))


def _text(data: bytes) -> str:
    from kontorist.reading import pdf

    try:
        return "\n".join(page.text for page in pdf.pages(data)) if b"%PDF-" in data[:1024] else ""
    except NotReadable:  # the agent has said so already
        return ""


def account_signs(
    invoice: Mapping[str, Any],
    vendor: Vendor | None,
    vendors: Vendors,
    around: Sequence[Piece],
    company: Mapping[str, Any],
    language: str,
) -> list[Warn]:
    """Accounts that are not the creditor's, and words that announce another one."""
    own = {flat(iban) for iban in [company.get("iban"), *(company.get("ibans") or [])] if iban}
    stated = [flat(iban) for iban in invoice.get("ibans") or []]
    if invoice.get("direct_debit"):  # the account that is debited may be named: ours
        stated = [iban for iban in stated if iban not in own]
    known = set(vendor.ibans) if vendor and vendor.ibans else set()
    found = [*_stated(invoice, stated, vendor, known, language)]
    beside: set[str] = known or set(stated)
    others = {iban for one in vendors.every for iban in one.ibans} - beside
    for piece in around:
        seen = {_cut(flat(iban), beside | own) for iban in ibans_in(piece.text)} - own
        strange = sorted(seen - beside - set(stated) - (set() if piece.own else others))
        if strange and (beside or vendor):
            found.append(_elsewhere(piece, strange, sorted(beside), vendor, language))
        elif not (seen and seen <= beside) and (words := announced_change(piece.text)):
            found.append(_announced(piece, words, language))
    return found


def _cut(iban: str, known: set[str]) -> str:
    """A known account that something stands right behind is that account."""
    return next((one for one in known if iban.startswith(one)), iban)


def _stated(
    invoice: Mapping[str, Any], stated: list[str], vendor: Vendor | None, known: set[str], language: str
) -> Iterator[Warn]:
    """The accounts in the data of the invoice."""
    strange = [iban for iban in stated if iban not in known]
    if vendor and known and strange:
        yield warn(
            "iban-changed",
            language,
            f"Bankverbindung geändert: Auf der Rechnung steht {', '.join(strange)}, im Stammsatz {', '.join(sorted(known))}. "
            "Beim Lieferanten unter der bekannten Nummer nachfragen.",
            f"Bank details changed: the invoice says {', '.join(strange)}, the master record {', '.join(sorted(known))}. "
            "Call the vendor on the known number.",
        )
    elif vendor and strange:
        yield warn(
            "iban-unknown",
            language,
            f"Der Stammsatz von {vendor.name} hat keine IBAN; auf der Rechnung steht {', '.join(strange)}.",
            f"The master record of {vendor.name} has no IBAN; the invoice says {', '.join(strange)}.",
        )
    country = str((invoice.get("seller") or {}).get("country") or "")
    abroad = [iban for iban in strange if iban[:2].isalpha() and iban[2:4].isdigit() and country and iban[:2] != country]
    if abroad:
        yield warn(
            "iban-country",
            language,
            f"Das Konto {', '.join(abroad)} liegt nicht im Land des Verkäufers ({country}).",
            f"The account {', '.join(abroad)} is not in the seller's country ({country}).",
        )


def _elsewhere(piece: Piece, strange: list[str], known: list[str], vendor: Vendor | None, language: str) -> Warn:
    record, english = ("im Stammsatz", "the master record") if vendor and vendor.ibans else ("in den Daten", "the invoice's data")
    ours = ", ".join(known) or "–"
    return warn(
        "iban-elsewhere",
        language,
        f"Andere Bankverbindung {piece.german}: {', '.join(strange)}; {record} steht {ours}. "
        "Beim Lieferanten unter der bekannten Nummer nachfragen.",
        f"Other bank details {piece.english}: {', '.join(strange)}; {english} says {ours}. Call the vendor on the known number.",
    )


def _announced(piece: Piece, words: str, language: str) -> Warn:
    return warn(
        "bank-change-announced",
        language,
        f"Eine andere Bankverbindung wird {piece.german} angekündigt: '{words}'. Beim Lieferanten unter der bekannten Nummer nachfragen.",
        f"Other bank details are announced {piece.english}: '{words}'. Call the vendor on the known number.",
    )
