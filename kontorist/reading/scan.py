"""Scans and photos: pages without words are read from their picture by OCR, in a child process of their own."""

from __future__ import annotations

import base64
import logging
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from kontorist.core.errors import NotReadable
from kontorist.core.values import sha256
from kontorist.reading import sandbox
from kontorist.reading.layout import Page, Word

SECONDS_A_PAGE = 180.0  # on a busy machine; the child may compute for 120
SECONDS_A_DOCUMENT = 600.0
PAGES_A_DOCUMENT = 30
DOTS_AN_INCH = 200
_KEPT = 256
_LEFT_OUT = (
    f"Of scans at most {PAGES_A_DOCUMENT} pages and {SECONDS_A_DOCUMENT:g} seconds of reading are spent; the rest was not read."
)
_log = logging.getLogger(__name__)
_cache: OrderedDict[tuple[str, int], Page] = OrderedDict()
_lock = Lock()


def sizes(data: bytes) -> list[tuple[int, float, float]]:
    """Number, width and height in points of the pages of a picture; none when it is too small for a document. Raises NotReadable."""
    return [(p["number"], p["width"], p["height"]) for p in sandbox.run("size", data, kind="picture")]


def shown(data: bytes, page: int = 1, pixels: int = 1700) -> bytes:
    """A page of a picture as PNG. Raises NotReadable."""
    return base64.b64decode(sandbox.run("shown", data, kind="picture", page=page, pixels=pixels))


def pages(data: bytes) -> list[Page]:
    """The pages of a photo or a TIFF with their words. Raises NotReadable when none can be read."""
    blank = [Page(number, width, height, "", ()) for number, width, height in sizes(data)]
    found = read(data, blank, lambda page: (data, {"page": page.number}))
    must_be_read(found)
    return found


def read(data: bytes, blank: list[Page], picture: Any) -> list[Page]:
    """Each page read from its picture; one that cannot be read carries the reason."""
    digest, begun, found = sha256(data), time.monotonic(), []
    for count, page in enumerate(blank):
        late = count >= PAGES_A_DOCUMENT or time.monotonic() - begun > SECONDS_A_DOCUMENT
        found.append(page.with_problem(_LEFT_OUT) if late else _page(digest, page, picture))
    return found


def must_be_read(found: list[Page]) -> None:
    """Raise NotReadable when no page could be read."""
    if found and all(page.problem for page in found):
        raise NotReadable(found[0].problem)


def _page(digest: str, page: Page, picture: Any) -> Page:
    with _lock:
        known = _cache.get((digest, page.number))
    if known is not None:
        return known
    begun = time.monotonic()
    try:
        content, options = picture(page)
        answer = sandbox.run("read", content, SECONDS_A_PAGE, kind="picture", **options)
    except NotReadable as error:
        return page.with_problem(str(error))
    made = _made(answer, page)
    _log.info(
        "Page %d of %s… read by OCR in %.1f seconds: %d words",
        page.number,
        digest[:12],
        time.monotonic() - begun,
        len(made.words),
    )
    with _lock:
        _cache[digest, page.number] = made
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return made


def _made(answer: dict[str, Any], page: Page) -> Page:
    """The page in points of the document: a picture is measured as A4, a page of a PDF has a size of its own."""
    longest = max(page.width, page.height) / max(answer["width"], answer["height"], 1.0)
    words = []
    for text, x0, top, x1, bottom, start, end in answer["words"]:
        words.append(Word(text, x0 * longest, top * longest, x1 * longest, bottom * longest, start, end))
    return Page(
        page.number,
        round(answer["width"] * longest, 2),
        round(answer["height"] * longest, 2),
        answer["text"],
        tuple(words),
        turn=answer["turn"],
        read_by="ocr",
        confidence=answer["confidence"],
    )
