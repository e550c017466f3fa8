"""The PDF that people look at against the XML that is booked: shown values that differ are a stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kontorist.einvoice import labels
from kontorist.einvoice.document import Found
from kontorist.einvoice.onpage import first_place
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
    pairs: dict[str, tuple[object, object]] = {
        "gross": (invoice.gross, other.invoice.gross if other else None),
        "number": (invoice.number, other.invoice.number if other else None),
        "seller.name": (invoice.seller.name, other.invoice.seller.name if other else None),
    }
    for field, (ours, theirs) in pairs.items():
        if (
            ours is not None
            and theirs is not None
            and not _shown(found.pages, ours, invoice.payable if field == "gross" else None)
        ):
            yield _difference(field, ours, theirs)
    yield from _ibans(found, tuple(_written_ibans(found.pages)))


def _ibans(found: Found, written: tuple[str, ...]) -> Iterator[Problem]:
    """Every IBAN on the pages is another one: the approver would see one account and book another."""
    ours = set(found.invoice.ibans)
    close = {one for one in written if any(one.startswith(iban) for iban in ours)}  # a word behind it was taken for a part
    if ours and written and not close and found.invoice.direct_debit is False:
        yield _difference("iban", ", ".join(sorted(ours)), ", ".join(written))


def _written_ibans(pages: tuple[Page, ...]) -> Iterator[str]:
    """IBANs as they stand on the pages, those with wrong check digits too if the word IBAN stands before them."""
    from schwifty import IBAN

    for page in pages:
        for match in labels.IBAN.finditer(page.text):
            flat = re.sub(r"\s", "", match.group())
            lengths = range(len(flat), 14, -1)
            valid = next((flat[:n] for n in lengths if IBAN(flat[:n], allow_invalid=True).is_valid), None)
            if valid or re.search(r"IBAN\W*$", page.text[max(0, match.start() - 10) : match.start()], re.IGNORECASE):
                yield valid or flat


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
