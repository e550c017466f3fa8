"""Writes a backup of an office as one .tar.gz while the office is at work: database, documents, data of its connections."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kontorist import __version__
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, Unavailable
from kontorist.store import copying
from kontorist.store.database import Database, embedded_url, open_database

FORMAT = "kontorist-backup-1"
MANIFEST = "manifest.json"
DATABASE = "kontorist.sqlite"
_LEFT_OUT = ("cache", "tokens", "prefect", "workers", "instance.json", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")
"""What can be made again, what is said in the snapshot, and what must never be in two places."""


@dataclass(frozen=True)
class Backup:
    """What was written or read back: files, bytes, audit events."""

    files: int
    size: int
    events: int = 0


def write(database: Database, file: Path) -> Backup:
    """Write the backup; it is complete and on disk when this returns, or there is none."""
    if file.exists():
        raise KontoristError(f"{file} exists already: name a new file. Nothing was written.")
    if database.data_dir.resolve() in file.resolve().parents:
        raise KontoristError(f"{file} lies in the data folder and would be lost with it: name a file elsewhere.")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}-") as folder:
            snapshot(database, Path(folder))
            part = Path(folder) / "part"
            made = _archive(Path(folder) / DATABASE, database.data_dir, part)
            part.chmod(0o600)
            part.replace(file)
    except Unavailable as error:
        raise Unavailable(f"The backup {file} cannot be written: {error}") from error
    except OSError as error:
        raise no_room(
            error, f"The backup {file} cannot be written", "Nothing of it was kept; the office is untouched."
        ) from error
    return made


def no_room(error: OSError, what: str, state: str) -> Unavailable:
    """The error as a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"{what}: the disk is full. Make room, or name another disk. {state}")
    return Unavailable(f"{what}: {error.strerror or error}. {state}")


def snapshot(database: Database, folder: Path) -> None:
    """The database as it is at one moment, as an embedded one; nobody has to wait meanwhile."""
    target = open_database(folder, embedded_url(folder))
    try:
        if database.is_sqlite:
            _copy_pages(database, target)
        else:
            with database.read() as here, target.engine.begin() as there:
                copying.copy_all(here, there)
    finally:
        target.close()


def _copy_pages(database: Database, target: Database) -> None:
    """SQLite's own online backup: it begins again when somebody writes, so all pages are taken in one go."""
    source, copy = database.engine.raw_connection(), target.engine.raw_connection()
    try:
        here: Any = source.driver_connection
        here.backup(copy.driver_connection)
    except database.engine.dialect.loaded_dbapi.Error as error:
        raise OSError(errno.ENOSPC if "full" in str(error) else errno.EIO, str(error)) from error
    finally:
        source.close()
        copy.close()


class _Hashing(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        data = self._source.read(size)
        self.digest.update(data)
        return data


def _archive(snapshot_file: Path, data_dir: Path, part: Path) -> Backup:
    sums: dict[str, str] = {}
    size = 0
    with part.open("wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
            for name, path in [(DATABASE, snapshot_file), *_files(data_dir)]:
                with _opened(path) as source:
                    if source is None:
                        continue  # a file of a connection that was moved on meanwhile
                    sums[name], length = _add(tar, name, source)
                    size += length
            _add(tar, MANIFEST, io.BytesIO(_manifest(sums)))
        raw.flush()
        os.fsync(raw.fileno())
    return Backup(len(sums), size)


def _files(data_dir: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(data_dir.rglob("*")):
        name = path.relative_to(data_dir)
        temporary = any(part.startswith((".new-", ".restore-")) for part in name.parts)
        if name.parts[0] not in _LEFT_OUT and not temporary and path.is_file() and not path.is_symlink():
            yield name.as_posix(), path


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file


def _add(tar: tarfile.TarFile, name: str, source: BinaryIO) -> tuple[str, int]:
    """Add one file; returns its SHA-256 and length."""
    info = tarfile.TarInfo(name)
    info.size = source.seek(0, os.SEEK_END)
    source.seek(0)
    info.mode, info.mtime = 0o600, int(utcnow().timestamp())
    hashing = _Hashing(source)
    tar.addfile(info, hashing)
    return hashing.digest.hexdigest(), info.size


def _manifest(sums: dict[str, str]) -> bytes:
    content = {"format": FORMAT, "version": __version__, "made": utcnow().isoformat(timespec="seconds"), "sha256": sums}
    return json.dumps(content, indent=1, sort_keys=True).encode()
