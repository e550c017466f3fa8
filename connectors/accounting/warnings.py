"""Warnings on a posting and reasons to refuse it, in the office's language."""

from __future__ import annotations

from connectors.base import Warn
from kontorist.core.errors import Rejected


class Refusal(Rejected):
    """An invoice cannot be posted; the reason in both languages."""

    def __init__(self, german: str = "", english: str = "") -> None:
        super().__init__(english)
        self.german = german

    def said_in(self, language: str) -> Rejected:
        """The same in the office's language."""
        return Rejected(self.german) if language.startswith("de") else self


def warn(code: str, language: str, german: str, english: str, *, stop: bool = True, blocks: bool = False) -> Warn:
    """A warning; unless told otherwise, one that stops a plain approval. One that `blocks` has to be mended before any."""
    return Warn(code, german if language.startswith("de") else english, stop, blocks)
