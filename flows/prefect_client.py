"""How a pass talks to Prefect: settings and client made once a process, and soon tried again where the server was busy."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from prefect.context import SettingsContext, SyncClientContext, get_settings_context
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    Settings,
)

from kontorist.store.office_state import run_of

_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Prefect's own client waits two seconds before it asks again, a server on SQLite is busy for some milliseconds."""

ANSWER_SECONDS, AGAIN = 10.0, 1
"""How long an answer may take, and how often a request is made again that had none: Prefect's own minute, five times over, would
hold up an office for seven. What the admin set in the environment comes first."""


_ALWAYS_THE_SAME = {("POST", "flows/"), ("GET", "admin/storage")}
"""What a run asks first, and what is answered the same every time: which flow has our name, and where results are kept."""


class _Patient(httpx.HTTPTransport):
    """Asks a server again that says it is busy (503), and never what it has answered already and will not answer otherwise."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[tuple[str, bytes], httpx.Response] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, or the last of several refusals."""
        if (request.method, request.url.path.partition("/api/")[2]) not in _ALWAYS_THE_SAME:
            return self._ask(request)
        key = (request.url.path, request.read())
        if key not in self._known:
            response = self._ask(request)
            response.read()
            if not response.is_success:
                return response
            self._known[key] = response
        known = self._known[key]
        return httpx.Response(known.status_code, headers={"content-type": "application/json"}, content=known.content)

    def _ask(self, request: httpx.Request) -> httpx.Response:
        for pause in _PAUSES:
            response = super().handle_request(request)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return response
            response.close()
            time.sleep(pause)
        return super().handle_request(request)


@contextmanager
def connected() -> Iterator[None]:
    """A client for everything within this block; the usual one where the server is not a plain one nearby (https)."""
    if not str(PREFECT_API_URL.value() or "").startswith("http://"):
        yield
        return
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # else every client reads all certificates anew
    with SyncClientContext(httpx_settings={"transport": _Patient(verify=unused), "verify": unused}) as context:
        context._httpx_settings = None  # so that who asks for a client without settings of their own is given this one
        yield


def note_crashed(runs: Sequence[str]) -> list[str]:
    """Tell Prefect that the processes of these flow runs have died; those of which it has heard, or will never know anything.

    Within `connected`. What has no answer is left for another time.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Crashed

    heard: list[str] = []
    with get_client(sync_client=True) as client:
        for run in runs:
            try:
                state: Any = Crashed(message="The process that made this pass has ended. Nothing is lost or done twice.")
                client.set_flow_run_state(UUID(run_of(run)), state, force=True)
            except (ValueError, ObjectNotFound):  # another server's, or one whose database was dropped
                pass
            except Exception:  # noqa: BLE001 - whatever is wrong with Prefect, the office's work goes on
                break
            heard.append(run)
    return heard


@contextmanager
def impatient() -> Iterator[None]:
    """Without long waits for Prefect, and without its heartbeat thread, whose join costs a second a run: a pass that dies is picked up from our own leases."""
    known = get_settings_context()
    with SettingsContext(profile=known.profile, settings=_quiet_settings(known.settings)):
        yield


_quiet: tuple[Settings, Settings] | None = None
"""Prefect's settings as they were found, and the same as passes want them: making them takes 40 ms."""


def _quiet_settings(settings: Settings) -> Settings:
    global _quiet  # noqa: PLW0603 - a cache of one
    if _quiet is None or _quiet[0] is not settings:
        ours: dict[Any, Any] = {PREFECT_API_REQUEST_TIMEOUT: ANSWER_SECONDS, PREFECT_CLIENT_MAX_RETRIES: AGAIN}
        chosen = {setting: value for setting, value in ours.items() if setting.name not in os.environ}
        _quiet = (settings, settings.copy_with_update(chosen | {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
    return _quiet[1]
