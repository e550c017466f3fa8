"""Words with boxes become the lines of a page, from top to bottom, wide gaps as three blanks."""

from __future__ import annotations

from typing import Any


def laid_out(words: list[list[Any]]) -> tuple[str, list[list[Any]]]:
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
