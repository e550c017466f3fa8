"""Knots of the safety net taken away, one by one, in the worker that runs with them; and an outside that would notice."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from connectors._saving import SaveFile, SavePayload
from connectors.base import Receipt
from kontorist.core import permit as permits
from kontorist.core.errors import Unavailable
from kontorist.store import ledger, proposing
from kontorist.store.tables import actions

Mutate = Callable[[], None]


def untouched() -> None:
    """The product as it is."""


def without_fence() -> None:
    """The fence lets everybody through whose action still has its bytes."""
    _fence_with(lambda row, now: (actions.c.id == row.id, actions.c.sha256 == row.sha256))


def without_attempt() -> None:
    """The fence asks for state and lease, but not whose lease it is."""
    _fence_with(lambda row, now: (actions.c.id == row.id, actions.c.state == "claimed", actions.c.lease_until > now))


def _fence_with(conditions: Callable[..., tuple[Any, ...]]) -> None:
    def fence(database: Any, row: Any, attempt: int) -> None:
        with database.write() as connection:
            mine = update(actions).where(*conditions(row, ledger.utcnow())).values(state="committing")
            if connection.execute(mine).rowcount != 1:
                raise ledger.LeaseLost("not this worker's")

    ledger._fence = fence


def without_lease_check() -> None:
    """Whatever is being done counts as dead, however fresh its lease."""
    inner = ledger.recover

    def recover(database: Any) -> list[Any]:
        with database.write() as connection:
            held = actions.c.state.in_(("claimed", "committing"))
            connection.execute(update(actions).where(held).values(lease_until=None))
        return inner(database)

    ledger.recover = recover


def without_hash_check() -> None:
    """Whatever bytes lie there are executed."""
    for module in (ledger, permits):
        module.sha256 = lambda _: _Any()  # type: ignore[assignment]


class _Any(str):
    """Equal to every hash."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def without_approval_count() -> None:
    """Nobody has to approve, whatever the rule says."""
    ledger.needed = lambda row: 0


def without_unique_key() -> None:
    """Every proposal is a business fact of its own."""
    numbers = itertools.count()
    proposing.effect_key = lambda *_: f"{os.getpid()}-{next(numbers)}"


# the outside ---------------------------------------------------------------


def as_a_mail_server(*, sure: bool = False) -> None:
    """Have `shelf.save` do what it is told each time, as a mail server does: nothing there recognises a second one.

    With `sure` its look-up says that nothing is there, as one that looks before the effect is to be seen.
    """

    def execute(_: Any, connector: Any, permit: Any) -> Receipt:
        payload = SavePayload.model_validate(permit.payload)
        connector.root.mkdir(parents=True, exist_ok=True)
        permit.commit()
        (connector.root / f"{payload.name}-{permit.action_id}-{permit.attempt}-{os.getpid()}.txt").write_text(
            str(payload.content)
        )
        return Receipt({"sent": True})

    SaveFile.execute = execute  # type: ignore[method-assign]
    SaveFile.find = lambda *_: None  # type: ignore[method-assign,assignment]
    SaveFile.authoritative_find = sure


def down() -> None:
    """The outside does not answer: nothing happens, and that is certain."""

    def execute(*_: Any) -> Receipt:
        raise Unavailable("The server does not answer.")

    SaveFile.execute = execute  # type: ignore[method-assign]
