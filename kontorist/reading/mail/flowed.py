"""Text whose lines were broken inside words (RFC 3676, `format=flowed; delsp=yes`), as it was written."""

from __future__ import annotations

from email.message import Message

_SIGNATURE = "-- "


def is_broken(part: Message) -> bool:
    """Whether the blanks at the ends of lines belong to the breaks. Where they do not, a break parts no word and may stay."""
    try:
        asked = (part.get_param("format"), part.get_param("delsp"))
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return False
    return tuple(str(one).lower() for one in asked) == ("flowed", "yes")


def joined(text: str) -> str:
    """The paragraphs, each on one line; quoted ones keep their marks and are never joined with others."""
    made: list[str] = []
    before = -1  # how deep the line before is quoted, if it goes on in this one
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:].removeprefix(" ")
        goes_on = said.endswith(" ") and said != _SIGNATURE
        written = said[:-1] if goes_on else said
        if before == depth and said != _SIGNATURE:
            made[-1] += written
        else:
            made.append(f"{'>' * depth}{' ' if depth else ''}{written}")
        before = depth if goes_on else -1
    return "\n".join(made)
