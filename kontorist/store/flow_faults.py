"""What `check` finds wrong in flows that go on as they were, so that the pages of admins can say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from kontorist.store import office_state

_FACT = "faults"


def note(connection: Connection, found: Mapping[str, Sequence[str]]) -> None:
    """Keep what the newest look at the files found: flow → every mistake with its place."""
    told = {name: list(problems) for name, problems in found.items()}
    if known(connection) != told:
        office_state.put(connection, _FACT, told)


def known(connection: Connection) -> dict[str, list[str]]:
    """The mistakes that stand in the files of flows now."""
    return dict(office_state.get(connection, _FACT) or {})
