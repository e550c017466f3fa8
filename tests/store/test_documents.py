"""Documents: kept under their hash, never changed, damage is noticed."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from kontorist.core.errors import NotFound, Unavailable
from kontorist.core.values import sha256
from kontorist.store import documents


def test_bytes_come_back_as_they_went_in(sqlite) -> None:
    for data in (b"", b"\0\xff" * 1000, "Grüße".encode()):
        digest = documents.put(sqlite, data)
        assert digest == sha256(data)
        assert documents.get(sqlite, digest) == data
    assert documents.get_many(sqlite, [digest]) == {digest: data}


def test_a_document_is_written_once_and_read_only(sqlite) -> None:
    place = documents.place(sqlite, documents.put(sqlite, b"x"))
    first = place.stat()
    documents.put(sqlite, b"x")
    assert place.stat().st_ino == first.st_ino
    assert stat.S_IMODE(first.st_mode) == 0o400
    assert [p.name for p in place.parent.iterdir()] == [place.name], "nothing half-written is left"


def test_a_damaged_document_is_noticed_and_mended_when_it_comes_again(sqlite) -> None:
    digest = documents.put(sqlite, b"right")
    place = documents.place(sqlite, digest)
    place.chmod(0o600)
    place.write_bytes(b"wrong")
    with pytest.raises(NotFound, match="was changed on disk"):
        documents.get(sqlite, digest)
    documents.put(sqlite, b"right")
    assert documents.get(sqlite, digest) == b"right"


def test_a_missing_document_is_named_with_what_to_do(sqlite) -> None:
    digest = documents.put(sqlite, b"x")
    documents.place(sqlite, digest).unlink()
    with pytest.raises(NotFound, match="restore it from the backup"):
        documents.get(sqlite, digest)


@pytest.mark.parametrize("name", ["", "../../kontorist.sqlite", "/etc/passwd", "x\0y", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_nothing_else_can_be_read_by_a_name(sqlite, name: str) -> None:
    with pytest.raises(NotFound, match="no such document"):
        documents.get(sqlite, name)


def test_the_same_document_at_the_same_moment(sqlite) -> None:
    together, digests = threading.Barrier(4), []

    def put() -> None:
        together.wait()
        digests.append(documents.put(sqlite, b"y" * 100_000))

    writers = [threading.Thread(target=put) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert documents.get(sqlite, digests[0]) == b"y" * 100_000
    assert len(list(documents.place(sqlite, digests[0]).parent.iterdir())) == 1


def test_where_nothing_can_be_stored_a_sentence_says_so(sqlite, tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="Nothing was lost"):
        documents.put(sqlite, b"x")


def test_a_full_disk_leaves_nothing_behind(sqlite, monkeypatch) -> None:
    import errno
    import os

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        documents.put(sqlite, b"x")
    assert not [p for p in sqlite.data_dir.rglob("documents/**/*") if p.is_file()]


def test_known_documents_are_registered_once(database) -> None:
    sizes = {sha256(b"a"): 1, sha256(b"b"): 1}
    for _ in range(2):
        with database.write() as connection:
            documents.register(connection, sizes)
            documents.register(connection, {})
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM documents").scalar() == 2
