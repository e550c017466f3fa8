"""Where the values of an invoice's XML stand on the pages of its PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from kontorist.core.evidence import Evidence
from kontorist.einvoice.document import Found
from kontorist.reading.pdf import Page

_MONTHS = (
    "jan(?:uary|uar)?", "feb(?:ruary|ruar)?", "mar(?:ch)?|m[äa]rz|mrz", "apr(?:il)?", "may|mai", "june?|juni", "july?|juli",
    "aug(?:ust)?", "sept?(?:ember)?", "o[ck]t(?:ober)?", "nov(?:ember)?", "de[cz](?:ember)?",
)  # fmt: skip


def with_places(found: Found, pages: Sequence[Page], document: str = "") -> Found:
    """The same invoice, with the places on the PDF's pages added to the evidence where a value stands there.

    `document` is the PDF if the XML is a file of its own.
    """
    invoice = found.invoice
    evidence = {key: list(places) for key, places in found.evidence.items()}
    values: dict[str, object] = {
        key: getattr(invoice, key) for key in ("number", "issue_date", "due_date", "net", "tax", "gross", "payable")
    }
    values |= {"seller.name": invoice.seller.name, "seller.vat_id": invoice.seller.vat_id, "buyer.name": invoice.buyer.name}
    values |= {"iban": invoice.ibans[0] if invoice.ibans else None, "order_reference": invoice.order_reference}
    for key, value in values.items():
        place = first_place(pages, value, document or found.document)
        if place is not None:
            evidence.setdefault(key, []).append(place)
    return replace(found, evidence=evidence, pages=tuple(pages))


def first_place(pages: Iterable[Page], value: object, document: str = "") -> Evidence | None:
    """The first place of a value in its usual ways of writing, or None."""
    if value is None:
        return None
    pattern = re.compile("|".join(written(value)), re.IGNORECASE)
    for page in pages:
        if (hit := pattern.search(page.text)) is not None:
            return page.evidence(hit.start(), hit.end(), document)
    return None


def written(value: object) -> Iterator[str]:
    """Patterns for the ways people write a value: dates and amounts in German and English, the rest with any white space."""
    if isinstance(value, Decimal):
        yield from (f"(?<![\\d.,])-?{text}(?![\\d]|[.,]\\d)" for text in _amounts(value))
    elif isinstance(value, date):
        yield f"\\b0?{value.day}\\.\\s?0?{value.month}\\.\\s?{value.year}\\b"
        yield f"\\b{value.isoformat()}\\b"
        names = _MONTHS[value.month - 1]
        yield f"\\b0?{value.day}\\.?\\s(?:{names})\\.?,?\\s{value.year}\\b"
        yield f"\\b(?:{names})\\.?\\s0?{value.day}(?:st|nd|rd|th)?,?\\s{value.year}\\b"
        yield f"\\b0?{value.day}/0?{value.month}/{value.year}\\b"
    elif re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", str(value)):
        yield r"\s?".join(map(re.escape, str(value)))
    else:
        yield r"(?<!\w)" + r"\s*".join(re.escape(word) for word in str(value).split()) + r"(?!\w)"


def _amounts(value: Decimal) -> Iterator[str]:
    whole, _, cents = f"{abs(value):.2f}".partition(".")
    grouped = f"{int(whole):,}".split(",")
    for group, point in (("\\.?", ","), ("[,']?", "\\."), ("[ \u00a0\u202f]?", ",")):
        yield group.join(grouped) + point + cents
