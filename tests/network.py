"""Keeps the tests on this machine: who wants to talk to any other gets a clear error instead of an answer."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

import pytest

_RESERVED = (".invalid", ".test", ".example", ".localhost")
"""Names that nobody has (RFC 2606): looking them up fails as it does everywhere."""
_DOCUMENTATION = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


class NetworkIsBlockedError(RuntimeError):
    """A test tried to leave this machine; no OSError, so that nothing takes it for a server that is down."""


def refuse(host: Any) -> None:
    """Raise for every host but this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in ("", "localhost", socket.gethostname()):
        return
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        if name.endswith(_RESERVED):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    else:
        if address.is_loopback or address.is_unspecified:
            return
        if any(address in n for n in _DOCUMENTATION):
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
    raise NetworkIsBlockedError(
        f"This test wants to talk to {name}. Tests stay on this machine: start a real server on 127.0.0.1."
    )


def block(patch: pytest.MonkeyPatch) -> None:
    """Guard every way out that Python code takes."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        refuse(host)
        return look_up(host, *rest, **named)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def _guarded(method: Any) -> Any:
    def call(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(args[-1][0])
        return method(self, *args)

    return call
