"""Bytes to text, for a charset that the sender named, misnamed or left out (RFC 2045, RFC 2046 §4.1.2)."""

from __future__ import annotations

import codecs
import re

# What mailers write, and what they mean by it (WHATWG Encoding Standard: the wider one of each family).
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "dos-852": "cp852",
}
_UNSURE = {"", "ascii", "us-ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "unknown", "default", "8bit", "7bit", "binary"}
_REFUSED = {"base64", "hex", "quopri", "uu", "zlib", "bz2", "rot13", "unicode_escape", "raw_unicode_escape", "idna", "punycode"}


def decode(data: bytes, charset: str | None) -> tuple[str, bool]:
    """The text, and whether it is exactly what the sender's charset says; otherwise it was guessed or has gaps."""
    named = re.sub(r"[^a-z0-9_.:+-]", "", (charset or "").lower()).removeprefix("cs_")
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig", "replace"), True
    if named in _UNSURE:
        return _guessed(data), data.isascii() or bool(named == "" and _fits(data, "utf-8"))
    codec = _codec(named)
    if codec is None:
        return _guessed(data), False
    try:
        return data.decode(codec), True
    except (UnicodeError, ValueError):
        pass
    damaged = data.decode(codec, "replace")
    if _fits(data, "utf-8") or damaged.count("\ufffd") * 50 > len(damaged):
        return _guessed(data), False  # not a slip of a byte or two: the name is wrong
    return damaged, False


def _codec(named: str) -> str | None:
    try:
        codec = codecs.lookup(_MEANT.get(named, named)).name
        b"x".decode(codec, "replace")  # `rot13` is a codec, but not one of text; `undefined` always fails
    except (LookupError, ValueError):
        return None
    return None if codec.replace("-", "_") in _REFUSED else _MEANT.get(codec, codec)


def _fits(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeError:
        return False
    return True


def _guessed(data: bytes) -> str:
    """UTF-8 where it fits (it hardly ever fits by chance), else what Windows in the West writes."""
    for codec in ("utf-8", "cp1252"):
        if _fits(data, codec):
            return data.decode(codec)
    return data.decode("latin-1")
