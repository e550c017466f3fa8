"""Our servers answer their own pages and programs, not the pages of other sites."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kontorist.core.callers import HOSTS, OwnPagesOnly, is_ours, is_welcome, name_in

WELCOME = [
    ("127.0.0.1:4200", None),
    ("prefect:4200", None),
    ("[::1]:4200", None),
    ("192.168.1.5:4200", None),
    ("office.lan:4200", None),
    ("127.0.0.1:4200", "http://127.0.0.1:4200"),
    ("127.0.0.1:4200", "http://localhost:4200"),
    ("localhost:4200", "http://[::1]:4200"),
    ("prefect:4200", "http://prefect:4200"),
    ("localhost", "http://localhost:80"),
]
UNWELCOME = [
    ("evil.example:4200", None),  # a name that was made to point here
    ("evil.example:4200", "http://evil.example:4200"),
    ("127.0.0.1:4200", "https://evil.example"),
    ("127.0.0.1:4200", "http://203.0.113.5:4200"),
    ("127.0.0.1:4200", "http://127.0.0.1:9999"),
    ("127.0.0.1:4200", "null"),
    ("127.0.0.1:4200", ""),
    ("127.0.0.1:4200", "http://[evil"),
    ("192.168.1.5:4200", "http://127.0.0.1:4200"),
    ("prefect.muster.de", None),
    ("", None),
]


@pytest.mark.parametrize(("host", "origin"), WELCOME)
def test_own_pages_and_programs_are_answered(host: str, origin: str | None):
    assert is_welcome(host, origin)


@pytest.mark.parametrize(("host", "origin"), UNWELCOME)
def test_pages_of_other_sites_are_not(host: str, origin: str | None):
    assert not is_welcome(host, origin)


def test_further_names_are_set_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(HOSTS, "prefect.muster.de, other.muster.de")
    assert is_welcome("prefect.muster.de", "https://prefect.muster.de")
    assert not is_welcome("evil.muster.de", None)


def _answered(kind: str, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    """What is sent for a request; the application behind it says `through`."""
    sent: list[dict[str, Any]] = []

    async def app(*_: Any) -> None:
        sent.append({"type": "through"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(OwnPagesOnly(app)({"type": kind, "headers": list(headers)}, None, send))
    return sent


def test_what_is_refused_never_reaches_the_server():
    own, other = (b"host", b"127.0.0.1:4200"), (b"origin", b"https://evil.example")
    assert _answered("http", own) == [{"type": "through"}]
    assert _answered("lifespan") == [{"type": "through"}]
    assert [m.get("status") for m in _answered("http", own, other)] == [403, None]
    assert _answered("websocket", own, other) == [{"type": "websocket.close", "code": 1008}]
    assert _answered("http")[0]["status"] == 403


def test_a_server_is_ours_under_names_that_it_was_given_too():
    assert is_ours("Kontorist.Muster.de.:8765", {"kontorist.muster.de"})
    assert not is_ours("kontorist.muster.de.evil.example", {"kontorist.muster.de"})
    assert not is_ours("", {""})
    assert name_in("https://Kontorist.Muster.de:8443/card/1") == "kontorist.muster.de"
    assert name_in("") == ""
