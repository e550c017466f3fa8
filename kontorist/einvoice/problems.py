"""Everything that is wrong with an invoice, as sentences: rules of EN 16931, arithmetic, structure, profile, PDF against XML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kontorist.einvoice.compare import differences
from kontorist.einvoice.document import Found
from kontorist.einvoice.further import further
from kontorist.einvoice.invoice import Invoice
from kontorist.einvoice.mandatory import doubtful_ids, missing, wrong_codes
from kontorist.einvoice.problem import Problem
from kontorist.einvoice.sums import wrong_sums
from kontorist.einvoice.vat_rules import vat_problems
from kontorist.einvoice.xrechnung import german_rules, is_xrechnung

_EN16931 = re.compile(r"urn:cen\.eu:en16931:2017(#(compliant|conformant)#\S+)*", re.IGNORECASE)


_BEYOND_RECKONING = Problem(
    "VALUE",
    "Die Beträge sind so groß oder so lang, dass sich damit nicht rechnen lässt; die Rechnung ist nicht geprüft.",
    "The amounts are so large or so long that nothing can be calculated with them; the invoice is not checked.",
)


def problems(found: Found) -> list[Problem]:
    """What is wrong with an invoice; each rule is named once a field."""
    invoice = found.invoice
    every = [*_structure(found), *_profile(invoice)]
    try:
        every += [*_rules(invoice), *_beyond(found), *differences(found)]
    except ArithmeticError:  # numbers of so many digits or so high a power that nothing can be reckoned with them
        every.append(_BEYOND_RECKONING)
    unread = {field for field, _ in found.malformed}
    every = [one for one in every if one.rule == "VALUE" or one.field not in unread]
    return list({(one.rule, one.field): one for one in reversed(every)}.values())[::-1]


def _rules(invoice: Invoice) -> Iterator[Problem]:
    if invoice.syntax == "PDF":
        yield from _on_paper(invoice)
    elif invoice.syntax == "ZUGFeRD1":  # older than EN 16931: its rules about codes and reasons do not apply
        yield from (one for one in missing(invoice) if one.field in _BASICS)
        yield from wrong_sums(invoice)
    else:
        yield from missing(invoice)
        yield from wrong_codes(invoice)
        yield from wrong_sums(invoice)
        yield from vat_problems(invoice)
    yield from doubtful_ids(invoice)


def _beyond(found: Found) -> Iterator[Problem]:
    """Rules that look at more than the terms of the invoice."""
    if found.extra is None or found.invoice.syntax in ("PDF", "ZUGFeRD1"):
        return
    yield from further(found.extra)
    if is_xrechnung(found.invoice):
        yield from german_rules(found.invoice, found.extra)


_BASICS = {"number", "issue_date", "currency", "seller.name", "buyer.name", "net", "gross"}


def _on_paper(invoice: Invoice) -> Iterator[Problem]:
    wanted = {"number": "Rechnungsnummer", "issue_date": "Rechnungsdatum", "gross": "Bruttobetrag", "seller.name": "Verkäufer"}
    values = {
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        "gross": invoice.gross,
        "seller.name": invoice.seller.name,
    }
    for field, german in wanted.items():
        if values[field] is None:
            english = field.replace(".", " ").replace("_", " ")
            yield Problem(
                "PDF-MISSING", f"Im PDF wurde kein Wert gefunden: {german}.", f"No value was found in the PDF: {english}.", field
            )
    yield from wrong_sums(invoice)


def _structure(found: Found) -> Iterator[Problem]:
    for place in found.strangers:
        yield Problem(
            "SYNTAX",
            f"Das Element {place} gehört nicht in eine Rechnung; die Datei entspricht nicht dem Schema.",
            f"The element {place} does not belong into an invoice; the file is not valid by its schema.",
            place,
        )
    for field, text in found.malformed:
        yield Problem(
            "VALUE",
            f"'{text[:40]}' ist kein gültiger Betrag oder kein gültiges Datum ({field}).",
            f"'{text[:40]}' is no valid amount or date ({field}).",
            field,
        )


def _profile(invoice: Invoice) -> Iterator[Problem]:
    profile = invoice.profile or ""
    if not invoice.is_full_invoice:
        yield Problem(
            "PROFILE",
            "Das Profil MINIMUM oder BASIC WL ist keine Rechnung im Sinne des UStG, nur eine Buchungshilfe.",
            "The profile MINIMUM or BASIC WL is no invoice for VAT, only an aid for booking.",
            "profile",
        )
    elif profile.startswith("urn:cen.eu:en16931") and not _EN16931.fullmatch(profile):
        yield Problem(
            "BR-01",
            f"Die Spezifikationskennung '{profile}' gibt es nicht (BR-01).",
            f"The specification identifier '{profile}' does not exist (BR-01).",
            "profile",
        )
