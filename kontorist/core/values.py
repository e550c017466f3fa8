"""Values as they are stored: a codec for the journal that keeps types, and canonical bytes for payloads.

The journal keeps `Decimal`, dates and times as what they are (tagged JSON). A payload is plain: its
canonical bytes are what a person approves, so equal content gives equal bytes and an equal hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

Json = Any  # JSON data; Python 3.11 has no recursive aliases

_TAG = "$"


def _writer(by_key: bool) -> Callable[[Any], str]:
    """What `JSONEncoder.encode` does, with CPython's encoder made once instead of for each text: three quarters of a short one's time."""
    make = getattr(json.encoder, "c_make_encoder", None)
    plain = json.JSONEncoder(ensure_ascii=False, sort_keys=by_key, separators=(",", ":"))
    if make is None:
        return plain.encode
    write = make(None, plain.default, json.encoder.encode_basestring, None, ":", ",", by_key, False, True)
    return lambda data: "".join(write(data, 0))


_WRITERS = {by_key: _writer(by_key) for by_key in (False, True)}
_TAGGED = f'"{_TAG}":'
_MAX_DIGITS = 100  # Decimal("1E+999999999") is short to read and a gigabyte to write


def encode(value: Any) -> str:
    """JSON for the journal; `decode` gives back equal values of equal types."""
    quick = _quickly(value)
    return dumps(_tagged(value)) if quick is None else quick


_QUICK = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS


def _quickly(value: Any) -> str | None:
    """The same by a quicker writer, or None where that writes something else: nearly all that is stored is plain."""
    tags = 0

    def tag(other: Any) -> dict[str, str]:
        nonlocal tags
        tags += 1
        return _tag(other)

    try:
        text = orjson.dumps(value, default=tag, option=_QUICK).decode()
    except orjson.JSONEncodeError:  # half surrogates, numbers of more than 64 bits, other kinds of mappings
        return None
    if text.count(_TAGGED) != tags or "null" in text:  # a key that looks like a tag; a number that is none is written as null
        return None
    return text


def _tag(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {_TAG: "decimal", "v": str(value)}
    if isinstance(value, datetime):
        return {_TAG: "datetime", "v": value.isoformat()}
    if isinstance(value, date):
        return {_TAG: "date", "v": value.isoformat()}
    raise TypeError(f"a {type(value).__name__} cannot be kept in the journal")


def dumps(data: Any, *, sort_keys: bool = False) -> str:
    """Compact JSON that can be stored: readable, and escaped where a half surrogate from a broken mail is in it."""
    text = _WRITERS[sort_keys](data)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data, sort_keys=sort_keys, separators=(",", ":"))
    return text


def decode(text: str) -> Any:
    """The value that `encode` was given."""
    if len(text) == 2 and text in _EMPTY:  # most columns of most lines
        return _EMPTY[text]()
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:  # half surrogates, numbers that are none
        value = json.loads(text)
    return _untagged(value) if _TAGGED in text else value


_EMPTY: dict[str, Callable[[], Any]] = {"{}": dict, "[]": list}

_BARE = frozenset({str, int, bool, float, type(None)})
"""Most of what is stored: told by its type at once."""
_TEXTS = _BARE - {int}
_LEAST, _MOST = -(2**63), 2**63 - 1


def _tagged(value: Any) -> Any:
    known = type(value)
    if known is int and not _LEAST <= value <= _MOST:
        return {_TAG: "int", "v": str(value)}  # readers that are not Python's make a float of it
    if known in _BARE:
        return value
    if known is dict and all(type(k) is str for k in value) and _TAG not in value:
        return {k: v if type(v) in _TEXTS else _tagged(v) for k, v in value.items()}
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        inner = {str(k): _tagged(v) for k, v in value.items()}
        return {_TAG: "dict", "v": inner} if _TAG in inner else inner
    if isinstance(value, list | tuple):
        return [_tagged(v) for v in value]
    return _tag(value)


_UNTAG: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "int": int,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(v) for v in value]
    if not isinstance(value, dict):
        return value
    tag = value.get(_TAG)
    if tag == "dict":
        value = value["v"]
    elif tag in _UNTAG:
        return _UNTAG[tag](value["v"])
    return {k: v if type(v) in _BARE else _untagged(v) for k, v in value.items()}


def plain(value: Any) -> Any:
    """Plain JSON data for payloads and output: decimals as `"12.30"`, dates as ISO 8601.

    Raises TypeError for what has no JSON, ValueError for a number that is none or too long to be written out.
    """
    known = type(value)
    if known is str or value is None or isinstance(value, bool | int | str):
        return value
    if known is dict:
        return {str(k): v if type(v) is str else plain(v) for k, v in value.items()}
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS:
            raise ValueError(f"{value} is not an amount")
        return format(value, "f")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a number that can be stored")
        return round(value, 6)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    raise TypeError(f"a {type(value).__name__} cannot be part of a payload")


def canonical(payload: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a payload: UTF-8 JSON, keys sorted, no white space (after RFC 8785; no floats in payloads)."""
    return dumps(plain(payload), sort_keys=True).encode()


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, as lower-case hex."""
    return hashlib.sha256(data).hexdigest()
