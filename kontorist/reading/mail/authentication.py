"""Whether the office's own mail server found the sender to be who it says (RFC 8601, RFC 7489)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Literal

Check = Literal["verified", "forged", "unverified", "unknown"]


_REMOVES = ("google.com", "outlook.com", "microsoft.com")
"""Providers that write their results below their own Received, and remove what a sender wrote there in their name."""
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")))
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"^\s*from\s", re.IGNORECASE)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]")


def sender_check(fields: Sequence[tuple[str, str]], authserv_id: str | None) -> Check:
    """What the server with this name wrote on top of the mail; anybody could have written what stands below.

    `fields` are the header fields in order. Without a name nothing is believed: `unknown`.
    """
    if not authserv_id:
        return "unknown"
    found = next((some for some in _blocks(fields, authserv_id) if some), [])
    methods = dict(result for value in reversed(found) for result in _results(value))
    if methods.get("dmarc") == "pass":
        return "verified"
    if methods.get("dmarc") == "fail" or (methods.get("spf") == "fail" and methods.get("dkim") != "pass"):
        return "forged"
    return "unverified"


def _blocks(fields: Sequence[tuple[str, str]], authserv_id: str) -> Iterator[list[str]]:
    """Our server's results above each Received of ours, up to the one by which the mail came in from outside.

    Only the first that has any counts: what stands lower may have come with the mail.
    """
    block: list[str] = []
    for name, value in fields:
        if name.lower() == "authentication-results" and _written_by(" ".join(value.split()), authserv_id):
            block.append(" ".join(value.split()))
        elif name.lower() == "received":
            yield block
            block = []
            if not _is_by_us(value, authserv_id) or not (_is_inside(value) or _removes_foreign(authserv_id)):
                return
    yield block


def _is_by_us(received: str, authserv_id: str) -> bool:
    by = _BY.search(received)
    host = by[1].rstrip(".").lower() if by else ""
    ours = (_domain(authserv_id), *(_REMOVES if _removes_foreign(authserv_id) else ()))
    return not _FROM.match(received) or host == authserv_id.lower() or _is_below(host, ours)


def _removes_foreign(authserv_id: str) -> bool:
    return _is_below(_domain(authserv_id), _REMOVES)


def _is_inside(received: str) -> bool:
    """Whether a line of ours tells of a hand-over within our own house: nobody outside sent it, or a machine with a private address."""
    addresses = _ADDRESS.findall(received)
    return not _FROM.match(received) or (bool(addresses) and all(map(_is_private, addresses)))


def _is_private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or any(found.version == net.version and found in net for net in _PRIVATE)


def _is_below(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _domain(authserv_id: str) -> str:
    """The name without its host: what our other servers are called."""
    return authserv_id.lower().partition(".")[2] if authserv_id.count(".") > 1 else authserv_id.lower()


def _written_by(value: str, authserv_id: str) -> bool:
    return value.split(";", 1)[0].split()[:1] == [authserv_id]


def _results(value: str) -> list[tuple[str, str]]:
    from authres import AuthenticationResultsHeader, AuthResError

    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
    except (AuthResError, ValueError, IndexError, TypeError):
        return []
    return [(str(r.method).lower(), str(r.result).lower()) for r in header.results]
