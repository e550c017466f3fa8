"""A text without pages as one page: its words stand where a typewriter would put them, so that columns can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kontorist.core.evidence import Evidence
from kontorist.reading.layout import Page, Word

_WIDE, _HIGH = 6.0, 12.0
_LETTER = 100 * _WIDE
_TAB = 24
"""Columns a tab goes on to: cells of a table in HTML are parted by one, and stand below each other."""


@dataclass(frozen=True)
class TypedPage(Page):
    """A page whose characters are those of the text it was made of."""

    def evidence(self, start: int, end: int, document: str = "") -> Evidence:
        """The evidence for the characters from `start` to `end`: a text has no page to point at."""
        return Evidence(self.text[start:end], document, part="text", start=start, end=end)


def typed_page(text: str) -> TypedPage:
    """The page of a text."""
    words: list[Word] = []
    at = row = 0
    for row, line in enumerate(text.split("\n")):
        words += _words(line, row * _HIGH, at)
        at += len(line) + 1
    width = max(_LETTER, max((word.x1 for word in words), default=0.0))
    return TypedPage(1, width, (row + 1) * _HIGH, text, tuple(words))


def _words(line: str, top: float, at: int) -> list[Word]:
    found, column, before = [], 0, 0
    for match in re.finditer(r"\S+", line):
        for char in line[before : match.start()]:
            column = (column // _TAB + 1) * _TAB if char == "\t" else column + 1
        left, column, before = column, column + len(match.group()), match.end()
        found.append(
            Word(match.group(), left * _WIDE, top, column * _WIDE, top + _HIGH - 2, at + match.start(), at + match.end())
        )
    return found
