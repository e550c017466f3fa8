"""Time: UTC inside, the office's zone outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta


def utcnow() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str) -> timedelta:
    """A duration as an admin writes it: `15s`, `20m`, `4h`, `7d`, `2w`. Raises ValueError with what would be right."""
    found = re.fullmatch(r"([0-9]{1,6})\s*([a-z]+)", text.strip())
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"'{text}' is not a duration; write a number and s, m, h, d or w, as in '4h'")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def since_day(text: str) -> date:
    """The day that `2026-11-01` names, or `30d` before today. Raises ValueError with what would be right."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return (utcnow() - parse_duration(text)).date()
