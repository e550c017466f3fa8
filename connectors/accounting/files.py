"""Files that appear whole or not at all, and never in the place of another one."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from connectors import _files
from kontorist.core.errors import Rejected, Unavailable, Uncertain

_LEFT_BY_EARLIER_VERSIONS = re.compile(r"\.new-[a-z0-9_]{8}")


def prepare(target: Path, content: bytes) -> AbstractContextManager[Path]:
    """The finished file on disk in the target's folder, without its name yet. Raises OSError when it is entered."""
    _files.sweep(target.parent, _LEFT_BY_EARLIER_VERSIONS)
    return _files.drafted(content, target, 0o640)


def put(prepared: Path, target: Path, is_ours: Callable[[Path], bool]) -> None:
    """Give the file its name unless another has it; one that is ours is an earlier attempt of the same."""
    try:
        _files.name(prepared, target)
    except FileExistsError as error:
        if not is_ours(target):
            raise Rejected(f"{target.name} is there already with other postings; nothing was written.") from error
    except OSError as error:
        raise Unavailable(f"{target.name} could not be written: {error.strerror}; nothing was posted.") from error
    try:
        sync(target.parent)
    except OSError as error:
        raise Uncertain(f"{target.name} was written, but the disk did not confirm it: {error.strerror}.") from error


def keep(target: Path, content: bytes) -> None:
    """Put a file in its place, whole; for names that tell the content, so that replacing changes nothing. Raises OSError."""
    with prepare(target, content) as prepared:
        try:
            _files.name(prepared, target)
        except FileExistsError:
            if target.read_bytes() != content:  # damaged: who dies between these two has not begun to post
                target.unlink()
                _files.name(prepared, target)
    sync(target.parent)


def sync(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(folder: Path) -> str:
    """Why no file can be written into a folder, or into the one it would be made in; empty when one can."""
    if folder.is_symlink() and not folder.exists():
        return f"The folder {folder} is a link to nowhere; mend it, or name another folder in connections.yaml."
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        return f"{there} is a file, not a folder; name another folder in connections.yaml."
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"-")
            file.flush()
    except OSError as error:
        return (
            f"The folder {there} cannot be written ({error.strerror}); make room or give this program the right to write there."
        )
    return ""
