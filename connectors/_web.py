"""Calls over HTTP that reach the hosts that were allowed and no others, and say for certain what happened."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from kontorist.core.errors import AccessDenied, Rejected, Unavailable, Uncertain

if TYPE_CHECKING:
    import httpx

_LARGEST = 2**20
_WITH_IPV4 = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""Networks whose addresses end with one of IPv4."""


class Web:
    """One server under a base address; redirects and proxies of the environment are not followed."""

    def __init__(self, url: str, headers: Mapping[str, str], *, private: bool, timeout: float) -> None:
        self.url, self.headers, self.private, self.timeout = url.rstrip("/") + "/", dict(headers), private, timeout

    def address(self, path: str) -> str:
        """The whole address of a path. Raises Rejected when it leads away from the base address."""
        if any(not one.isprintable() for one in path):
            raise Rejected(f"{path!r} is no path: it has control characters.")
        whole = urljoin(self.url, path.lstrip("/"))
        plain = whole.partition("?")[0]
        if not plain.startswith(self.url) or ".." in plain or "%2e" in plain.lower() or "\\" in plain:
            raise Rejected(f"{path!r} leads away from {self.url}. Only addresses below it may be called.")
        return whole

    def read(self, path: str) -> bytes:
        """The answer to a GET, which changes nothing."""
        return self._call("GET", path, lambda: None, {}, {}, sure=True)

    def write(self, method: str, path: str, commit: Callable[[], None], headers: Mapping[str, str], **content: Any) -> bytes:
        """The answer to a call that changes something; `commit` is called when the address is known and all is ready."""
        return self._call(method, path, commit, headers, content, sure=False)

    def _call(
        self,
        method: str,
        path: str,
        commit: Callable[[], None],
        headers: Mapping[str, str],
        content: Mapping[str, Any],
        *,
        sure: bool,
    ) -> bytes:
        import httpx

        whole = httpx.URL(self.address(path))
        to = whole.copy_with(host=self._resolved(whole.host, whole.port or (443 if whole.scheme == "https" else 80)))
        about = {**self.headers, **headers, "Host": whole.netloc.decode()}
        with httpx.Client(timeout=self.timeout, follow_redirects=False, trust_env=False) as client:
            request = client.build_request(method, to, headers=about, extensions={"sni_hostname": whole.host}, **content)
            commit()
            try:
                return _answer(client, request, whole, sure)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise Unavailable(f"{whole.host} cannot be reached: {error}. Check the server and 'url'.") from error
            except httpx.HTTPError as error:
                kind = Unavailable if sure else Uncertain
                raise kind(f"{whole.host} broke off ({type(error).__name__}): look there whether it happened.") from error

    def _resolved(self, host: str, port: int) -> str:
        """The address that is called, looked up once, so that a name cannot change between the check and the call."""
        try:
            found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise Unavailable(f"The name {host} is not found: {error}. Check 'url' in connections.yaml.") from error
        if not self.private and (inside := _not_public(found)):
            raise Rejected(f"{host} is {inside}, an address inside of a network. Set 'private: true' if it is meant.")
        return found[0]


def _not_public(found: Sequence[str]) -> str | None:
    """The first address that is not one of the public Internet."""
    for one in found:
        every = _addresses_in(ipaddress.ip_address(one.partition("%")[0]))
        if any(not a.is_global or a.is_multicast or getattr(a, "is_site_local", False) for a in every):
            return one
    return None


def _addresses_in(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Where it may lead: an address of IPv6 can hold one of IPv4 (mapped, compatible, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    holds = any(address in network for network in _WITH_IPV4)
    return [address, *([last] if holds else []), *([address.sixtofour] if address.sixtofour is not None else [])]


def _answer(client: httpx.Client, request: httpx.Request, whole: httpx.URL, sure: bool) -> bytes:
    response = client.send(request, stream=True)
    try:
        _raise_for(response.status_code, f"{request.method} {whole.scheme}://{whole.netloc.decode()}{whole.path}", sure)
        data = b""
        for piece in response.iter_bytes(65536):
            data += piece
            if len(data) > _LARGEST:
                return data[:_LARGEST]
        return data
    finally:
        response.close()


def _raise_for(status: int, call: str, sure: bool) -> None:
    """The four outcomes of a status code; after a server's own error nobody knows what it did before."""
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise AccessDenied(f"{call}: access denied ({status}). Check the token in 'headers'.")
    if status == 429 or (sure and status >= 500):
        raise Unavailable(f"{call}: the server is busy or out of order ({status}).")
    if status == 408 or status >= 500:
        raise Uncertain(f"{call}: the server failed ({status}). Look there whether it happened.")
    raise Rejected(f"{call}: the server refused it ({status}). Check the address and what is sent.")


def is_address(url: str) -> str:
    """The address, if it is one that can be called. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no address like https://server.example/api (without user, password and query)")
    return url
