"""What of a mail's text says something: sentences with their places, without salutation and closing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents._builtin.embeddings import embed, unit

_POLITENESS = re.compile(
    r"(?im)^[ \t]*(sehr geehrte.*|guten (?:tag|morgen|abend)(?: (?:frau|herr|liebe)[^,\n]{0,40})?[ ,!]*|hallo(?: \w+){0,3},?|hi(?: there| all)?,?|dear [^,\n]{0,30},|moin,?"
    r"|liebe[rs]? [^,\n]{0,40},|mit freundlichen gr.*|freundliche gr.*|(?:kind|best) regards.*|viele gr.*)"
)
_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")
_DIGITS = re.compile(r"\d+")
_FIRST = 1_500
_WHOLE = 0.5  # the beginning as one piece, against 1 for its sentences together
_CHUNK = 1_000
_CHUNKS = 8
_SENTENCES = 40
_LONGEST = 500  # a line of a hundred thousand letters is no sentence


@dataclass(frozen=True)
class Sentence:
    """A piece of a text and where it stands there."""

    text: str
    start: int
    end: int


def sentences(text: str, shortest: int = 9) -> list[Sentence]:
    """The sentences of a text that say something, each with its characters' positions."""
    bare = _POLITENESS.sub(lambda m: " " * len(m.group()), text)
    found, start = [], 0
    for end, following in [*((m.start(), m.end()) for m in _BREAK.finditer(bare)), (len(bare), len(bare))]:
        piece = bare[start:end]
        left = start + len(piece) - len(piece.lstrip())
        if len(piece.strip()) >= shortest:
            kept = piece.strip()[:_LONGEST]
            found.append(Sentence(kept, left, left + len(kept)))
        start = following
    return found


def vectors(texts: Sequence[str]) -> Any:
    """One unit vector a mail: its beginning as a whole and sentence by sentence, later parts with less weight."""
    import numpy as np

    parts = [_parts(text) for text in texts]
    embedded = iter(embed([v for pieces in parts for piece, _ in pieces for v in _views(piece)]))
    return np.stack([unit(sum(w * (next(embedded) + next(embedded)) for _, w in pieces)) for pieces in parts])


def row_vectors(texts: Sequence[str]) -> Any:
    """One unit vector a short text (a meaning, an example, a sentence)."""
    embedded = embed([v for text in texts for v in _views(text)])
    return unit(embedded[0::2] + embedded[1::2])


def _views(text: str) -> tuple[str, str]:
    """A text as it is and with its numbers made alike: an order's number says nothing about the mail's subject."""
    return text, _DIGITS.sub("1", text)


def _parts(text: str) -> list[tuple[str, float]]:
    first = _POLITENESS.sub(" ", text[:_FIRST]).strip() or text[:_FIRST]
    pieces = [s.text for s in sentences(text[:_FIRST])][:_SENTENCES] or [first]
    weights = [min(len(piece), 120) ** 0.5 for piece in pieces]
    later = [text[at : at + _CHUNK] for at in range(_FIRST, len(text), _CHUNK)][:_CHUNKS]
    return [
        (first, _WHOLE),
        *((p, w / sum(weights)) for p, w in zip(pieces, weights, strict=True)),
        *((p, 0.5 / len(later)) for p in later),
    ]
