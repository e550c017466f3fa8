"""Evidence: where a value came from, so that a person can look there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """One place a value was found.

    In a document: `document` is its SHA-256 and `part` the text it was read from: `subject`, `text` (mail or plain
    text), `attachment:2`, `xml`, or `page` with `page` counted from 1. `start`/`end` are characters in that part,
    `box` is (x0, top, x1, bottom) on the page in points from its upper left. In a table: `table`, `row`, `column`.
    `quote` is the text that stands there.
    """

    quote: str
    document: str = ""
    part: str = "text"
    page: int | None = None
    start: int | None = None
    end: int | None = None
    box: tuple[float, float, float, float] | None = None
    xpath: str = ""
    table: str = ""
    row: str = ""
    column: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields that say something."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items() if v not in (None, "")}
