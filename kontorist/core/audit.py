"""The audit chain: each event carries the hash of the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kontorist.core.values import dumps

GENESIS = "0" * 64


def event_hash(previous: str, seq: int, at: datetime, kind: str, actor: str, subject: str, data: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and everything the event says."""
    body = dumps([previous, seq, at.isoformat(), kind, actor, subject, data], sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()
