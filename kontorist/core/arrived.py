"""What a flow sees of what arrived, so that `check` knows a misspelt field; a test compares it with what the connectors give."""

from __future__ import annotations

from collections.abc import Sequence

_ADDRESS = ("name", "address")
FIELDS: dict[tuple[str, ...], Sequence[str]] = {
    ("mail",): (
        *("subject", "from", "to", "cc", "reply_to", "date", "message_id", "in_reply_to", "references"),
        *("text", "new_text", "gist"),
        *(
            "language",
            "attachments",
            "bulk",
            "automatic",
            "generated",
            "folder",
            "answered",
            "key",
            "sender_check",
            "signature",
            "signs",
            "report",
        ),
    ),
    ("mail", "from"): _ADDRESS,
    ("mail", "report"): ("message_id", "failures", "sentence"),
    ("before",): ("case", "flow", "title", "state", "steps"),
    ("webhook",): ("id", "received", "body"),
    ("file",): ("name", "path", "media_type", "size", "sha256", "text"),
}
"""Path → the fields below it."""


def fields_of(path: tuple[str, ...]) -> Sequence[str] | None:
    """The fields below a path such as (`mail`, `from`), or None where they are not known."""
    return FIELDS.get(path)
