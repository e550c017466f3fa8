"""Connections on which a request does not come to its end are closed: uvicorn itself waits for ever for the rest of one."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 20.0
"""Seconds for the lines before the body, however slowly they come."""
SILENCE = 30.0
"""Seconds in which nothing of a body comes although we read."""
BODY = 900.0
"""Seconds for a whole body: the largest that is taken, 50 MB, at 60 KB a second."""
LOOK = 5.0
"""Seconds between two looks at a connection."""
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(H11Protocol):
    """A connection that is looked at now and then until it is closed."""

    _looks: asyncio.TimerHandle | None = None
    _phase: tuple[object, str] = (None, "head")
    _begun = False
    """Whether anything came in this phase."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._since = self._heard = self.loop.time()
        self._looks = self.loop.call_later(LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._looks is not None:
            self._looks.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        self._heard = self.loop.time()
        self._note(self._heard)
        self._begun = True
        super().data_received(data)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        self._note(now)
        if self.flow.read_paused:
            self._heard = now  # it is we who do not read
        if self._is_too_slow(now):
            self._give_up()
        else:
            self._looks = self.loop.call_later(LOOK, self._look)

    def _note(self, now: float) -> None:
        phase = (self.cycle, self._waits_for())
        if phase != self._phase:
            self._phase, self._since, self._begun = phase, now, False

    def _waits_for(self) -> Literal["head", "body", "answer"]:
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            return "head"
        return "body" if cycle.more_body else "answer"

    def _is_too_slow(self, now: float) -> bool:
        waited = now - self._since
        if self._phase[1] == "head":
            return waited > HEAD
        return self._phase[1] == "body" and (now - self._heard > SILENCE or waited > BODY)

    def _give_up(self) -> None:
        unanswered = self._begun if self._phase[1] == "head" else not self.cycle.response_started
        if unanswered:  # a browser may keep a connection that it has not used yet, and takes no answer there
            self.transport.write(_TOO_SLOW)
        self.transport.close()
