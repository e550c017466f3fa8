"""The standard library's parser of mails, held to a depth: it asks each line of a mail of every part that is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from email import policy
from email.feedparser import BufferedSubFile, BytesFeedParser  # type: ignore[attr-defined]  # the stubs leave the first out
from email.message import Message
from email.parser import BytesParser
from typing import Any

from kontorist.core.errors import NotReadable
from kontorist.reading.mail.structure import MAX_DEPTH, MAX_PARTS

_OPEN_AT_MOST = 2 * MAX_DEPTH
"""Containers in containers, those of enclosed mails among them: a mail passed on twenty times has sixty."""
_CHUNK = 8192


def parsed(data: bytes, *, head_only: bool = False) -> Message:
    """A mail taken apart. Raises NotReadable when its parts are nested deeper than any real mail's."""
    if head_only:
        return BytesParser(policy=policy.compat32).parsebytes(data, headersonly=True)
    feed = _Feed(policy=policy.compat32)
    for at in range(0, len(data), _CHUNK):
        feed.feed(data[at : at + _CHUNK])
    return feed.close()


class _Feed(BytesFeedParser):
    """Reads from lines that know their depth."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._input = _Lines(self._delimiter)

    def _delimiter(self) -> str:
        """The line between the parts of the container that is being read; empty where there is none."""
        boundary = self._cur.get_boundary() if self._cur.get_content_maintype() == "multipart" else None  # type: ignore[attr-defined]
        return f"--{boundary}" if boundary else ""


class _Lines(BufferedSubFile):  # type: ignore[misc]
    """The lines of a mail, and whether one of them ends a part: one look-up a line, however many parts are open."""

    def __init__(self, delimiter: Callable[[], str]) -> None:
        super().__init__()
        self._delimiter = delimiter
        self._open: list[tuple[str, Callable[[str], object]]] = []
        self._delimiters: Counter[str] = Counter()
        super().push_eof_matcher(self._ends_a_part)

    def push_eof_matcher(self, pred: Callable[[str], object]) -> None:
        """A part begins, which lasts to the line that this is true of."""
        if len(self._open) >= _OPEN_AT_MOST:
            raise NotReadable(
                f"The mail has {len(self._open) + 1} parts, or they are nested deeper than {MAX_DEPTH} levels: "
                f"no real one has more than {MAX_PARTS}."
            )
        delimiter = self._delimiter()
        self._open.append((delimiter, pred))
        self._delimiters[delimiter] += 1

    def pop_eof_matcher(self) -> Callable[[str], object]:
        """The part that began last has ended."""
        delimiter, pred = self._open.pop()
        self._delimiters[delimiter] -= 1
        return pred

    def _ends_a_part(self, line: str) -> bool:
        return self._may_end_one(line) and any(pred(line) for _, pred in reversed(self._open))

    def _may_end_one(self, line: str) -> bool:
        if not line.startswith("--"):
            return self._delimiters[""] > 0
        bare = line.rstrip(" \t\r\n")
        return self._delimiters[bare] > 0 or self._delimiters[bare.removesuffix("--")] > 0
