"""Mails in files, for `simulate` and for uploads: .eml, mbox, Maildir, a folder of such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kontorist.core.errors import NotReadable

_FROM = re.compile(rb"(?m)^From [^\r\n]*\r?\n(?=[!-9;-~]+:)")  # a header field follows at once


def mails_in(path: Path) -> Iterator[tuple[str, bytes] | NotReadable]:
    """(place, bytes) of each mail; what cannot be read comes as an error with its place."""
    if (path / "cur").is_dir():
        for part in ("new", "cur"):
            yield from (one for p in sorted((path / part).glob("*")) if not p.name.startswith(".") for one in mails_in(p))
    elif path.is_dir():
        yield from (one for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".") for one in mails_in(p))
    else:
        yield from _in_file(path)


def _in_file(path: Path) -> Iterator[tuple[str, bytes] | NotReadable]:
    try:
        data = path.read_bytes()
    except OSError as error:
        yield NotReadable(f"{path} cannot be read: {error.strerror}.")
        return
    if path.suffix.lower() != ".mbox" and not data.startswith(b"From "):
        yield str(path), data
        return
    starts = [m.start() for m in _FROM.finditer(data)]
    if not starts:
        yield str(path), data
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True), 1):
        _, _, mail = data[start:end].partition(b"\n")
        place = str(path) if len(starts) == 1 else f"{path}:{number}"
        yield place, re.sub(rb"(?m)^>(>*From )", rb"\1", mail).rstrip(b"\r\n") + b"\n"
