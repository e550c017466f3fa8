"""PDF documents: pages with words and boxes, embedded files, pictures of pages. The parsing happens in the sandbox."""

from __future__ import annotations

import base64
from typing import Any

from kontorist.reading import sandbox, scan
from kontorist.reading.layout import Page, Word

__all__ = ["Page", "Word", "embedded_files", "page_count", "pages", "render", "sizes"]


def pages(data: bytes) -> list[Page]:
    """All pages with their words; scanned ones are read by OCR. Raises NotReadable (password, broken, too large)."""
    found = sandbox.run("pages", data)
    made = [_page(page) for page in found]
    scanned = [page for page, told in zip(made, found, strict=True) if told["scan"]]
    if scanned:
        refused = [page for page in scanned if page.problem]
        tried = [page for page in scanned if not page.problem]
        read = {page.number: page for page in scan.read(data, tried, lambda page: _picture(data, page.number))}
        if len(scanned) == len(made):
            scan.must_be_read([*refused, *read.values()])
        made = [read.get(page.number, page) for page in made]
    return made


def _page(told: dict[str, Any]) -> Page:
    return Page(
        told["number"],
        told["width"],
        told["height"],
        told["text"],
        tuple(Word(*word) for word in told["words"]),
        problem=told["problem"],
    )


def _picture(data: bytes, page: int) -> tuple[bytes, dict[str, Any]]:
    return render(data, page, scan.DOTS_AN_INCH / 72), {}


def sizes(data: bytes) -> list[tuple[int, float, float]]:
    """Number, width and height of each page as it is shown, in points. Raises NotReadable."""
    return [(number, width, height) for number, width, height in sandbox.run("sizes", data)]


def page_count(data: bytes) -> int:
    """How many pages it has. Raises NotReadable."""
    return int(sandbox.run("count", data))


def embedded_files(data: bytes) -> dict[str, bytes]:
    """The files inside the PDF by name. Raises NotReadable."""
    return {name: base64.b64decode(content) for name, content in sandbox.run("embedded", data).items()}


def render(data: bytes, page: int = 1, scale: float = 1.5) -> bytes:
    """A page as a PNG picture, pages counted from 1; 1.0 is 72 dots an inch. Raises NotReadable."""
    return base64.b64decode(sandbox.run("render", data, page=page, scale=scale))
