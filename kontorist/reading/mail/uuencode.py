"""Files that old mailers wrote into the text (uuencode, POSIX)."""

from __future__ import annotations

import binascii
import re

_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,200})$", re.MULTILINE)


def cut_out(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without uuencoded files, and those files; what only looks like one stays text."""
    found: list[tuple[str, bytes]] = []
    out, at = "", 0
    for match in _BEGIN.finditer(text):
        if match.start() < at:
            continue
        end = re.compile(r"^end[ \t]*$", re.MULTILINE).search(text, match.end())
        data = _decoded(text[match.end() : end.start()]) if end else None
        if end is None or data is None:
            continue
        out += text[at : match.start()]
        found.append((re.split(r"[/\\]", match[1].strip())[-1] or "file", data))
        at = end.end()
    return (out + text[at:]).strip("\n") if found else text, found


def _decoded(block: str) -> bytes | None:
    data = b""
    for line in block.strip("\r\n").split("\n"):
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
    return data
