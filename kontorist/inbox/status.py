"""The line at the foot of the list: what is stopped, which connections are silent, when work was last done."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from kontorist.store import office_state
from kontorist.store.tables import passes


def line(connection: Connection) -> dict[str, Any]:
    """Stops, heartbeats and the last pass."""
    last = connection.execute(select(passes).order_by(passes.c.started.desc()).limit(1)).first()
    beats = office_state.heartbeats(connection)
    return {
        "stops": office_state.stops(connection),
        "beats": {name: beat for name, beat in sorted(beats.items()) if isinstance(beat, dict)},
        "silent": {name: beat["problem"] for name, beat in beats.items() if isinstance(beat, dict) and beat.get("problem")},
        "last": last,
    }
