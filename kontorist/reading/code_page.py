"""Which of the two German code pages a text without any mark is written in."""

from __future__ import annotations

import re

# umlauts and ß beside a letter, in DOS code page 850 and in Windows code page 1252
_DOS = re.compile(rb"(?<=[A-Za-z])[\x81\x84\x94\xe1]|[\x8e\x99\x9a\x81\x84\x94](?=[a-z])|(?<=[A-Z])[\x8e\x99\x9a](?=[A-Z])")
_WINDOWS = re.compile(rb"(?<=[A-Za-z])[\xe4\xf6\xfc\xdf]|[\xc4\xd6\xdc\xe4\xf6\xfc](?=[a-z])|(?<=[A-Z])[\xc4\xd6\xdc](?=[A-Z])")


def code_page(data: bytes) -> str:
    """`cp850` or `cp1252`, by the umlauts that would stand beside letters."""
    return "cp850" if len(_DOS.findall(data)) > len(_WINDOWS.findall(data)) else "cp1252"
