"""Files that old mailers wrote into the text (uuencode, POSIX)."""

from __future__ import annotations

import binascii
import re
from bisect import bisect_left
from collections.abc import Iterator

_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,200})$", re.MULTILINE)
_END = re.compile(r"^end[ \t]*$", re.MULTILINE)


def cut_out(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without uuencoded files, and those files; what only looks like one stays text."""
    begins = list(_BEGIN.finditer(text))
    ends = list(_END.finditer(text)) if begins else []
    starts = [end.start() for end in ends]
    found: list[tuple[str, bytes]] = []
    kept: list[str] = []
    at = 0
    for begin in begins:
        which = bisect_left(starts, begin.end())
        if begin.start() < at or which == len(ends):
            continue
        data = _decoded(text, begin.end(), starts[which])
        if data is None:
            continue
        kept.append(text[at : begin.start()])
        found.append((re.split(r"[/\\]", begin[1].strip())[-1] or "file", data))
        at = ends[which].end()
    return "".join([*kept, text[at:]]).strip("\n") if found else text, found


def _decoded(text: str, start: int, end: int) -> bytes | None:
    """The bytes of the lines there; None at the first line that is none, so that a begin costs no more than up to the next."""
    data = bytearray()
    for line in _lines(text, start, end):
        raw = line.rstrip("\r").encode("ascii", "replace")
        if not raw or raw in (b"`", b" "):
            continue
        try:
            data += binascii.a2b_uu(raw)
        except binascii.Error:
            try:  # some encoders pad wrongly; the length byte tells how much counts
                data += binascii.a2b_uu(raw[: (((raw[0] - 32) & 63) * 4 + 5) // 3 + 1])
            except binascii.Error:
                return None
    return bytes(data)


def _lines(text: str, start: int, end: int) -> Iterator[str]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield text[start:stop]
        start = stop + 1
