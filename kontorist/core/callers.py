"""Keeps pages of other sites away from our servers, also where their name was made to point to this machine.

A page in somebody's browser can send requests to servers on their machine. Browsers say from which page (`Origin`, RFC 6454) and under
which name (`Host`); one that resolves its own name to 127.0.0.1 (DNS rebinding) names itself in both. Programs send no `Origin`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from kontorist.core.office import Office

HOSTS = "KONTORIST_HOSTS"
"""Environment: further names under which our servers may be called, with commas between them."""
_NEVER_PUBLIC = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


class OwnPagesOnly:
    """An ASGI application that is called only under names of this machine or its network, and by its own pages; others get 403."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {k.lower(): v.decode("latin-1") for k, v in scope.get("headers", ())}
        if is_welcome(headers.get(b"host", ""), headers.get(b"origin")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send(
                {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
            )
            await send(
                {"type": "http.response.body", "body": f"Not from here. Names that are meant are set with {HOSTS}.".encode()}
            )


def is_welcome(host: str, origin: str | None) -> bool:
    """Whether a request under this name, from a page of this origin (None: no browser says so), is one of ours."""
    here = _address(f"//{host}")
    if here is None or not is_ours(host):
        return False
    if origin is None:
        return True
    there = _address(origin)
    return there is not None and (there == here or (there[1] == here[1] and _is_loopback(there[0]) and _is_loopback(here[0])))


def is_ours(host: str, also: Collection[str] = ()) -> bool:
    """Whether a server may be called under this name: one of this machine or its network, of the environment, or one of `also`."""
    name = name_in(f"//{host}")
    return bool(name) and (_is_of_this_network(name) or name in names_of_environment() or name in also)


def names_of_office(office: Office) -> frozenset[str]:
    """The names under which people reach the inbox, as far as the office says them."""
    settings = office.settings
    back = settings.oidc.back if settings.oidc else ""
    return frozenset(filter(None, (name_in(settings.notify.link), name_in(back))))


def names_of_environment() -> frozenset[str]:
    """The names that the environment gives."""
    return frozenset(filter(None, (h.strip().lower() for h in os.environ.get(HOSTS, "").split(","))))


def name_in(url: str) -> str:
    """The name in an address, without its port; empty where there is none."""
    address = _address(url)
    return address[0] if address else ""


def _address(url: str) -> tuple[str, int | None] | None:
    """The name and port in an address; None where there is no name, as in `null`."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name:
        return None
    return name.rstrip(".").lower(), None if (parts.scheme, port) in (("http", 80), ("https", 443)) else port


def _is_of_this_network(name: str) -> bool:
    return _ip(name) is not None or "." not in name or name.endswith(_NEVER_PUBLIC)


def _is_loopback(name: str) -> bool:
    ip = _ip(name)
    return name == "localhost" or (ip is not None and ip.is_loopback)


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
