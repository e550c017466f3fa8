"""A warning on a posting, in the office's language."""

from __future__ import annotations

from connectors.base import Warn


def warn(code: str, language: str, german: str, english: str, *, stop: bool = True) -> Warn:
    """A warning; unless told otherwise, one that stops a plain approval."""
    return Warn(code, german if language.startswith("de") else english, stop)
