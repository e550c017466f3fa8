"""Reading documents: bytes that came from outside become text with places, or a sentence saying why not."""

from __future__ import annotations

from kontorist.reading.parts import Part, text_of

__all__ = ["Part", "text_of"]
