"""What an S/MIME part is, and the content of a signed one (RFC 8551, RFC 5652). The signature itself is not checked."""

from __future__ import annotations

from collections.abc import Iterator

from kontorist.core.errors import NotReadable

_SIGNED = bytes.fromhex("2a864886f70d010702")
_KINDS = {
    _SIGNED: "signed",
    bytes.fromhex("2a864886f70d010703"): "encrypted",
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}
_DEEPEST = 20


def kind_of_pkcs7(data: bytes) -> str:
    """`signed`, `encrypted`, `compressed`, or empty when it is none of these."""
    try:
        tag, body, _ = _element(data, 0)
        return _KINDS.get(_element(body, 0)[1], "") if tag == 0x30 else ""
    except (NotReadable, IndexError):
        return ""


def signed_content(data: bytes) -> bytes:
    """The mail inside a signed part. Raises NotReadable when it is broken or holds none."""
    try:
        info = list(_elements(_element(data, 0)[1]))
        signed = list(_elements(next(_elements(info[1][1]))[1]))
        enclosed = list(_elements(next(body for tag, body in signed[1:] if tag == 0x30)))
        return _octets(*next(_elements(enclosed[1][1])), 0)
    except (IndexError, StopIteration) as error:
        raise NotReadable("The signed part holds no mail.") from error


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data) and data[at : at + 2] != b"\0\0":
        tag, body, at = _element(data, at)
        yield tag, body


def _element(data: bytes, at: int, depth: int = 0) -> tuple[int, bytes, int]:
    """(tag, content, where the next one begins) of one element, in DER or BER."""
    if depth > _DEEPEST:
        raise NotReadable("The signed part is nested too deeply.")
    tag, first, at = data[at], data[at + 1], at + 2
    if first == 0x80:  # of indefinite length: up to two zeros
        end = at
        while data[end : end + 2] != b"\0\0":
            end = _element(data, end, depth + 1)[2]
        return tag, data[at:end], end + 2
    if first > 0x80:
        count = first & 0x7F
        size, at = int.from_bytes(data[at : at + count], "big"), at + count
    else:
        size = first
    if at + size > len(data):
        raise NotReadable("The signed part is broken off.")
    return tag, data[at : at + size], at + size


def _octets(tag: int, body: bytes, depth: int) -> bytes:
    if tag & 0x20 and depth < _DEEPEST:  # in pieces
        return b"".join(_octets(t, b, depth + 1) for t, b in _elements(body))
    return body
