"""Documents: bytes under their SHA-256 in the data folder, written once, never changed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select

from kontorist.core import private
from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound, Unavailable
from kontorist.core.values import sha256
from kontorist.store.database import Database
from kontorist.store.many import insert_new
from kontorist.store.tables import case_documents, documents

_DIGEST = re.compile("[0-9a-f]{64}")


def place(database: Database, digest: str) -> Path:
    """Where a document lies."""
    return database.data_dir / "documents" / digest[:2] / digest


def put(database: Database, data: bytes) -> str:
    """Keep bytes, on disk when this returns; call it before the transaction that refers to them. Returns the SHA-256."""
    digest = sha256(data)
    target = place(database, digest)
    try:
        if target.exists() and sha256(target.read_bytes()) == digest and _freshened(target):
            return digest
        private.make_folder(target.parent)
        _write(target, data, durable=database.durable)
        if database.durable:
            _sync_folder(target.parent)
    except OSError as error:
        raise Unavailable(
            f"A document cannot be stored in {target.parent}: {error.strerror}. Nothing was lost; the next run tries again."
        ) from error
    return digest


def _freshened(target: Path) -> bool:
    """Mark a document that is there already as needed again, so that it is not swept away; False if it just was."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def sweep(database: Database, before: datetime) -> int:
    """Delete files that no case refers to and that nobody stored since; returns how many."""
    with database.read() as connection:
        known = set(connection.execute(select(documents.c.sha256)).scalars())
    found = (database.data_dir / "documents").glob("[0-9a-f][0-9a-f]/*")
    return sum(_removed(p, before) for p in found if p.name not in known and _is_older(p, before))


def forget(database: Database, digests: Sequence[str]) -> int:
    """Delete these documents at once unless some case has them (again); returns how many."""
    moment = utcnow()
    with database.write() as connection:
        used = set(connection.execute(select(case_documents.c.sha256).where(case_documents.c.sha256.in_(digests))).scalars())
        gone = [d for d in digests if d not in used]
        connection.execute(delete(documents).where(documents.c.sha256.in_(gone)))
    places = [place(database, digest) for digest in gone]
    return sum(_removed(p, moment) for p in places if p.exists() and _is_older(p, moment))


def _is_older(path: Path, moment: datetime) -> bool:
    return path.stat().st_mtime < moment.timestamp()


def _removed(path: Path, before: datetime) -> bool:
    """Delete a file, unless it is stored again at this very moment: it is put aside, and looked at once more."""
    aside = path.with_name(f".new-gone-{path.name}")
    path.rename(aside)
    if _is_older(aside, before):
        aside.unlink()
        return True
    aside.replace(path)
    return False


def _write(target: Path, data: bytes, *, durable: bool) -> None:
    file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False)  # noqa: SIM115 - closed below
    new = Path(file.name)
    try:
        with file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        new.chmod(0o400)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def register(connection: Connection, sizes: dict[str, int]) -> None:
    """Note documents (SHA-256 → size) that are not known yet."""
    rows = [{"sha256": d, "size": sizes[d], "created": utcnow()} for d in sorted(sizes)]
    if rows:
        connection.execute(insert_new(connection, documents, rows))


def get(database: Database, digest: str) -> bytes:
    """The bytes of a document. Raises NotFound when it is gone or was changed on disk."""
    if not _DIGEST.fullmatch(digest):
        raise NotFound("There is no such document: its name is a SHA-256.")
    try:
        data = place(database, digest).read_bytes()
    except OSError as error:
        raise NotFound(
            f"The document {digest[:12]}… is not in {place(database, digest).parent}: restore it from the backup."
        ) from error
    if sha256(data) != digest:
        raise NotFound(f"The document {digest[:12]}… was changed on disk: restore it from the backup.")
    return data


def get_many(database: Database, digests: Sequence[str]) -> dict[str, bytes]:
    """The bytes of several documents by SHA-256."""
    return {d: get(database, d) for d in digests}
