"""PDF work inside the sandbox's child, with PDFium: words with boxes, lines, attachments, pictures of pages."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pypdfium2
from pypdfium2 import raw

from kontorist.reading.lines import laid_out
from kontorist.reading.refused import Refused

MAX_PAGES = 300
MAX_WORDS = 200_000
MAX_PIXELS = 30_000_000
MAX_SCANNED = 60_000_000  # a page of A3 at 400 dots an inch has half
_TOO_MANY_DOTS = f"The picture has more than {MAX_SCANNED // 1_000_000} million dots."
_FEW_WORDS = 12
_DRAWN = 100
_PASSWORD = 4  # FPDF_ERR_PASSWORD


def _open(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise Refused("The PDF is protected by a password.") from error
        raise Refused("The PDF is broken and cannot be opened.") from error


def count(data: bytes) -> int:
    """The number of pages."""
    with closing(_open(data)) as document:
        return len(document)


def pages(data: bytes) -> list[dict[str, Any]]:
    """Every page with its words in reading order by line; at most MAX_PAGES pages."""
    with closing(_open(data)) as document:
        if len(document) > MAX_PAGES:
            raise Refused(f"The PDF has {len(document)} pages, more than the {MAX_PAGES} that are read.")
        return [_page(document, index) for index in range(len(document))]


def sizes(data: bytes) -> list[tuple[int, float, float]]:
    """Number, width and height of each page in points."""
    with closing(_open(data)) as document:
        return [(index + 1, *document.get_page_size(index)) for index in range(min(len(document), MAX_PAGES))]


def _page(document: Any, index: int) -> dict[str, Any]:
    with closing(document[index]) as page, closing(page.get_textpage()) as text:
        width, height = page.get_size()
        words = _words(page, text)
        body, placed = laid_out(words)
        scan = len(words) < _FEW_WORDS and _is_picture(page, words, width * height)
        problem = _TOO_MANY_DOTS if scan and _dots(page) > MAX_SCANNED else ""
        about = {"number": index + 1, "width": width, "height": height, "text": body, "words": placed}
        return about | {"scan": scan, "problem": problem}


def _is_picture(page: Any, words: list[list[Any]], area: float) -> bool:
    """Whether what there is to read stands in a picture or in drawn letters; a few words may be a scanner's stamp."""
    covered, drawn = 0.0, 0
    for kept in page.get_objects(max_depth=3):
        if kept.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = kept.get_bounds()
            covered = max(covered, (right - left) * (top - bottom))
        drawn += kept.type == raw.FPDF_PAGEOBJ_PATH
    return covered > (0.5 if words else 0.05) * area or (not words and drawn > _DRAWN)


def _dots(page: Any) -> int:
    """Pixels of the largest picture on the page: none is unpacked to know."""
    sizes = [kept.get_px_size() for kept in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)]
    return max((width * height for width, height in sizes), default=0)


def _words(page: Any, text: Any) -> list[list[Any]]:
    """[text, x0, top, x1, bottom] in points from the upper left of the page as it is shown."""
    placed = _placer(page)
    words: list[list[Any]] = []
    current: list[Any] | None = None
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        char = "" if code in (0, 2, 0xFFFE, 0xFFFF) else chr(code)  # 2 stands for a hyphen at a line's end
        if code == 2:
            char = "-"
        if not char or char.isspace() or code < 32:
            current = None
            continue
        box = placed(*text.get_charbox(index, loose=True))
        if current is None or _apart(current, box):
            current = [char, *box]
            words.append(current)
            if len(words) > MAX_WORDS:
                raise Refused(f"The PDF has more than {MAX_WORDS} words on a page.")
        else:
            current[0] += char
            current[1:] = [min(current[1], box[0]), min(current[2], box[1]), max(current[3], box[2]), max(current[4], box[3])]
    return words


def _placer(page: Any) -> Callable[..., tuple[float, float, float, float]]:
    """From PDF coordinates (lower left, unrotated) to points from the upper left of the page as it is shown."""
    left, bottom, right, top = page.get_bbox()
    turn = page.get_rotation()

    def place(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        if turn == 90:
            return (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        if turn == 180:
            return (right - x1, y0 - bottom, right - x0, y1 - bottom)
        if turn == 270:
            return (top - y1, right - x1, top - y0, right - x0)
        return (x0 - left, top - y1, x1 - left, top - y0)

    return place


def _apart(word: list[Any], box: tuple[float, float, float, float]) -> bool:
    """Whether a character starts a new word: on another line, or after a gap wider than half a line's height."""
    tall = max(box[3] - box[1], 1.0)
    overlap = min(word[4], box[3]) - max(word[2], box[1])
    return bool(overlap < 0.3 * tall or box[0] - word[3] > 0.6 * tall)


def embedded(data: bytes) -> dict[str, str]:
    """The files in the PDF by name, as base64."""
    with closing(_open(data)) as document:
        found: dict[str, str] = {}
        for index in range(min(document.count_attachments(), 100)):
            attachment = document.get_attachment(index)
            try:
                content = bytes(attachment.get_data())
            except pypdfium2.PdfiumError:  # an empty file
                content = b""
            found[attachment.get_name() or f"file-{index + 1}"] = base64.b64encode(content).decode()
        return found


def render(data: bytes, page: int, scale: float) -> str:
    """A page as PNG, as base64."""
    with closing(_open(data)) as document:
        if not 1 <= page <= len(document):
            raise Refused(f"The PDF has no page {page}.")
        with closing(document[page - 1]) as sheet:
            width, height = sheet.get_size()
            scale = min(scale, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
            picture = sheet.render(scale=scale).to_pil()
            target = io.BytesIO()
            picture.save(target, "PNG")
            return base64.b64encode(target.getvalue()).decode()


JOBS: dict[str, Callable[..., Any]] = {"count": count, "sizes": sizes, "pages": pages, "embedded": embedded, "render": render}
