"""The permit: what a connector needs in hand before it may change anything outside.

A permit is issued by the store for one claimed action only (kontorist.store.ledger). It carries the approved
bytes, so that what runs is what a person saw, and the fence that must be passed before the last irreversible byte.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kontorist.core.errors import NotApproved
from kontorist.core.values import sha256

_ISSUED = object()


@dataclass
class _Seal:
    """What the gate remembers of a permit; nobody who holds the permit can change it."""

    digest: str
    fence: Callable[[], None]
    committed: bool = False


_SEALS: weakref.WeakKeyDictionary[Permit, _Seal] = weakref.WeakKeyDictionary()


class Permit:
    """The right to execute one approved revision of one action, once."""

    def __init__(
        self, issued: object, *, action_id: int, key: str, attempt: int, payload: bytes, digest: str, fence: Callable[[], None]
    ) -> None:
        if issued is not _ISSUED:
            raise NotApproved("Only the gate issues permits.")
        self.action_id = action_id
        self.key = key
        """The idempotency key: the same on every attempt, different for every action."""
        self.attempt = attempt
        self._payload = payload
        _SEALS[self] = _Seal(digest, fence)

    @property
    def _seal(self) -> _Seal:
        seal = _SEALS.get(self)
        if seal is None:  # copied, pickled or put together by hand
            raise NotApproved("Only the gate issues permits.")
        return seal

    @property
    def committed(self) -> bool:
        """Whether the fence was passed."""
        return self._seal.committed

    @property
    def payload(self) -> dict[str, Any]:
        """The approved payload, parsed from the approved bytes. Raises NotApproved if they are not those."""
        seal = self._seal
        if sha256(self._payload) != seal.digest:
            raise NotApproved(f"Action {self.action_id}: the payload is not the one that was approved.")
        data: dict[str, Any] = json.loads(self._payload)
        return data

    def commit(self) -> None:
        """Pass the fence: call this immediately before the last irreversible byte, once, and not at all if nothing happens.

        `committing` is on disk when this returns. Raises NotApproved when the lease was lost, the action was
        withdrawn or the stop button was pressed: then nothing may happen.
        """
        if self.committed:
            raise NotApproved(f"Action {self.action_id}: the permit was used already.")
        self.payload  # noqa: B018 - re-checks the hash
        self._seal.fence()
        self._seal.committed = True


def issue(**fields: Any) -> Permit:
    """A permit; for kontorist.store.ledger alone (import-linter and a test state it)."""
    return Permit(_ISSUED, **fields)
