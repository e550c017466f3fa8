"""For tests of connectors, ours and other people's: a permit without an office around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kontorist.core.permit import Permit, issue
from kontorist.core.values import canonical, sha256


def permit_for(
    payload: Mapping[str, Any], *, key: str = "test-key", attempt: int = 1, fence: Callable[[], None] | None = None
) -> Permit:
    """A permit for a payload, as the gate would issue it for an approved action; `fence` is called by `permit.commit()`."""
    data = canonical(payload)
    return issue(action_id=1, key=key, attempt=attempt, payload=data, digest=sha256(data), fence=fence or (lambda: None))
