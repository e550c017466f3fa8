"""The PDF that people look at against the XML that is booked: shown values that differ are a stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kontorist.einvoice.accounts import ibans_in
from kontorist.einvoice.document import Found
from kontorist.einvoice.onpage import first_place
from kontorist.einvoice.page_totals import totals_on
from kontorist.einvoice.plain import read_pages
from kontorist.einvoice.problem import Problem, shown, shown_de
from kontorist.reading.pdf import Page

_NAMES = {
    "number": ("Rechnungsnummer", "invoice number"),
    "gross": ("Bruttobetrag", "gross total"),
    "iban": ("IBAN", "IBAN"),
    "seller.name": ("Verkäufer", "seller"),
}


def differences(found: Found) -> Iterator[Problem]:
    """Fields of the XML that the PDF contradicts: the value stands nowhere on its pages, and another one stands in its place."""
    if found.invoice.syntax == "PDF" or not any(page.words for page in found.pages):
        return
    other = read_pages(found.pages, found.document)
    invoice = found.invoice
    if other is not None and _other_total(found, other.invoice.gross):
        yield _difference("gross", invoice.gross, other.invoice.gross)
    names: dict[str, tuple[object, object]] = {
        "number": (invoice.number, other.invoice.number if other else None),
        "seller.name": (invoice.seller.name, other.invoice.seller.name if other else None),
    }
    for field, (ours, theirs) in names.items():
        if ours is not None and theirs is not None and not _shown(found.pages, ours):
            yield _difference(field, ours, theirs)
    yield from _ibans(found, ibans_on(found.pages))


def _other_total(found: Found, theirs: Decimal | None) -> bool:
    """The XML's amount stands nowhere; or it does, but not as the total of the page."""
    invoice = found.invoice
    if invoice.gross is None or theirs is None:
        return False
    totals = totals_on(found.pages)
    ours = {abs(value) for value in (invoice.gross, invoice.payable) if value is not None}
    return not _shown(found.pages, invoice.gross, invoice.payable) or bool(totals and not totals & ours)


def ibans_on(pages: tuple[Page, ...]) -> tuple[str, ...]:
    """The IBANs on pages, each once."""
    return tuple(dict.fromkeys(iban for page in pages for iban in ibans_in(page.text)))


def _ibans(found: Found, written: tuple[str, ...]) -> Iterator[Problem]:
    """Every IBAN on the pages is another one: the approver would see one account and book another."""
    ours = set(found.invoice.ibans)
    close = {one for one in written if any(one.startswith(iban) for iban in ours)}  # a word behind it was taken for a part
    if ours and written and not close and found.invoice.direct_debit is False:
        yield _difference("iban", ", ".join(sorted(ours)), ", ".join(written))


def _shown(pages: tuple[Page, ...], *values: object) -> bool:
    return any(value is not None and (first_place(pages, value) is not None or _loosely(pages, value)) for value in values)


def _loosely(pages: tuple[Page, ...], value: object) -> bool:
    """Letters and digits only, since a PDF breaks lines and spells legal forms as it likes."""
    if isinstance(value, Decimal):
        return first_place(pages, abs(value)) is not None
    flat = re.sub(r"\W", "", str(value)).lower()
    return bool(flat) and any(flat in re.sub(r"\W", "", page.text).lower() for page in pages)


def _difference(field: str, ours: object, theirs: object) -> Problem:
    german, english = _NAMES[field]
    return Problem(
        "PDF-XML",
        f"PDF und XML widersprechen sich: {german} ist im XML {shown_de(ours)}, auf dem PDF {shown_de(theirs)}.",
        f"PDF and XML contradict each other: the {english} is {shown(ours)} in the XML and {shown(theirs)} on the PDF.",
        field,
    )
