"""Files that appear whole or not at all, and never in the place of another one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from kontorist.core.errors import Rejected, Unavailable, Uncertain


def prepare(target: Path, content: bytes) -> Path:
    """A finished temporary file beside the target, on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o640)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    return Path(file.name)


def put(prepared: Path, target: Path, is_ours: Callable[[Path], bool]) -> None:
    """Give the file its name unless another has it; one that is ours is an earlier attempt of the same."""
    try:
        os.link(prepared, target)
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
    """Put a file in its place, whole; for names that tell the content, so that replacing changes nothing."""
    prepared = prepare(target, content)
    prepared.replace(target)
    sync(target.parent)


def sync(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
