"""What is in a folder; one that cannot be looked into says so, instead of looking empty."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from connectors import _files

_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".lock")
_OF_WINDOWS = {"thumbs.db", "ehthumbs.db", "desktop.ini"}
"""What Windows leaves in folders that people look into."""
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def listed(folder: Path) -> list[Path]:
    """What is in a folder, by name. Raises AccessDenied, Unavailable."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _files.trouble(folder, error) from error


def is_noise(name: str) -> bool:
    """Whether a program keeps a file of this name for itself, or is still writing it."""
    small = name.lower()
    return small.startswith((".", "~$")) or small.endswith(_UNFINISHED) or small in _OF_WINDOWS


def made(folder: Path) -> None:
    """Make a folder of the office's own data, if it is not there. Raises AccessDenied, Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _files.trouble(folder, error) from error


def is_folder(path: Path) -> bool:
    """Whether there is such a folder. Raises AccessDenied, Unavailable where that cannot be told."""
    there = _status(path)
    return there is not None and stat.S_ISDIR(there.st_mode)


def is_file(path: Path) -> bool:
    """Whether there is such an ordinary file, not a link to one. Raises AccessDenied, Unavailable where that cannot be told."""
    there = _status(path, follow=False)
    return there is not None and stat.S_ISREG(there.st_mode)


def by_age(files: Iterable[Path]) -> list[Path]:
    """The ordinary files among these, oldest first; what was taken away meanwhile is left out. Raises AccessDenied, Unavailable."""
    found = [(path, there) for path in files if (there := _status(path)) and stat.S_ISREG(there.st_mode)]
    return [path for path, _ in sorted(found, key=lambda one: (one[1].st_mtime_ns, one[0].name))]


def fitting(folder: Path, pattern: str) -> list[Path]:
    """The ordinary files that a pattern fits, oldest first. Raises AccessDenied, Unavailable."""
    try:
        return by_age(folder.glob(pattern))
    except OSError as error:
        raise _files.trouble(folder, error) from error


def _status(path: Path, *, follow: bool = True) -> os.stat_result | None:
    try:
        return path.stat(follow_symlinks=follow)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise _files.trouble(path, error) from error
