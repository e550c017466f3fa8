"""Reads a backup back into an empty data folder; the office then executes nothing until an admin adopts it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select

from kontorist.core import private
from kontorist.core.errors import KontoristError
from kontorist.store import audit, documents, instance
from kontorist.store.backup import DATABASE, FORMAT, MANIFEST, Backup, no_room
from kontorist.store.database import Database, embedded_url, open_database
from kontorist.store.tables import documents as documents_table

_BLOCK = 1 << 20


def restore(file: Path, data_dir: Path) -> Backup:
    """Verify everything, then put it into the data folder: all of it or nothing."""
    if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
        raise KontoristError(f"{data_dir} is not empty: name a new data folder with --data. Nothing was changed.")
    if not file.is_file():
        raise KontoristError(f"There is no backup {file}.")
    try:
        private.make_folder(data_dir)
        with tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as staging:
            found = _unpack(file, Path(staging))
            events = _examine(Path(staging), file)
            for path in Path(staging).iterdir():
                shutil.move(path, data_dir / path.name)
    except OSError as error:
        raise no_room(error, f"{file} cannot be restored", f"{data_dir} is as empty as it was.") from error
    return Backup(found.files, found.size, events)


def _unpack(file: Path, folder: Path) -> Backup:
    sums: dict[str, str] = {}
    size = 0
    manifest = b""
    try:
        with tarfile.open(file, "r:*") as tar:
            for member in tar:
                if member.name == MANIFEST:
                    manifest = _read(tar, member)
                    continue
                target = folder / _safe(member, file)
                private.make_folder(target.parent)
                sums[member.name] = _write(tar, member, target)
                size += member.size
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _wrong(file, "it is damaged, cut off, or no archive") from error
    _compare(sums, _manifest(manifest, file), file)
    return Backup(len(sums), size)


def _wrong(file: Path, why: str) -> KontoristError:
    return KontoristError(f"{file} cannot be restored: {why}. Take another backup; nothing was changed.")


def _safe(member: tarfile.TarInfo, file: Path) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if not member.isreg() or path.is_absolute() or ".." in path.parts or path.parts[:1] == ("instance.json",):
        raise _wrong(file, f"it holds '{member.name}', which no backup of an office has")
    return path


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = tar.extractfile(member)
    return source.read() if source else b""


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    digest, source = hashlib.sha256(), tar.extractfile(member)
    with target.open("xb") as out:
        while source and (block := source.read(_BLOCK)):
            digest.update(block)
            out.write(block)
    target.chmod(0o400 if member.name.startswith("documents/") else 0o600)
    return digest.hexdigest()


def _manifest(data: bytes, file: Path) -> dict[str, str]:
    try:
        found: Any = json.loads(data)
        if found["format"] != FORMAT:
            raise _wrong(file, f"its format is '{found['format']}', this version reads '{FORMAT}'")
        return dict(found["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong(file, "it has no manifest, so it is no backup of an office, or not all of one") from error


def _compare(found: dict[str, str], expected: dict[str, str], file: Path) -> None:
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if wrong:
        raise _wrong(file, f"{len(wrong)} of its files are not what its manifest says, the first is {wrong[0]}")
    if DATABASE not in found:
        raise _wrong(file, "it has no database")


def _examine(folder: Path, file: Path) -> int:
    """The audit chain and the documents fit; the database knows that it is a copy. Returns the number of events."""
    database = open_database(folder, embedded_url(folder))
    try:
        with database.write() as connection:
            verdict = audit.verify(connection)
            if verdict.problem:
                raise _wrong(file, f"its audit chain is broken: {verdict.problem}")
            for digest in connection.execute(select(documents_table.c.sha256)).scalars():
                _require_document(database, digest, file)
            instance.disown(connection)
        return verdict.events
    finally:
        database.close()


def _require_document(database: Database, digest: str, file: Path) -> None:
    if not documents.place(database, digest).is_file():
        raise _wrong(file, f"the document {digest[:12]}… is missing in it")
