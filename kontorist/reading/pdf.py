"""PDF documents: pages with words and boxes, embedded files, pictures of pages. The parsing happens in the sandbox."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from kontorist.core.evidence import Evidence
from kontorist.reading import sandbox


@dataclass(frozen=True)
class Word:
    """A word on a page: its box in points from the upper left, and its characters in the page's text."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    start: int
    end: int


@dataclass(frozen=True)
class Page:
    """A page as it reads: lines from top to bottom, wide gaps as three blanks."""

    number: int
    width: float
    height: float
    text: str
    words: tuple[Word, ...]

    def box(self, start: int, end: int) -> tuple[float, float, float, float] | None:
        """The box around the characters from `start` to `end` of the text; None when no word is there."""
        hit = [word for word in self.words if word.start < end and word.end > start]
        if not hit:
            return None
        return (min(w.x0 for w in hit), min(w.top for w in hit), max(w.x1 for w in hit), max(w.bottom for w in hit))

    def evidence(self, start: int, end: int, document: str = "") -> Evidence:
        """The evidence for the characters from `start` to `end`."""
        return Evidence(
            self.text[start:end],
            document,
            part="page",
            page=self.number,
            start=start,
            end=end,
            box=self.box(start, end),
        )


def pages(data: bytes) -> list[Page]:
    """All pages with their words. Raises NotReadable (password, broken, too large); a scan has pages without words."""
    return [
        Page(page["number"], page["width"], page["height"], page["text"], tuple(Word(*word) for word in page["words"]))
        for page in sandbox.run("pages", data)
    ]


def page_count(data: bytes) -> int:
    """How many pages it has. Raises NotReadable."""
    return int(sandbox.run("count", data))


def embedded_files(data: bytes) -> dict[str, bytes]:
    """The files inside the PDF by name. Raises NotReadable."""
    return {name: base64.b64decode(content) for name, content in sandbox.run("embedded", data).items()}


def render(data: bytes, page: int = 1, scale: float = 1.5) -> bytes:
    """A page as a PNG picture, pages counted from 1; 1.0 is 72 dots an inch. Raises NotReadable."""
    return base64.b64decode(sandbox.run("render", data, page=page, scale=scale))
