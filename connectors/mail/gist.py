"""What a mail is about, as one text to sort it by: the words that came now, those it passes on, and the beginnings of its attachments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kontorist.reading.mail import split_reply

_FORWARDS = re.compile(r"(?i)^\s*(?:wg|fwd?|weitergeleitet|tr|i)\s*:")
_PASSED_ON = re.compile(
    r"(?im)^[\s>*=_-]*(?:weitergeleitete nachricht|forwarded message|begin forwarded message|anfang der weitergeleiteten)"
)
_ATTACHMENTS, _ATTACHMENT_AT_MOST, _AT_MOST = 5, 1_500, 12_000


def gist(subject: str, text: str, attachments: Sequence[Mapping[str, Any]]) -> str:
    """Subject, new text, what is forwarded (an answer's quotes are not), and the first words of up to five attachments."""
    parts = split_reply(text)
    passed_on = parts.quoted if _FORWARDS.match(subject) or _PASSED_ON.search(parts.quoted[:500]) else ""
    pieces = [subject, parts.new, passed_on, *map(_beginning, attachments[:_ATTACHMENTS])]
    return "\n".join(piece for piece in pieces if piece.strip())[:_AT_MOST]


def _beginning(attachment: Mapping[str, Any]) -> str:
    """Its first words; the marks of XML say nothing about what is wanted."""
    text = str(attachment.get("text") or "").strip()
    return "" if text.startswith("<") else text[:_ATTACHMENT_AT_MOST]
