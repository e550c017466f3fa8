"""The stop button: what it holds back, pressed on a page or by a program."""

from __future__ import annotations

from collections.abc import Sequence

from kontorist.inbox.desk import Desk
from kontorist.inbox.viewer import Viewer
from kontorist.store import office_state
from kontorist.store.office_state import Stops


def press(desk: Desk, viewer: Viewer, *, office: bool, flows: Sequence[str], connections: Sequence[str]) -> Stops:
    """Hold back exactly this from now on; names that the office does not have are left out."""
    known = desk.office
    new = Stops(office, tuple(f for f in known.flows if f in flows), tuple(c for c in known.connections if c in connections))
    with desk.database.write() as connection:
        office_state.set_stops(connection, new, viewer.name)
    return new
