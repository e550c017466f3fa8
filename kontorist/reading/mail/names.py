"""The names of attachments, as senders write them: RFC 2231, RFC 2047, plain 8-bit, or nothing at all."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
import urllib.parse
from email.message import Message

from kontorist.reading.mail import header
from kontorist.reading.mail.charset import decode

_MORE = {
    "application/xml": ".xml",  # the standard library says .xsl
    "text/xml": ".xml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "application/ms-tnef": ".dat",
    "application/pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "text/rfc822-headers": ".txt",
    "message/delivery-status": ".txt",
}


def file_name(part: Message, media: str, number: int) -> str:
    """A name for people: no folder, no control characters, never empty."""
    if base := clean_name(_written(part)):
        return base
    suffix = _MORE.get(media) or mimetypes.guess_extension(media) or ".bin"
    return f"attachment-{number}{suffix}" if media != "message/rfc822" else _of_mail(part, number)


def clean_name(written: str) -> str:
    """A file's name without folders and control characters, at most 200 characters; may be empty."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", written))[-1]
    base = "".join(c for c in base if unicodedata.category(c)[0] != "C").strip()
    return base if len(base) <= 200 else base[:150] + base[-50:]


def _written(part: Message) -> str:
    for field, key in (("content-disposition", "filename"), ("content-type", "name")):
        if found := _parameter(header.raw_field(part, field), key):
            return found
    location = header.raw_field(part, "content-location")
    return header.decoded(location).rpartition("/")[2] if location else ""


def _parameter(raw: str, key: str) -> str:
    """A parameter of a header field, in any of the ways it is written."""
    text = header.unfolded(raw)
    extended = {
        (int(m[1]) if m[1] else 0): (m[0], m[2].strip('"'))
        for m in _matches(text, key)
        if m[0]  # the star tells RFC 2231
    }
    if extended:
        return _joined([extended[i] for i in sorted(extended)])
    plain = re.search(rf'(?:^|[;\s]){key}\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', text, re.IGNORECASE)
    if not plain:
        return ""
    value = plain[1] if plain[1] is not None else plain[2].strip()
    is_path = re.match(r"[A-Za-z]:\\", value)  # old mailers on Windows do not escape the backslash
    return header.decoded(value if is_path else re.sub(r"\\(.)", r"\1", value))


def _matches(text: str, key: str) -> list[tuple[str, str, str]]:
    found = re.findall(rf'[;\s]{key}\*(?:(\d{{1,3}})(\*)?)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)', text, re.IGNORECASE)
    return [("*" if star or not number else "part", number, value) for number, star, value in found]


def _joined(pieces: list[tuple[str, str]]) -> str:
    charset, data, encoded = "utf-8", b"", False
    for i, (how, value) in enumerate(pieces):
        if how != "*":
            data += re.sub(r"\\(.)", r"\1", value).encode()
            continue
        named = value.split("'", 2) if i == 0 and value.count("'") >= 2 else [charset, "", value]
        charset, encoded = named[0], True
        data += urllib.parse.unquote_to_bytes(named[2])
    text = decode(data, charset if encoded else "utf-8")[0]
    return header.decoded(text) if "=?" in text else text


def _of_mail(part: Message, number: int) -> str:
    """An enclosed mail is called by its subject."""
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    subject = header.decoded(header.raw_field(first, "subject")) if isinstance(first, Message) else ""
    clean = re.sub(r'[<>:"/\\|?*\x00-\x1f]', " ", subject).strip()[:100]
    return f"{clean or f'attachment-{number}'}.eml"
