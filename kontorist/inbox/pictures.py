"""Pages of PDF documents and photos as pictures, kept for a while since a card is looked at more than once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kontorist.core.errors import NotFound

PAGES_AT_MOST = 20
_SCALE = 1.6
_KEPT = 64
_cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Sheet:
    """One page: its number from 1, its size in points."""

    number: int
    width: float
    height: float


def sheets(digest: str, kind: str, data: bytes) -> list[Sheet]:
    """The pages of a `pdf` or a `picture`; none of a picture that is too small for a document. Raises NotReadable."""
    from kontorist.reading import pdf, scan

    def read() -> list[Sheet]:
        sizes = pdf.sizes(data) if kind == "pdf" else scan.sizes(data)
        return [Sheet(number, width, height) for number, width, height in sizes[:PAGES_AT_MOST]]

    found: list[Sheet] = _kept(("sheets", digest), read)
    return found


def page_picture(digest: str, kind: str, data: bytes, page: int) -> bytes:
    """A page as PNG. Raises NotReadable or NotFound."""
    from kontorist.reading import pdf, scan

    if not 1 <= page <= PAGES_AT_MOST:
        raise NotFound("There is no such page.")
    picture: bytes = _kept(
        ("page", digest, page), lambda: pdf.render(data, page, _SCALE) if kind == "pdf" else scan.shown(data, page)
    )
    return picture


def _kept(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    made = make()
    with _lock:
        _cache[key] = made
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return made


def picture_type(data: bytes) -> str:
    """The media type of a photo that browsers show, by its first bytes; empty for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""
