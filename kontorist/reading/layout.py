"""A page as it reads: words with boxes, and where they stand on the page as it is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from kontorist.core.evidence import Evidence

Box = tuple[float, float, float, float]


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
    turn: float = 0.0
    """By how many degrees a scan lies turned clockwise; words, width and height are those of the straightened page."""
    read_by: str = ""
    """`ocr` for a scan: letters may have been taken for others."""
    confidence: float = 1.0
    problem: str = ""
    """Why a scan could not be read, in a sentence for people."""

    def box(self, start: int, end: int) -> Box | None:
        """The box around the characters from `start` to `end` of the text; None when no word is there."""
        hit = [word for word in self.words if word.start < end and word.end > start]
        if not hit:
            return None
        return (min(w.x0 for w in hit), min(w.top for w in hit), max(w.x1 for w in hit), max(w.bottom for w in hit))

    def evidence(self, start: int, end: int, document: str = "") -> Evidence:
        """The evidence for the characters from `start` to `end`."""
        box = self.box(start, end)
        return Evidence(
            self.text[start:end],
            document,
            part="page",
            page=self.number,
            start=start,
            end=end,
            box=self.shown(box) if box and self.turn else box,
        )

    def shown(self, box: Box) -> Box:
        """A box of the straightened page on the page as it is shown."""
        sine, cosine = math.sin(math.radians(self.turn)), math.cos(math.radians(self.turn))
        lies = round(self.turn / 90) % 2
        width, height = (self.height, self.width) if lies else (self.width, self.height)
        corners = [(x - self.width / 2, y - self.height / 2) for x in (box[0], box[2]) for y in (box[1], box[3])]
        xs = [width / 2 + x * cosine - y * sine for x, y in corners]
        ys = [height / 2 + x * sine + y * cosine for x, y in corners]
        return round(min(xs), 2), round(min(ys), 2), round(max(xs), 2), round(max(ys), 2)

    def with_problem(self, problem: str) -> Page:
        """The same page with the reason why it was not read."""
        return replace(self, problem=problem)
