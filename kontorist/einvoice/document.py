"""From a document's bytes to the invoice in it: XML, a PDF with XML inside, or the words of a PDF, picture, text or HTML page alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from kontorist.core.errors import NotReadable
from kontorist.core.evidence import Evidence
from kontorist.core.values import sha256
from kontorist.einvoice.extra import Extra, extra_of
from kontorist.einvoice.invoice import Invoice
from kontorist.einvoice.tree import Tree, local
from kontorist.reading.parts import kind_of
from kontorist.reading.pdf import Page

EMBEDDED = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_SMALLEST_PICTURE = 2_000  # bytes; even a broken one of these keeps nobody from an invoice
_LONGEST_LETTER = 200_000
_ROWS_AND_MAILS = {"message/rfc822", "text/csv", "text/calendar", "text/vcard", "application/json"}
_ROWS_AND_MAIL_SUFFIXES = {"csv", "tsv", "eml", "ics", "vcf", "json", "log", "yaml", "yml", "mt940", "sta", "edi", "md"}
_UBL = {"Invoice": "ubl:schema:xsd:Invoice-2", "CreditNote": "ubl:schema:xsd:CreditNote-2"}
_CII = {"CrossIndustryInvoice": "CrossIndustryInvoice:", "CrossIndustryDocument": "CrossIndustryDocument:"}


@dataclass(frozen=True)
class Found:
    """An invoice with where its values stand, and what the rules need to know about its document."""

    invoice: Invoice
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    document: str = ""
    pages: tuple[Page, ...] = ()
    """The pages of the PDF around or beside the XML."""
    malformed: tuple[tuple[str, str], ...] = ()
    """(field, text) of amounts and dates that are none."""
    strangers: tuple[str, ...] = ()
    """Elements of a namespace that does not belong there."""
    confidence: float = 1.0
    extra: Extra | None = None
    """What rules ask beyond the terms; None without XML after EN 16931."""


def find_invoice(name: str, media_type: str, data: bytes, *, ignore_xml: bool = False) -> Found | None:
    """The invoice in a document; None when it holds none. Raises NotReadable when that cannot be known."""
    try:
        kind = kind_of(name, media_type, data)
        return None if kind == "text" and _is_no_letter(name, media_type) else _found(kind, data, ignore_xml)
    except ArithmeticError as error:
        raise NotReadable(
            "The invoice holds amounts or periods that nothing can be calculated with; ask its sender for another."
        ) from error


def _found(kind: str, data: bytes, ignore_xml: bool) -> Found | None:
    if kind == "xml":
        return None if ignore_xml else read_xml(data, sha256(data))
    if kind == "pdf":
        return read_pdf(data, ignore_xml=ignore_xml)
    if kind == "picture":
        return read_picture(data)
    return read_typed(data, html=kind == "html") if kind in ("text", "html") else None


def read_xml(data: bytes, document: str = "") -> Found | None:
    """The invoice in an XML document; None when it is another kind of XML. Raises NotReadable."""
    from kontorist.reading.xml import parse_xml

    return read_root(parse_xml(data), document)


def read_root(root: object, document: str = "") -> Found | None:
    """The invoice under an XML element."""
    from kontorist.einvoice.cii import read_cii
    from kontorist.einvoice.ubl import read_ubl

    tree = Tree(root, document)
    name, space = local(root), str(getattr(root, "tag", ""))
    if name in _UBL and _UBL[name] in space:
        invoice = read_ubl(tree)
    elif name in _CII and _CII[name] in space:
        invoice = read_cii(tree)
    else:
        return None
    return Found(
        invoice, tree.evidence, document, malformed=tuple(tree.malformed), strangers=_strangers(tree), extra=extra_of(tree)
    )


def _strangers(tree: Tree) -> tuple[str, ...]:
    """The first elements without a namespace or of a foreign family, outside extensions, where anything may stand."""
    own = {_family(tree.root)}
    own |= {"urn:un"} if "urn:ferd" in own else set()  # ZUGFeRD 1 has a root of its own around the elements of the UN
    odd = (e for e in tree.root.iterdescendants("*") if _family(e) not in own and not _extension(e))
    return tuple(tree.path(element) for element in islice(odd, 5))


def _family(element: Any) -> str:
    """`urn:oasis` of `urn:oasis:names:…`, empty without a namespace."""
    tag = str(element.tag)
    return ":".join(tag[1:].partition("}")[0].split(":")[:2]) if tag.startswith("{") else ""


def _extension(element: Any) -> bool:
    return local(element) == "UBLExtensions" or any(local(outer) == "UBLExtensions" for outer in element.iterancestors())


def read_pdf(data: bytes, *, ignore_xml: bool = False) -> Found | None:
    """The invoice in a PDF: from the XML inside if there is one, else from its text. Raises NotReadable."""
    from kontorist.einvoice.onpage import with_places
    from kontorist.einvoice.plain import read_pages
    from kontorist.reading import pdf

    document = sha256(data)
    inside = None if ignore_xml else _embedded(pdf.embedded_files(data))
    pages = tuple(pdf.pages(data))
    if inside is None:
        return read_pages(pages, document)
    try:
        found = read_xml(inside, document)
    except NotReadable as error:
        raise NotReadable(f"The invoice data inside the PDF cannot be read: {error}") from error
    return None if found is None else with_places(found, pages)


def read_picture(data: bytes) -> Found | None:
    """The invoice on a photo or in a scanned picture; None when it shows none, or has too few bytes for a page. Raises NotReadable."""
    if len(data) < _SMALLEST_PICTURE:
        return None
    from kontorist.einvoice.plain import read_pages
    from kontorist.reading import scan

    return read_pages(tuple(scan.pages(data)), sha256(data))


def read_typed(data: bytes, *, html: bool = False) -> Found | None:
    """The invoice in a text or an HTML page; None unless all that a booking needs stands there and adds up."""
    if len(data) > _LONGEST_LETTER:
        return None
    from kontorist.einvoice.plain import read_pages
    from kontorist.reading.page import page_text
    from kontorist.reading.parts import decoded
    from kontorist.reading.typed import typed_page

    text = decoded(data).replace("\r\n", "\n")
    found = read_pages((typed_page(page_text(text).text if html else text),), sha256(data))
    return found if found is not None and _is_whole(found.invoice) else None


def _is_whole(invoice: Invoice) -> bool:
    """Texts speak of invoices far more often than they are one: number, day, seller and amounts that add up make the difference."""
    seller = invoice.seller.name and (invoice.seller.vat_id or invoice.seller.tax_number or invoice.ibans)
    amounts = (invoice.net, invoice.tax, invoice.gross)
    return bool(invoice.number and invoice.issue_date and seller) and None not in amounts


def _is_no_letter(name: str, media_type: str) -> bool:
    """Whether a text is rows, a mail, an appointment or the like by its kind."""
    return media_type in _ROWS_AND_MAILS or name.rpartition(".")[2].lower() in _ROWS_AND_MAIL_SUFFIXES


def _embedded(files: dict[str, bytes]) -> bytes | None:
    """The invoice among the files of a PDF: by its standard name, else any XML that is an invoice."""
    named = {name.rpartition("/")[2].lower(): content for name, content in files.items()}
    for name in EMBEDDED:
        if name in named:
            return named[name]
    return next((content for content in named.values() if _is_invoice(content)), None)


def _is_invoice(content: bytes) -> bool:
    try:
        return b"<" in content[:100] and read_xml(content) is not None
    except NotReadable:
        return False
