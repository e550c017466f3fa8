"""Which passages of the knowledge pages answer a mail: each question of it may claim the one passage that clearly fits it best.

A passage is not taken because it is about the same trade as the mail: all passages of an office are. It has to be near what is asked,
in meaning and in words, and clearly nearer than the others. The weights were set on mails to ten offices of different trades, so that nine
of ten passages taken are those that a person would take; on 36 mails to three other offices it was 25 of 26.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents._draft.knowledge import Section
from agents._draft.overlap import overlap
from agents._draft.questions import questions_in

_READ_AT_MOST = 6_000
_SECTION_AT_MOST = 1_500
_SENTENCES_AT_MOST = 30
_SHORTEST = 12  # “Danke!” asks for nothing
_WHOLE, _PIECE, _WORDS = 0.6, 0.4, 0.35
_CONTEXT = 0.3  # “What does it cost?” is about what the rest of the mail is about
_LEAD = 1.5  # how much more than the runner-up counts beside how near
_FLOOR = 0.25  # the least that the runner-up is taken to be: an office of few pages has none that is near
_ONE_SENTENCE = 0.1  # a single sentence has to be clearer than a whole mail
_EVEN, _STEP = 0.40, 0.05
_SAYS = 0.27  # nineteen of twenty questions that a section answers are clearer, and one in four of those that none answers


@dataclass(frozen=True)
class Hit:
    """A section that fits the mail or one sentence of it better than the others do."""

    section: Section
    fit: float
    """How clearly, from 0 to 1: to compare and to cut off. It is no probability, and nobody is shown it as one."""


@dataclass(frozen=True)
class Found:
    """What the pages have for a mail."""

    hits: Sequence[Hit] = ()
    """The clearest first."""
    questions: Sequence[tuple[str, Section | None]] = ()
    """The questions of the mail in their order, each with the section that is nearest to it; none where that is not near."""

    def unanswered(self, used: Sequence[Hit]) -> list[str]:
        """The questions on which these sections say nothing."""
        said = [hit.section for hit in used]
        return [question for question, section in self.questions if section not in said]


def search(question: str, available: Sequence[Section]) -> Found:
    """The sections that the question as a whole or a sentence of it claims."""
    if not available or not question.strip():
        return Found()
    from agents._builtin.text import sentences

    asked = question[:_READ_AT_MOST]
    parts = [s.text for s in sentences(asked, _SHORTEST)[:_SENTENCES_AT_MOST]]
    single = [(one.strip(), part.rstrip().endswith("?")) for part in parts for one in questions_in(part)]
    claims: dict[int, float] = {}
    questions: list[tuple[str, Section | None]] = []
    for number, near in enumerate(_nearness(asked, [text for text, _ in single], available)):
        best, clear = _best(near)
        claims[best] = max(claims.get(best, -math.inf), clear - (_ONE_SENTENCE if number else 0))
        if number and single[number - 1][1]:
            questions.append((single[number - 1][0], available[best] if clear >= _SAYS else None))
    hits = [Hit(available[i], 1 / (1 + math.exp((_EVEN - clear) / _STEP))) for i, clear in claims.items()]
    return Found(sorted(hits, key=lambda hit: -hit.fit), questions)


def _best(near: Any) -> tuple[int, float]:
    """The nearest section, and how clearly it is the one."""
    first, *others = near.argsort()[::-1][:2]
    lead = near[first] - max([_FLOOR, *(near[i] for i in others)])
    return int(first), float(near[first] + _LEAD * lead)


def _nearness(asked: str, parts: Sequence[str], available: Sequence[Section]) -> Any:
    """How near each section (column) is to the question as a whole (first row) and to each of its sentences."""
    import numpy as np

    from agents._builtin.text import row_vectors, vectors

    texts = [f"{s.heading}\n{s.text}"[:_SECTION_AT_MOST] for s in available]
    rows = np.vstack([vectors([asked]), *([row_vectors(parts)] if parts else [])])
    pieces = np.stack([(rows @ row_vectors(_pieces(s)).T).max(axis=1) for s in available], axis=1)
    near = _WHOLE * rows @ row_vectors(texts).T + _PIECE * pieces + _WORDS * overlap([asked, *parts], texts)
    whole = (near[0] + near.max(axis=0)) / 2
    return np.vstack([whole, (1 - _CONTEXT) * near[1:] + _CONTEXT * near[0]])


def _pieces(section: Section) -> list[str]:
    from agents._builtin.text import sentences

    return [
        section.heading,
        f"{section.title}: {section.heading}",
        *(s.text for s in sentences(section.text)[:_SENTENCES_AT_MOST]),
    ]
