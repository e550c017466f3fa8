"""Files that appear whole or not at all, under names that are safe to use."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from kontorist.core.errors import AccessDenied, KontoristError, Rejected, Unavailable, Uncertain
from kontorist.core.values import sha256
from kontorist.reading.parts import PHOTO_BRANDS

_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", *(f"{d}{n}" for d in ("com", "lpt") for n in "0123456789¹²³")}
_HANDLES = Path("/proc/self/fd")
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_DRAFT = re.compile(r"\.[0-9a-f]{16}\.(?P<machine>[0-9a-f]{8}-)?(?P<process>\d{1,7})(?:\.\d+)?\.tmp")
_SWEEP_EVERY, _FORGOTTEN = 3600.0, 86_400.0
"""Seconds: between two looks for abandoned drafts in a folder; after which a draft of another machine is one. Writing takes less than one."""
_SWEPT: dict[tuple[Path, re.Pattern[str]], float] = {}
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"<?xml", "application/xml"),
    (b"\xef\xbb\xbf<?xml", "application/xml"),
    (b"\xff\xfe<\0?\0x\0", "application/xml"),
    (b"\x1f\x8b", "application/gzip"),
)
_SUFFIXES = {
    ".pdf": "application/pdf",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".htm": "text/html",
    ".html": "text/html",
    ".eml": "message/rfc822",
    ".json": "application/json",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".msg": "application/vnd.ms-outlook",
    ".zip": "application/zip",
}


def media_type(name: str, data: bytes) -> str:
    """The media type of a file, by its first bytes, then by the end of its name."""
    by_name = _SUFFIXES.get(Path(name).suffix.lower(), "")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            refined = kind == "application/x-ole-storage" and by_name.startswith("application/")
            return by_name if refined else kind
    if data[4:8] == b"ftyp":
        return PHOTO_BRANDS.get(data[8:12], "application/octet-stream")
    if data.startswith(b"PK\x03\x04"):
        return by_name if "openxml" in by_name else "application/zip"
    if by_name.startswith(("text/", "message/", "application/json", "application/xml")):
        return by_name
    return "application/octet-stream" if b"\0" in data[:4096] or by_name else "text/plain"


def safe_name(written: str, fallback: str = "file") -> str:
    """A file name made of what somebody wrote: no folder, no invisible sign, no device of Windows, at most 150 bytes."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", written))[-1]
    # control and format characters (the right-to-left override among them) and what Windows refuses
    base = "".join(c for c in base if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp"))
    base = re.sub(r'[<>:"|?*]', "_", base).strip().strip(".").strip()
    if not base:
        return fallback
    if base.split(".")[0].strip().lower() in _DEVICES:
        base = "_" + base
    return _shortened(base, 150)


def _shortened(name: str, most: int) -> str:
    if len(name.encode()) <= most:
        return name
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - the name alone
    suffix = suffix if len(suffix.encode()) <= 20 else ""
    return stem.encode()[: most - len(suffix.encode())].decode(errors="ignore").rstrip() + suffix


def inside(folder: Path, below: str) -> Path:
    """A folder below another one. Raises Rejected for a way out of it, by dots, by an absolute path or by a link."""
    target = (folder / below).resolve()
    if not target.is_relative_to(folder.resolve()) or "\0" in below:
        raise Rejected(f"The folder '{below}' is outside of {folder}; name one below it.")
    return target


def digest_of(path: Path) -> str | None:
    """The SHA-256 of an ordinary file; None when there is none."""
    try:
        return None if path.is_symlink() or not path.is_file() else sha256(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise trouble(path, error) from error


def publish(data: bytes, target: Path, commit: Callable[[], None]) -> None:
    """Write a file that appears whole, under a new name only: `commit` is called just before it appears.

    A file with the same bytes there already counts as written. Raises Rejected for one with other bytes.
    """
    publish_unsynced(data, target, commit)
    sync_folder(target.parent)


def publish_unsynced(data: bytes, target: Path, commit: Callable[[], None]) -> None:
    """The same for who calls `sync_folder` for the target's folder later: its bytes are on disk, its name perhaps not yet."""
    if refuse_other(data, target):
        commit()
        return
    try:
        with drafted(data, target) as draft:
            commit()
            appear(draft, target)
    except OSError as error:
        raise trouble(target, error) from error


@contextlib.contextmanager
def drafted(data: bytes, target: Path, mode: int | None = None) -> Iterator[Path]:
    """The data on disk in the target's folder; without a name where the system can do that, so that of a writer who dies nothing is left.

    Elsewhere a writer who is killed leaves a hidden file; the next one takes it away. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    handle = _nameless(target.parent)
    if handle is not None:
        try:
            with open(handle, "wb", closefd=False) as file:
                _put(data, file, mode)
            yield _HANDLES / str(handle)
        finally:
            os.close(handle)
        return
    draft = draft_of(target)
    try:
        write(draft, data, mode)
        yield draft
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def draft_of(target: Path) -> Path:
    """A hidden name beside a file for what is to become it, which nobody else uses; `sweep` knows whose it is."""
    return target.with_name(f".{sha256(target.name.encode())[:16]}.{_machine()}{os.getpid()}.{secrets.randbelow(10**12)}.tmp")


def sweep(folder: Path, names: re.Pattern[str] = _DRAFT) -> None:
    """Take away the drafts of writers who died, now and then: of this machine by their process, of others once they are a day old."""
    now = time.monotonic()
    if now - _SWEPT.get((folder, names), -_SWEEP_EVERY) < _SWEEP_EVERY:
        return
    _SWEPT[folder, names] = now
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = names.fullmatch(entry.name)
            if found and entry.is_file(follow_symlinks=False) and _is_abandoned(entry, found.groupdict()):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - an entry of a folder, not a path


def _is_abandoned(entry: os.DirEntry[str], named: dict[str, str | None]) -> bool:
    if named.get("machine") and named["machine"] == _machine():
        return not _is_alive(int(named["process"] or 0))
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _FORGOTTEN


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


@functools.cache
def _machine() -> str:
    """A mark of those who know each other's processes: this machine since it was started, this container; empty where that is not told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return sha256(f"{boot} {os.readlink('/proc/self/ns/pid')}".encode())[:8] + "-"  # noqa: PTH115 - not the name of a file
    except OSError:
        return ""


def _nameless(folder: Path) -> int | None:
    """A new file in a folder that has no name yet (open(2), O_TMPFILE); None where there is no such thing, as on most shares."""
    if not hasattr(os, "O_TMPFILE") or not _HANDLES.is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError:
        return None  # who then writes a file with a name is told what is wrong


def refuse_other(data: bytes, target: Path) -> bool:
    """Whether the file is there with these bytes. Raises Rejected when it is there with others."""
    there = digest_of(target)
    if (there is not None and there != sha256(data)) or target.is_symlink():
        raise Rejected(f"{target} is there already with other content and is not overwritten. Choose another name.")
    return there is not None


def write(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file and wait for the disk. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        _put(data, file, mode)


def _put(data: bytes, file: BinaryIO, mode: int | None) -> None:
    if mode is not None:
        os.fchmod(file.fileno(), mode)
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def appear(draft: Path, target: Path) -> None:
    """Give a file its name, unless the name is taken. Raises OSError, Rejected."""
    try:
        name(draft, target)
    except FileExistsError:
        raise Rejected(f"{target} appeared meanwhile and is not overwritten. Look at it, then decide again.") from None


def name(draft: Path, target: Path) -> None:
    """Give a file its name. Raises FileExistsError where the name is taken, OSError for everything else."""
    try:
        _link(draft, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():  # a share without hard links: the name carries our key, nobody else uses it
            raise FileExistsError(errno.EEXIST, "File exists", str(target)) from error
        draft.rename(target)


def _link(draft: Path, target: Path) -> None:
    if draft.parent != _HANDLES:
        os.link(draft, target)
        return
    folder = os.open(target.parent, os.O_RDONLY)  # only with a folder does Python follow what /proc shows of an open file
    try:
        os.link(draft, target, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder last. Raises Uncertain if the disk refuses."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # not every share lets a folder be opened
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise Uncertain(
                f"{folder}: the disk did not confirm the new file: {error.strerror}. Look whether it is there."
            ) from error
    finally:
        os.close(handle)


def trouble(path: Path, error: OSError) -> KontoristError:
    """What an operating system's error means for us, in a sentence that says what to do."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(f"{path} may not be used: {error.strerror}. Give this user the right to read and write there.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"{path} cannot be written: the disk is full. Make room; it is tried again.")
    if error.errno == errno.ENAMETOOLONG:
        return Rejected(f"{path}: the name is too long.")
    return Unavailable(f"{path} cannot be used: {error.strerror or error}. It is tried again later.")
