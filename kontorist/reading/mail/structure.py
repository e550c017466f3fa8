"""Which parts of a mail are its text and which are attachments (the algorithm of RFC 8621 §4.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message

_INLINE_MEDIA = ("image/", "audio/", "video/")
MAX_PARTS = 1_000
MAX_DEPTH = 50


@dataclass
class Bodies:
    """The parts of a mail by what they are for."""

    text: list[Message] = field(default_factory=list)
    html: list[Message] = field(default_factory=list)
    attachments: list[Message] = field(default_factory=list)
    left_out: int = 0
    seen: int = 0


def bodies(message: Message) -> Bodies:
    """Sort the parts of a mail. What lies beyond a thousand parts or fifty levels is counted, not read."""
    found = Bodies()
    _sort([message], "mixed", found, in_alternative=False, into=(True, True), depth=0)
    return found


def kind(part: Message) -> str:
    """The media type of a part, in small letters; text/plain when it is unreadable."""
    known: str | None = part.__dict__.get("kontorist_kind")  # asked a dozen times a part, and worked out anew each time
    if known is None:
        try:
            known = part.get_content_type()
        except (ValueError, IndexError, AttributeError, TypeError):
            known = "text/plain"
        part.__dict__["kontorist_kind"] = known
    return known


def parts_of(part: Message) -> list[Message]:
    """The parts of a multipart; nothing for a multipart that has none."""
    payload = part.get_payload()
    return [p for p in payload if isinstance(p, Message)] if isinstance(payload, list) else []


def is_multipart(part: Message) -> bool:
    """Whether a part is a container of parts; an enclosed mail is one document, not a container."""
    return kind(part).startswith("multipart/") and isinstance(part.get_payload(), list)


def _sort(
    parts: list[Message], multipart: str, found: Bodies, *, in_alternative: bool, into: tuple[bool, bool], depth: int
) -> None:
    """`into` tells whether the text body and the HTML body take parts here."""
    texts, htmls = len(found.text), len(found.html)
    takes_text, takes_html = into
    for i, part in enumerate(parts):
        found.seen += 1
        if found.seen > MAX_PARTS or depth > MAX_DEPTH:
            found.left_out += 1
            continue
        if is_multipart(part):
            below = kind(part).partition("/")[2]
            _sort(
                parts_of(part),
                below,
                found,
                in_alternative=in_alternative or below == "alternative",
                into=(takes_text, takes_html),
                depth=depth + 1,
            )
        elif not _is_inline(part, i, multipart):
            found.attachments.append(part)
        elif multipart == "alternative":
            {"text/plain": found.text, "text/html": found.html}.get(kind(part), found.attachments).append(part)
        else:
            if in_alternative:
                takes_html = takes_html and kind(part) != "text/plain"
                takes_text = takes_text and kind(part) != "text/html"
            _take(part, found, takes_text=takes_text, takes_html=takes_html)
    if multipart == "alternative" and takes_text and takes_html:
        _complete(found, texts, htmls)


def _take(part: Message, found: Bodies, *, takes_text: bool, takes_html: bool) -> None:
    if kind(part).startswith(_INLINE_MEDIA):
        found.attachments.append(part)  # a picture in the text is a document, too: nothing may get lost
        return
    if takes_text:
        found.text.append(part)
    if takes_html:
        found.html.append(part)


def _complete(found: Bodies, texts: int, htmls: int) -> None:
    """An alternative with one kind only serves for both."""
    if len(found.text) == texts and len(found.html) != htmls:
        found.text.extend(found.html[htmls:])
    if len(found.html) == htmls and len(found.text) != texts:
        found.html.extend(found.text[texts:])


def _is_inline(part: Message, position: int, multipart: str) -> bool:
    media = kind(part)
    if disposition(part) == "attachment" or not (media in ("text/plain", "text/html") or media.startswith(_INLINE_MEDIA)):
        return False
    return position == 0 or (multipart != "related" and (media.startswith(_INLINE_MEDIA) or not named(part)))


def disposition(part: Message) -> str:
    """`attachment`, `inline` or empty."""
    raw = str(part.get("Content-Disposition", "") or "")
    return raw.partition(";")[0].strip().lower()


def named(part: Message) -> bool:
    """Whether a part has a file name."""
    return any("name" in str(part.get(h, "") or "").lower() for h in ("Content-Disposition", "Content-Type")) and bool(
        _has_name(part)
    )


def _has_name(part: Message) -> object:
    try:
        return part.get_filename() or part.get_param("name")
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return True
