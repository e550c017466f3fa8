"""The audit chain: each event carries the hash of the one before it."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kontorist.core.values import dumps

_written = functools.lru_cache(maxsize=8)(datetime.isoformat)
"""One moment is that of many events."""
_quoted = functools.lru_cache(maxsize=256)(dumps)
GENESIS = "0" * 64


def event_hash(previous: str, seq: int, at: datetime, kind: str, actor: str, subject: str, data: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and everything the event says."""
    body = dumps([previous, seq, at.isoformat(), kind, actor, subject, data], sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()


def hash_of_written_event(previous: str, seq: int, at: datetime, kind: str, actor: str, subject: str, data: str) -> str:
    """The same, where what the event says is written already: `dumps` of it, by sorted keys."""
    around = f"{kind}{actor}{subject}"
    if not around.isascii() or not data.startswith("{"):  # half surrogates in one part change how the others are written
        return event_hash(previous, seq, at, kind, actor, subject, json.loads(data))
    body = f'["{previous}",{seq},"{_written(at)}",{_quoted(kind)},{_quoted(actor)},{dumps(subject)},{data}]'
    return hashlib.sha256(body.encode()).hexdigest()
