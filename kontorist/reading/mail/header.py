"""Header fields of a mail: encoded words, addresses, dates, message ids, as sloppy as they come (RFC 5322, RFC 2047)."""

from __future__ import annotations

import binascii
import email.utils
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message

from kontorist.reading.mail.charset import decode

_WORD = re.compile(r"=\?([^?\s]*)\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*)*)\?=")
_ID = re.compile(r"<([^<>\s]+(?:\s[^<>\s]+)*)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RAW_BYTES = re.compile(r"[\udc80-\udcff]")  # how the standard library keeps bytes beyond ASCII
_LONGEST = 100_000
_ADDRESS_AT_MOST = 1_000
_GROUP = re.compile(r"^[^<>@\",;:]*:\s*([^;]*);?\s*$", re.DOTALL)


def raw_field(message: Message, name: str) -> str:
    """The first field of this name as it stands there; bytes beyond ASCII are surrogates."""
    return next((str(value) for key, value in message.raw_items() if key.lower() == name), "")


def unfolded(raw: str) -> str:
    """A raw field without its line breaks; bytes beyond ASCII as UTF-8, or as Windows writes them."""
    return _text(_unwrapped(raw))


def _unwrapped(raw: str) -> str:
    return re.sub(r"\r?\n[ \t]?|\r", lambda m: " " if m.group().endswith((" ", "\t")) else "", raw[:_LONGEST])


def _text(raw: str) -> str:
    return decode(raw.encode("utf-8", "surrogateescape"), None)[0] if _RAW_BYTES.search(raw) else raw


def decoded(raw: str) -> str:
    """A field as text for people: encoded words read, no control characters."""
    text = _unwrapped(raw)
    out: list[str] = []
    at = 0
    pending: tuple[str, bytes] | None = None  # neighbouring words may share a character between them
    for match in _WORD.finditer(text, 0, text.rfind("?=") + 2):  # behind the last end none begins that has one
        between = text[at : match.start()]
        charset, data = match[1].partition("*")[0].lower(), _word(match[2], match[3])
        if pending and not between.strip() and pending[0] == charset:
            data = pending[1] + data
        elif pending:
            out.append(decode(pending[1], pending[0])[0])
        if not pending or between.strip():
            out.append(_text(between))
        pending = (charset, data)
        at = match.end()
    if pending:
        out.append(decode(pending[1], pending[0])[0])
    out.append(_text(text[at:]))
    return _CONTROL.sub(" ", "".join(out)).strip()


def _word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return re.sub(rb"=([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), data.replace(b"_", b" "))
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    try:
        return b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b64decode(data[: len(data) // 4 * 4])


def addresses(raw: str) -> list[tuple[str, str]]:
    """(name, address) pairs of an address field; groups are opened, what is no address is kept as a name."""
    text = _unwrapped(raw)
    found = []
    for piece in _separated(text):
        name, address = _one(piece)
        if name or address:
            found.append((name, address))
    return found


def _separated(text: str) -> Iterator[str]:
    """The pieces between commas and semicolons that are neither quoted nor in brackets nor in comments."""
    piece, quoted, angle, depth, escaped = "", False, False, 0, False
    for char in text:
        if escaped:
            piece += char
            escaped = False
            continue
        if char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif not quoted and not depth and char in "<>":
            angle = char == "<"
        elif not quoted and not depth and not angle and char in ",;":
            yield piece
            piece = ""
            continue
        elif not quoted and not depth and not angle and char == ":" and "@" not in piece:
            piece = ""  # the name of a group
            continue
        piece += char
    if quoted and ("," in piece or "@" in piece) and piece.count('"') == 1:
        yield from (p for p in piece.replace('"', "").split(","))  # a quote that nobody closed
        return
    yield piece


def _one(piece: str) -> tuple[str, str]:
    bracket = re.search(r"<([^<>]*)>\s*(?:\([^()]*\)\s*)?$", piece) or re.search(r"<([^<>]*)>", piece)
    if bracket:
        address = bracket[1].rpartition(":")[2] if bracket[1].startswith("@") else bracket[1]  # a route (RFC 822)
        return _phrase(piece[: bracket.start()] or piece[bracket.end() :]), _address(address)
    comment = re.search(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)", piece)
    rest = (piece[: comment.start()] + piece[comment.end() :]).strip() if comment else piece.strip()
    if "@" not in rest:
        return _phrase(rest), ""
    words = [rest] if '"' in rest else rest.split()
    address = next(w for w in words if "@" in w)
    name = " ".join(w for w in words if "@" not in w) or (comment[1] if comment else "")
    return _phrase(name), _address(address)


def _phrase(text: str) -> str:
    text = re.sub(r"\\(.)", r"\1", re.sub(r'(?<!\\)"', "", text)).strip()
    return decoded(text).strip(" '") if text else ""


def _address(text: str) -> str:
    """Without blanks around points and `@`; empty for what is too long to be one: its beginning would be another's."""
    text = decoded(text) if "=?" in text else _text(text)
    text = " ".join(_CONTROL.sub("", text).split())  # by runs of blanks the pattern's time would grow with the square
    return re.sub(r" ?([.@]) ?", r"\1", text).strip().strip('"').strip() if len(text) <= _ADDRESS_AT_MOST else ""


def message_ids(raw: str) -> list[str]:
    """The ids of a Message-ID, In-Reply-To or References field, without brackets."""
    text = unfolded(raw)
    found = [re.sub(r"\s", "", m) for m in _ID.findall(text)]
    return found or [w for w in text.split() if "@" in w and "<" not in w and ">" not in w][:20]


def moment(raw: str) -> datetime | None:
    """The date of a mail in UTC; None when it cannot be read."""
    text = re.sub(r"\([^()]*\)", " ", unfolded(raw)).strip()
    text = re.sub(r"(\d{1,2})\.(\d{2})\.(\d{2})(?=\s*[+-]\d{4}|\s*$)", r"\1:\2:\3", text)
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _lenient(text)
    return _utc(found)


def _lenient(text: str) -> datetime | None:
    from dateutil import parser

    try:
        return _utc(parser.parse(text, fuzzy=False))
    except (ValueError, TypeError, OverflowError, AttributeError):
        return None


def _utc(found: datetime) -> datetime | None:
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
