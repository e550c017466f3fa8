"""Under which names the inbox is asked for: a page whose own name was made to point to this machine (DNS rebinding) reads nothing."""

from __future__ import annotations

from fastapi import Request

from kontorist.core.callers import is_ours
from kontorist.inbox.labels import N_
from kontorist.inbox.texts import choose, texts

UNKNOWN = N_(
    "Kontorist is not known under the name in the address bar, so it shows nothing. Its admin makes the name known with "
    "`link` under `notify` in office.yaml, or with KONTORIST_HOSTS, and starts Kontorist again."
)


def is_asked_by_name(request: Request) -> bool:
    """Whether the name in the request is one of ours. Browsers always send one; an old program that sends none is no browser."""
    host = request.headers.get("host")
    return host is None or is_ours(host, request.app.state.names)


def refusal(request: Request) -> str:
    """What somebody reads who asks under another name."""
    language = choose("", request.headers.get("accept-language", ""), request.app.state.desk.office.language)
    return texts(language).gettext(UNKNOWN)
