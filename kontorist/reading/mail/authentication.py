"""Whether the office's own mail server found the sender to be who it says (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Check = Literal["verified", "forged", "unverified", "unknown"]


def sender_check(fields: Sequence[tuple[str, str]], authserv_id: str | None) -> Check:
    """What the server with this name wrote on top of the mail; anybody could have written what stands below.

    `fields` are the header fields in order. Without a name nothing is believed: `unknown`.
    """
    if not authserv_id:
        return "unknown"
    found = [value for value in _on_top(fields, authserv_id) if _written_by(value, authserv_id)]
    methods = dict(result for value in reversed(found) for result in _results(value))
    if methods.get("dmarc") == "pass":
        return "verified"
    if methods.get("dmarc") == "fail" or (methods.get("spf") == "fail" and methods.get("dkim") != "pass"):
        return "forged"
    return "unverified"


def _on_top(fields: Sequence[tuple[str, str]], authserv_id: str) -> list[str]:
    """The results above the first line that another server than ours has written."""
    found = []
    for name, value in fields:
        if name.lower() == "received" and not re.search(rf"\bby\s+\S*{re.escape(_domain(authserv_id))}\b", value, re.IGNORECASE):
            break
        if name.lower() == "authentication-results":
            found.append(" ".join(value.split()))
    return found


def _domain(authserv_id: str) -> str:
    return authserv_id.rsplit(".", 2)[-2] + "." + authserv_id.rsplit(".", 1)[-1] if authserv_id.count(".") > 1 else authserv_id


def _written_by(value: str, authserv_id: str) -> bool:
    return value.split(";", 1)[0].split()[:1] == [authserv_id]


def _results(value: str) -> list[tuple[str, str]]:
    from authres import AuthenticationResultsHeader, AuthResError

    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
    except (AuthResError, ValueError, IndexError, TypeError):
        return []
    return [(str(r.method).lower(), str(r.result).lower()) for r in header.results]
