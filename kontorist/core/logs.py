"""What happened, for the log of the machine: numbers and names of flows, never a subject, an address or a text.

There is no field for a text on purpose: what is to be read about a case stands in the inbox, behind its sign-in.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from kontorist.core.errors import ConfigurationError

VARIABLE = "KONTORIST_LOGS"
_log = logging.getLogger("kontorist.events")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_FIELDS = ("flow", "case", "action", "count", "ms")


def event(
    name: str,
    *,
    flow: str,
    case: int | None = None,
    action: int | None = None,
    count: int | None = None,
    ms: float | None = None,
    level: int = logging.INFO,
) -> None:
    """Something happened that whoever runs the machine may want to count."""
    fields = {"flow": flow, "case": case, "action": action, "count": count, "ms": None if ms is None else round(ms, 1)}
    _log.log(level, name, extra={"fields": {k: fields[k] for k in _FIELDS if fields[k] is not None}})


def set_up() -> None:
    """Write events to standard error: JSON lines with KONTORIST_LOGS=json, else one readable line each."""
    chosen = os.environ.get(VARIABLE, "text")
    if chosen not in ("json", "text"):
        raise ConfigurationError(f"{VARIABLE} is '{chosen}'; it may be json or text.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if chosen == "json" else _Line())
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)


def quiet() -> None:
    """Write events nowhere, as in a program that never set them up."""
    _log.handlers = [logging.NullHandler()]


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "fields", {})
    return found


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Record → line."""
        first = {"time": _time(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**first, **_fields(record)}, ensure_ascii=False)


class _Line(logging.Formatter):
    """One line for a person."""

    def format(self, record: logging.LogRecord) -> str:
        """Record → line."""
        shown = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        return f"{_time(record)} {record.levelname.lower():7} {record.getMessage()} {shown}"
