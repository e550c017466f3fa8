"""Sentences with values in them, as stored with actions, cases and connections, in the reader's language.

What is raised or kept as a reason stays English, so that the command line, the API and the audit chain say the same everywhere; what a
proposal says of itself, its warnings and an agent's question are stored in the language of the office. The pages translate both where
they show them (`de.po`, `en.po`). A sentence of the catalogue has numbered places, `The file {1} is not there.`, and matches whole texts only;
a place whose value is an amount or a day says so in the translation, `{2:amount}`, since people write those in other ways, too. What stands
in quotation marks is somebody else's and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

from kontorist.inbox.ways import rewritten
from kontorist.reading.german import said_in

_CATALOGUES = Path(__file__).parent / "locale" / "sentences"
_PLACE = re.compile(r"\{(\d+)(?::(\w+))?\}")
_END = re.compile(r"(?<=[.!?]) (?=[A-ZÄÖÜ„“'])")
"""Between two sentences."""
AROUND = (["", ": step ", ": ", ""], ["", " (tried ", " times)"])
"""What the runner puts around the sentence of a step or a connector."""
_LONGEST = 4_000
_DEEPEST = 6
"""A reason may stand in a reason; deeper than that nobody nests them."""


@dataclass(frozen=True)
class Sentence:
    """One sentence: its fixed pieces, between which the values stand, and the same in another language."""

    pieces: Sequence[str]
    translation: str

    @property
    def fixed(self) -> int:
        """How many letters are fixed: of two sentences that fit, the one with more says more."""
        return sum(map(len, self.pieces))

    @property
    def rank(self) -> int:
        """What stands around a sentence comes first, what others end with (`; there are: a, b`) last, so that each finds the other whole."""
        if self.pieces in AROUND:
            return 0
        return 2 if self.pieces[0] == "" and self.pieces[1].startswith((",", ";")) else 1

    def quotes(self, number: int, value: str) -> bool:
        """Whether this value stands in quotation marks; a straight one in it ends the quotation, `'{1}', did you mean 'b'`."""
        before = self.pieces[number - 1]
        return before.endswith(("„", "“")) or (before.endswith("'") and "'" not in value)

    def values(self, text: str) -> list[str] | None:
        """What stands in its places; None where the text is another one. Takes time in proportion to the text only."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return [] if text == first else None
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end < len(first):
            return None
        found, at = [], len(first)
        for piece in self.pieces[1:-1]:
            begin = text.find(piece, at, end)
            if begin < 0:
                return None
            found.append(text[at:begin])
            at = begin + len(piece)
        return [*found, text[at:end]]


@cache
def sentences(language: str) -> Mapping[str, str]:
    """The sentences of a language by the English ones; none where nobody translated them."""
    file = _CATALOGUES / f"{language}.po"
    if not re.fullmatch(r"[a-z]{2}", language) or not file.is_file():
        return {}
    with file.open("rb") as opened:
        return {str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id and m.string and not m.fuzzy}


@cache
def _known(language: str) -> Sequence[Sentence]:
    made = [Sentence(_PLACE.split(english)[::3], german) for english, german in sentences(language).items()]
    return sorted(made, key=lambda one: (one.rank, -one.fixed))


@lru_cache(maxsize=4096)
def translated(language: str, text: str, depth: int = 0) -> str:
    """The text in this language, the reasons inside it and behind a place (`bank.csv: …`), too; as it is where nobody translated it."""
    if not text or len(text) > _LONGEST or depth > _DEEPEST:
        return text
    for sentence in _known(language):
        values = sentence.values(text)
        if values is not None:
            if sentence.rank and any(map(_END.search, values)) and (several := _one_by_one(language, text, depth)):
                return several
            said = {n: v if sentence.quotes(n, v) else translated(language, v, depth + 1) for n, v in enumerate(values, 1)}
            return _filled(language, sentence.translation, said)
    place, colon, rest = text.partition(": ")
    if colon and (told := translated(language, rest, depth + 1)) != rest:
        return f"{place}: {told}"
    return _one_by_one(language, text, depth) or said_in(language, text)


def _one_by_one(language: str, text: str, depth: int) -> str:
    """Several sentences behind each other, where every one of them is known; empty where one is not, as it may be somebody else's."""
    parts = _END.split(text)
    told = [translated(language, part, depth + 1) for part in parts] if len(parts) > 1 else []
    return " ".join(told) if told and all(one != part for one, part in zip(told, parts, strict=True)) else ""


def _filled(language: str, sentence: str, values: Mapping[int, str]) -> str:
    return _PLACE.sub(lambda place: rewritten(values[int(place[1])], place[2] or "", language), sentence)
