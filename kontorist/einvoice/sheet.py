"""The pages of an invoice while they are read: values behind and below their labels, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontorist.core.evidence import Evidence
from kontorist.reading.pdf import Page


@dataclass(frozen=True)
class Hit:
    """A value on a page."""

    value: Any
    page: Page
    start: int
    end: int

    @property
    def line(self) -> tuple[int, int]:
        """Where the line of the value begins and ends in the text of the page."""
        stop = self.page.text.find("\n", self.end)
        return self.page.text.rfind("\n", 0, self.start) + 1, len(self.page.text) if stop < 0 else stop


@dataclass
class Sheet:
    """All pages while they are read, and the evidence so far."""

    pages: Sequence[Page]
    document: str
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(page.text for page in self.pages)

    def keep(self, key: str, hit: Hit | None) -> Any:
        """The value of a hit, with its evidence written down."""
        if hit is None:
            return None
        self.evidence.setdefault(key, []).append(hit.page.evidence(hit.start, hit.end, self.document))
        return hit.value

    def find(self, pattern: re.Pattern[str], value: Callable[[re.Match[str]], Any] = lambda m: m.group()) -> Iterator[Hit]:
        """Every match of a pattern whose value is one."""
        for page in self.pages:
            for match in pattern.finditer(page.text):
                if (found := value(match)) is not None:
                    yield Hit(found, page, *match.span())

    def lines(self, words: re.Pattern[str]) -> Iterator[str]:
        """The lines in which the words stand, each once; searched from the words, since from a line's start takes the square of its length."""
        for page in self.pages:
            end = -1
            for match in words.finditer(page.text):
                if match.start() >= end:
                    stop = page.text.find("\n", match.end())
                    end = len(page.text) if stop < 0 else stop
                    yield page.text[page.text.rfind("\n", 0, match.start()) + 1 : end].strip()

    def labelled(
        self,
        names: Sequence[re.Pattern[str]],
        shape: re.Pattern[str],
        value: Callable[[re.Match[str]], Any],
    ) -> Iterator[Hit]:
        """Values that stand close behind a label on its line, or right below it in its column; better labels first."""
        for name in names:
            for page in self.pages:
                for match in name.finditer(page.text):
                    behind = _behind(page, match, shape, value)
                    hit = behind[0] if behind and behind[0].start - match.end() <= 25 else _below(page, match, shape, value)
                    if hit is not None:
                        yield hit

    def rows(
        self, name: re.Pattern[str], shape: re.Pattern[str], value: Callable[[re.Match[str]], Any]
    ) -> Iterator[tuple[Hit, ...]]:
        """For each place of a label every value behind it on its line, else the one right below it in its column."""
        for page in self.pages:
            for match in name.finditer(page.text):
                if behind := _behind(page, match, shape, value):
                    yield behind
                elif (hit := _below(page, match, shape, value)) is not None:
                    yield (hit,)


def _behind(page: Page, label: re.Match[str], shape: re.Pattern[str], value: Callable[[re.Match[str]], Any]) -> tuple[Hit, ...]:
    stop = page.text.find("\n", label.end())
    found = shape.finditer(page.text, label.end(), len(page.text) if stop < 0 else stop)
    return tuple(Hit(value(m), page, *m.span()) for m in found if value(m) is not None)


def _below(page: Page, label: re.Match[str], shape: re.Pattern[str], value: Callable[[re.Match[str]], Any]) -> Hit | None:
    """Head above value, as in a table: only when nothing but other heads stands on the label's line."""
    line_end = page.text.find("\n", label.end())
    if re.search(r"\d", page.text[label.end() : line_end]):
        return None
    box = page.box(label.start(), label.end())
    if box is None:
        return None
    for word in page.words:
        if 0 < word.top - box[3] + 2 < 2 * (box[3] - box[1]) and word.x0 < box[2] and word.x1 > box[0]:
            match = shape.match(page.text, word.start)
            if match is not None and match.end() >= word.end - 1 and value(match) is not None:  # no part of a word
                return Hit(value(match), page, *match.span())
    return None
