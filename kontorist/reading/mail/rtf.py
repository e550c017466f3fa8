"""The text of RTF, as Outlook hides it in winmail.dat: words and paragraphs, nothing else (RTF 1.9.1)."""

from __future__ import annotations

import re

from kontorist.reading.mail.charset import decode

_TOKEN = re.compile(rb"\\'([0-9a-fA-F]{2})|\\([a-z]{1,32})(-?\d{1,10})? ?|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_SILENT = {
    b"fonttbl",
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"object",
    b"header",
    b"footer",
    b"htmlrtf",
    b"mhtmltag",
    b"htmltag",
}
_CHARACTERS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"cell": "\t", b"row": "\n", b"emdash": "–", b"endash": "–", b"lquote": "'",
               b"rquote": "'", b"ldblquote": '"', b"rdblquote": '"', b"bullet": "•"}  # fmt: skip
_LARGEST = 5 * 2**20


def rtf_text(data: bytes) -> str:
    """The words of an RTF document; groups that hold fonts, colours, pictures or markup are left out."""
    out: list[str] = []
    silent, stack, skip, codepage = False, [], 0, "cp1252"
    for match in _TOKEN.finditer(data[:_LARGEST]):
        code, word, number, sign, brace, text = match.groups()
        if brace == b"{":
            stack.append(silent)
        elif brace == b"}":
            silent = stack.pop() if stack else False
        elif word == b"htmlrtf":
            silent = number != b"0"  # what stands between is for programs without HTML
        elif word in _SILENT or sign == b"*":
            silent = True
        elif word == b"ansicpg" and number:
            codepage = f"cp{int(number)}"
        elif not silent:
            piece, skip = _piece(code, word, number, sign, text, codepage, skip)
            out.append(piece)
    return re.sub(r"\n{3,}", "\n\n", "".join(out).replace("\0", "")).strip()


def _piece(
    code: bytes | None, word: bytes | None, number: bytes | None, sign: bytes | None, text: bytes | None, codepage: str, skip: int
) -> tuple[str, int]:
    r"""The text of one token, and how many characters are to be left out after it (they stand in for \\u)."""
    if word == b"u" and number:
        value = int(number) % 65_536
        return ("" if 0xD800 <= value < 0xE000 else chr(value)), 1
    if code:
        return ("", skip - 1) if skip else (decode(bytes([int(code, 16)]), codepage)[0], 0)
    if text:
        return decode(text[skip:], codepage)[0], 0
    return _CHARACTERS.get(
        word or b"", {b"~": " ", b"_": "-"}.get(sign or b"", sign.decode() if sign in (b"\\", b"{", b"}") else "")
    ), skip
