"""Folders and files for the user alone that Kontorist runs as; what is written for other programs has the usual rights."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder that nobody else may enter, with those above it that are missing; one that is there stays as it is. Raises OSError."""
    for missing in reversed([p for p in (folder, *folder.parents) if not p.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # raises where a file is in the way


def make_file(file: Path) -> None:
    """Make an empty file that nobody else may read, unless it is there; who then opens it is told what is wrong."""
    with contextlib.suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def open_to_others(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """What in a folder, by patterns of names, other users of this machine may read or enter; nothing where they may not enter it itself."""
    try:
        if not folder.stat().st_mode & stat.S_IXOTH:
            return []
        found = sorted(p for pattern in patterns for p in folder.glob(pattern))
        return [p for p in found if p.lstat().st_mode & (stat.S_IXOTH if p.is_dir() else stat.S_IROTH)]
    except OSError:
        return []
