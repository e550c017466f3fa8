"""What every page of the inbox works with: the office, its store, its templates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from connectors.connections import Connections
from kontorist.core.office import Office
from kontorist.inbox.doorkeeper import Doorkeeper
from kontorist.inbox.figures import Figures
from kontorist.inbox.looking import Presence
from kontorist.inbox.strangers import Strangers
from kontorist.store.database import Database


@dataclass
class Desk:
    """One office behind one web server."""

    office: Office
    database: Database
    prefect_url: str = ""
    demo_people: Mapping[str, str] | None = None
    again: Callable[[int, str], int] | None = None
    """Processes a case again as a new one; given by whoever starts the inbox, since flows work on the other side of the store."""
    touched: dict[str, float] = field(default_factory=dict, repr=False)
    presence: Presence = field(default_factory=Presence, repr=False)
    strangers: Strangers = field(default_factory=Strangers, repr=False)
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper, repr=False)
    figures: Figures = field(default_factory=Figures, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def connections(self) -> Connections:
        """The office's connections for one request; close them after use."""
        return Connections(self.office, self.database.data_dir)

    def is_due(self, token: str, every: float = 60.0) -> bool:
        """Whether a session has not been noted as in use for a while; noting it costs a write."""
        now = time.monotonic()
        with self._lock:
            if now - self.touched.get(token, -every) < every:
                return False
            if len(self.touched) > 10_000:
                self.touched.clear()
            self.touched[token] = now
        return True

    def label(self, name: str) -> str:
        """A person or group as colleagues know them."""
        settings: Any = self.office.settings
        if name in settings.people:
            return str(settings.people[name].name)
        return str((settings.groups[name].label if name in settings.groups else "") or name)

    def called(self, flow: str) -> str:
        """A flow as people call it; the file's name for one that has no title or is no more."""
        known = self.office.flows.get(flow)
        return (known.title if known else "") or flow


def desk_of(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]
