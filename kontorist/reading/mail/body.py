"""The text of a mail: the plain part, or what a reader would see of the HTML."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from kontorist.reading.mail.charset import decode
from kontorist.reading.mail.flowed import is_broken, joined
from kontorist.reading.mail.structure import Bodies, kind
from kontorist.reading.page import page_text

_STUB = 200  # "Please view this mail in HTML" is shorter


@dataclass
class Body:
    """The text, the HTML as it came, and what was odd."""

    text: str = ""
    html: str = ""
    oddities: dict[str, str] = field(default_factory=dict)
    """What was odd, by code (`hidden-text`, `charset`), with what it was about."""


def read_bodies(parts: Bodies) -> Body:
    """Join the text parts; HTML counts where there is no plain text, or only a stub of it."""
    body = Body()
    body.html = "\n".join(_text(p, body) for p in parts.html if kind(p) == "text/html")
    pieces = [(kind(p), _text(p, body)) for p in parts.text]
    plain = "\n".join(t if k != "text/html" else _readable(t, body) for k, t in pieces).strip()
    if body.html and len(plain) < _STUB and not any(k == "text/html" for k, _ in pieces):
        seen = _readable(body.html, body)
        plain = seen if len(seen) > 3 * len(plain) else plain
    body.text = _clean(plain)
    return body


def _readable(html: str, body: Body) -> str:
    page = page_text(html)
    if page.hidden:
        body.oddities["hidden-text"] = page.hidden[:300]
    return page.text


def _text(part: Message, body: Body) -> str:
    data = bytes_of(part)
    charset = _charset(part)
    text, exact = decode(data, charset)
    if not exact:
        body.oddities["charset"] = charset or ""
    return joined(text) if kind(part) == "text/plain" and is_broken(part) else text


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return None
    return found[2] if isinstance(found, tuple) else str(found) if found else None


def bytes_of(part: Message) -> bytes:
    """The decoded bytes of a part; an enclosed mail as a mail. Never raises: what cannot be decoded is given as it came."""
    if part.is_multipart() or kind(part) == "message/rfc822":
        return _enclosed(part)
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, binascii.Error):
        data = None
    if isinstance(data, bytes):
        return data
    raw = part.get_payload()
    return (
        raw.encode("ascii", "surrogateescape")
        if isinstance(raw, str) and raw.isascii()
        else str(raw or "").encode("utf-8", "replace")
    )


def _enclosed(part: Message) -> bytes:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload and kind(part) == "message/rfc822" else part
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(inner)
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, RecursionError):
        return out.getvalue() or str(payload).encode("utf-8", "replace")
    return _unpacked(out.getvalue()) if _is_packed(part, inner) else out.getvalue()


def _is_packed(part: Message, inner: object) -> bool:
    """Whether an enclosed mail is in base64: it must not be, some programs do it, and the parser finds no header field then."""
    how = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return how == "base64" and inner is not part and isinstance(inner, Message) and not inner.keys()


def _unpacked(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        return data


def _clean(text: str) -> str:
    """One kind of line break, no NUL; other invisible characters stay, for evidence counts positions."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").strip("\n")
