"""Files and text out of winmail.dat, in which Outlook hides them from everybody else (MS-OXTNEF, MS-OXRTFCP)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from kontorist.core.errors import NotReadable
from kontorist.reading.mail.charset import decode

SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA, _START, _PROPERTIES, _MORE = 0x2800C, 0x18010, 0x6800F, 0x69002, 0x69003, 0x69005
_LONG_NAME, _SHORT_NAME, _CONTENT, _TEXT, _RTF, _HTML, _MEDIA = 0x3707, 0x3704, 0x3701, 0x1000, 0x1009, 0x1013, 0x370E
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_VARIABLE = {30, 31, 258, 13}  # strings, bytes, objects
_MOST = 1_000
_RTF_LARGEST = 20 * 2**20
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbol"
    b"ArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


@dataclass
class Tnef:
    """What a winmail.dat holds."""

    text: str = ""
    html: str = ""
    rtf: bytes = b""
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(name, media type, bytes)"""


def read_tnef(data: bytes) -> Tnef:
    """Take a winmail.dat apart. Raises NotReadable for what is none or is broken off."""
    if not data.startswith(SIGNATURE):
        raise NotReadable("The winmail.dat is broken: it does not begin as one.")
    found, codepage = Tnef(), "cp1252"
    current: dict[str, bytes] = {}
    for kind, value in _attributes(data):
        if kind == 0x69007 and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif kind == _START:
            _keep(found, current, codepage)
            current = {"": b""}
        elif kind in (_TITLE, _DATA) and current:
            current.setdefault({_TITLE: "title", _DATA: "data"}[kind], value)
        elif kind == _MORE and current:
            _add_file_properties(current, value, codepage)
        elif kind == _PROPERTIES:
            _add_body(found, value, codepage)
        elif kind == _BODY and not found.text:
            found.text = decode(value.rstrip(b"\0"), codepage)[0]
    _keep(found, current, codepage)
    return found


def text_of_tnef(data: bytes) -> str:
    """The text of a mail that lies in a winmail.dat altogether: plain, else HTML, else RTF."""
    found = read_tnef(data)
    if found.text.strip():
        return found.text.replace("\r\n", "\n").strip()
    if found.html:
        from kontorist.reading.page import page_text

        return page_text(found.html).text
    from kontorist.reading.mail.rtf import rtf_text

    return rtf_text(found.rtf)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(_MOST * 20):
        if at + 9 > len(data):
            return
        _level, kind, size = struct.unpack_from("<BII", data, at)
        at += 9
        if at + size > len(data):
            raise NotReadable("The winmail.dat is broken off in the middle.")
        yield kind, data[at : at + size]
        at += size + 2  # a checksum follows


def _keep(found: Tnef, current: dict[str, bytes], codepage: str) -> None:
    data = current.get("object") or current.get("data")
    if data is None or len(found.files) >= _MOST:
        return
    name = current["long"].decode() if "long" in current else decode(current.get("title", b"").rstrip(b"\0"), codepage)[0]
    found.files.append((name, current.get("media", b"").decode("ascii", "replace"), data))


def _add_file_properties(current: dict[str, bytes], data: bytes, codepage: str) -> None:
    for tag, kind, value in _properties(data):
        if tag == _LONG_NAME or (tag == _SHORT_NAME and "long" not in current):
            current["long"] = _string(kind, value, codepage).encode("utf-8", "replace")
        elif tag == _MEDIA:
            current["media"] = _string(kind, value, codepage).encode("ascii", "replace")
        elif tag == _CONTENT:
            current["object"] = value[16:] if kind == 13 else value  # an object begins with the id of its interface


def _add_body(found: Tnef, data: bytes, codepage: str) -> None:
    for tag, kind, value in _properties(data):
        if tag == _TEXT:
            found.text = _string(kind, value, codepage)
        elif tag == _HTML:
            found.html = decode(value.rstrip(b"\0"), None)[0] if kind == 258 else _string(kind, value, codepage)
        elif tag == _RTF:
            found.rtf = inflated(value)


def _string(kind: int, value: bytes, codepage: str) -> str:
    text = value.decode("utf-16-le", "replace") if kind == 31 else decode(value, codepage)[0]
    return text.rstrip("\0")


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(tag, type, value) of each property; stops at the first that makes no sense."""
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(min(count, _MOST)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at = _named(data, at + 4) if tag >= 0x8000 else at + 4
            many, kind = bool(kind & 0x1000), kind & 0x0FFF
            if kind in _VARIABLE or many:
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            else:
                values = 1
            for _value in range(min(values, _MOST)):
                size, start = (struct.unpack_from("<I", data, at)[0], at + 4) if kind in _VARIABLE else (_SIZES[kind], at)
                if start + size > len(data):
                    return
                yield tag, kind, data[start : start + size]
                at = start + (size + 3) // 4 * 4
    except (struct.error, KeyError):
        return


def _named(data: bytes, at: int) -> int:
    """Where a property goes on after its name."""
    by_name, size = struct.unpack_from("<II", data, at + 16)
    return at + 24 + ((size + 3) // 4 * 4 if by_name else 0)


def inflated(data: bytes) -> bytes:
    """Compressed RTF as RTF; empty when it is broken."""
    if len(data) < 16:
        return b""
    _size, raw, kind = struct.unpack_from("<III", data)
    if kind == 0x414C454D:  # MELA: not compressed
        return data[16 : 16 + raw]
    if kind != 0x75465A4C or raw > _RTF_LARGEST:
        return b""
    return _lzfu(data[16:], raw)


def _lzfu(data: bytes, raw: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(4096, b"\0"))
    write, at, out = len(_DICTIONARY), 0, bytearray()
    while at < len(data) and len(out) < raw:
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                return bytes(out)
            if flags >> bit & 1:
                if at + 1 >= len(data):
                    return bytes(out)
                reference = data[at] << 8 | data[at + 1]
                at += 2
                offset, count = reference >> 4, (reference & 15) + 2
                if offset == write:
                    return bytes(out)
            else:
                offset, count = -1, 1
            for i in range(count):
                byte = window[(offset + i) % 4096] if offset >= 0 else data[at]
                out.append(byte)
                window[write] = byte
                write = (write + 1) % 4096
            at += offset < 0
    return bytes(out)
