"""What a text without any mark is written in, when it is not UTF-8 throughout."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

# umlauts and ß beside a letter, in DOS code page 850 and in Windows code page 1252
_DOS = re.compile(rb"(?<=[A-Za-z])[\x81\x84\x94\xe1]|[\x8e\x99\x9a\x81\x84\x94](?=[a-z])|(?<=[A-Z])[\x8e\x99\x9a](?=[A-Z])")
_WINDOWS = re.compile(rb"(?<=[A-Za-z])[\xe4\xf6\xfc\xdf]|[\xc4\xd6\xdc\xe4\xf6\xfc](?=[a-z])|(?<=[A-Z])[\xc4\xd6\xdc](?=[A-Z])")
_FAR = 10


def code_page(data: bytes) -> str:
    """`cp850` or `cp1252`, by the umlauts that would stand beside letters."""
    return "cp850" if len(_DOS.findall(data)) > len(_WINDOWS.findall(data)) else "cp1252"


def mostly_utf8(chunks: Iterable[bytes]) -> bool:
    """Whether the signs that are sound UTF-8 far outnumber the broken ones: a cut byte does not make it a code page."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    sound = broken = 0
    for chunk in (*chunks, b""):
        text = decoder.decode(chunk, final=not chunk)
        lost = text.count("\ufffd")
        broken += lost
        sound += len(text) - len(text.encode("ascii", "ignore")) - lost
    return sound > _FAR * broken
