"""Problems as values: loading goes on, and a person sees all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in the configuration, at its place (line and column count from 1)."""

    file: str
    line: int
    column: int
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The keys of `kontorist check --json`."""
        return asdict(self)


def closest(word: str, choices: Iterable[str]) -> str | None:
    """What a misspelt word was meant to be, where one of the choices is like it."""
    return next(iter(difflib.get_close_matches(word, sorted(choices), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`, did you mean 'x'?` or `; there are: a, b` or nothing, to be put behind a message."""
    known = sorted(choices)
    if close := closest(word, known):
        return f", did you mean '{close}'?"
    return f"; there are: {', '.join(known)}" if known and len(known) <= 30 else ""
