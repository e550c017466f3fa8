"""PDF work inside the sandbox's child, with PDFium: words with boxes, lines, attachments, pictures of pages."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pypdfium2
from pypdfium2 import raw

MAX_PAGES = 300
MAX_WORDS = 200_000
MAX_PIXELS = 30_000_000
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class Refused(Exception):
    """The PDF cannot be read, for a reason that a person understands."""


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


def _page(document: Any, index: int) -> dict[str, Any]:
    with closing(document[index]) as page, closing(page.get_textpage()) as text:
        width, height = page.get_size()
        words = _words(page, text)
        body, placed = _laid_out(words)
        return {"number": index + 1, "width": width, "height": height, "text": body, "words": placed}


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


def _laid_out(words: list[list[Any]]) -> tuple[str, list[list[Any]]]:
    """The page's text line by line, and each word with its start and end in it. Wide gaps become two or more blanks."""
    pieces: list[str] = []
    placed: list[list[Any]] = []
    length = 0
    for line in _lines(words):
        before: list[Any] | None = None
        for word in line:
            gap = "" if before is None else _gap(before, word)
            pieces += [gap, word[0]]
            start = length + len(gap)
            length = start + len(word[0])
            placed.append([word[0], *(round(number, 2) for number in word[1:]), start, length])
            before = word
        pieces.append("\n")
        length += 1
    return "".join(pieces), placed


def _gap(before: list[Any], word: list[Any]) -> str:
    wide = (word[1] - before[3]) / max(word[4] - word[2], 1.0)
    return "   " if wide > 1.2 else " "


def _lines(words: list[list[Any]]) -> list[list[list[Any]]]:
    """Words that stand beside each other, from top to bottom, each line from left to right."""
    lines: list[list[list[Any]]] = []
    for word in sorted(words, key=lambda w: ((w[2] + w[4]) / 2, w[1])):
        if lines and _beside(lines[-1], word):
            lines[-1].append(word)
        else:
            lines.append([word])
    for line in lines:
        line.sort(key=lambda w: w[1])
    return lines


def _beside(line: list[list[Any]], word: list[Any]) -> bool:
    first = line[0]
    middle, other = (word[2] + word[4]) / 2, (first[2] + first[4]) / 2
    return bool(abs(middle - other) < 0.4 * max(1.0, min(word[4] - word[2], first[4] - first[2])))


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


JOBS: dict[str, Callable[..., Any]] = {"count": count, "pages": pages, "embedded": embedded, "render": render}
