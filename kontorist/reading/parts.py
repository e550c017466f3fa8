"""The text of a document, in parts: the whole of a text or XML file, the pages of a PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kontorist.core.errors import NotReadable
from kontorist.reading.code_page import code_page, mostly_utf8
from kontorist.reading.layout import Page

MAX_BYTES = 50 * 1024 * 1024
_TEXT_SUFFIXES = {"txt", "csv", "tsv", "md", "json", "log", "eml", "ics", "vcf", "yaml", "yml", "mt940", "sta", "edi"}
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_HEIC = dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic")
PHOTO_BRANDS = {**_HEIC, b"mif1": "image/heif", b"avif": "image/avif"}
"""Media types by the brand behind `ftyp` (ISO/IEC 23008-12): HEIC, as iPhones store photos, and AVIF."""


@dataclass(frozen=True)
class Part:
    """One readable piece of a document; `name` is what evidence calls it (`text`, `xml`, `page`)."""

    name: str
    text: str
    page: int | None = None
    read_by: str = ""
    """`ocr` where letters were recognised in a picture."""
    problem: str = ""
    """Why this piece could not be read, in a sentence for people."""


def text_of(name: str, media_type: str, data: bytes) -> list[Part]:
    """The text of a document, whatever it is. Raises NotReadable with a sentence for people.

    The bytes decide before the media type does, and that before the name: senders get both wrong. Scans and photos are
    read by OCR; small pictures (logos, icons) are readable and have no parts.
    """
    if len(data) > MAX_BYTES:
        raise NotReadable(f"'{name}' is larger than {MAX_BYTES // 2**20} MB, so it was not read.")
    return _reader(name, media_type.partition(";")[0].strip().lower(), data)(name, data)


def kind_of(name: str, media_type: str, data: bytes) -> str:
    """What a document is: `pdf`, `xml`, `html`, `picture`, `text`, or empty when it is none of these."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    suffix = name.rpartition(".")[2].lower()
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if start.startswith((b"<?xml", b"<\x00?\x00", b"\xff\xfe<\x00?", b"\xfe\xff\x00<")) or media_type.endswith(("/xml", "+xml")):
        return "xml"
    if media_type == "text/html" or start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    if _is_picture(data):
        return "picture"
    if media_type == "application/pdf" or suffix in {"pdf", "xml"}:
        return suffix if suffix in {"pdf", "xml"} else "pdf"
    return "text" if media_type.startswith(("text/", "message/")) or suffix in _TEXT_SUFFIXES or _looks_like_text(data) else ""


def decoded(data: bytes, *, dos: bool = False) -> str:
    """Text from bytes of unknown encoding: a byte order mark decides, then UTF-8 if it fits but for a few signs, else Windows-1252.

    With `dos` it may be code page 850 as well, in which some banking programs still write.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if mostly_utf8([data]):
            return data.decode("utf-8-sig", errors="replace")
        return data.decode("cp850") if dos and code_page(data) == "cp850" else _windows(data)


def _windows(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no meaning in Windows-1252
        return data.decode("latin-1")


def _is_picture(data: bytes) -> bool:
    bitmap = data.startswith(b"BM") and data[6:10] == bytes(4)  # reserved there; a letter from BMW begins otherwise
    photo = data[4:8] == b"ftyp" and data[8:12] in PHOTO_BRANDS  # other brands are films
    return data.startswith(_PICTURES) or bitmap or photo or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _looks_like_text(data: bytes) -> bool:
    head = data[:4096]
    return b"\x00" not in head and not _is_picture(head) and sum(b < 9 or 13 < b < 32 for b in head) * 50 <= len(head)


def _reader(name: str, media_type: str, data: bytes) -> Callable[[str, bytes], list[Part]]:
    return {"pdf": _pdf, "picture": _picture, "xml": _xml, "html": _html, "text": _text}.get(
        kind_of(name, media_type, data), _unreadable
    )


def _pdf(name: str, data: bytes) -> list[Part]:
    from kontorist.reading import pdf

    return _pages(name, lambda: pdf.pages(data))


def _picture(name: str, data: bytes) -> list[Part]:
    from kontorist.reading import scan

    return _pages(name, lambda: scan.pages(data))


def _pages(name: str, read: Callable[[], Sequence[Page]]) -> list[Part]:
    try:
        return [Part("page", page.text, page.number, page.read_by, page.problem) for page in read()]
    except NotReadable as error:
        raise NotReadable(f"'{name}': {error}") from error


def _text(_name: str, data: bytes) -> list[Part]:
    return [Part("text", decoded(data).replace("\r\n", "\n"))]


def _xml(name: str, data: bytes) -> list[Part]:
    from lxml import etree

    from kontorist.reading.xml import parse_xml

    try:
        root = parse_xml(data)
    except NotReadable as error:
        raise NotReadable(f"'{name}': {error}") from error
    return [Part("xml", etree.tostring(root, encoding="unicode"))]


def _html(_name: str, data: bytes) -> list[Part]:
    from kontorist.reading.page import page_text

    return [Part("text", page_text(decoded(data)).text)]


def _unreadable(name: str, _data: bytes) -> list[Part]:
    raise NotReadable(f"'{name}' is in a format that cannot be read here.")


def notes_on(name: str, parts: Sequence[Part]) -> list[str]:
    """What a person should know about how a document was read: by OCR, or not all of it."""
    scanned = any(part.read_by and part.text.strip() for part in parts)
    notes = [f"'{name}' is a scan, read by OCR: compare what was read with the picture."] if scanned else []
    missing = [p for p in parts if p.problem]
    if missing:
        numbers = ", ".join(str(p.page) for p in missing)
        notes.append(f"'{name}': page {numbers} could not be read: {missing[0].problem}")
    return notes
