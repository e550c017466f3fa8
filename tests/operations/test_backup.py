"""A backup of a running office comes back whole, or not at all, and does nothing until a person says so."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kontorist.cli import app
from kontorist.core.errors import KontoristError, NotApproved, Unavailable
from kontorist.store import audit, backup, documents, instance, restore
from kontorist.store.cases import DocumentRef
from kontorist.store.database import Database, embedded_url, open_database
from tests.store.offices import approve, claim, propose, take_in


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is no data folder."""
    return tmp_path_factory.mktemp("outside")


@pytest.fixture
def office(database: Database) -> Database:
    """An office with a document, an import, a cache and something approved."""
    digest = documents.put(database, b"an invoice")
    take_in(database, "with-document", documents=[DocumentRef("a.pdf", "application/pdf", "attachment", digest, 10)])
    approve(database, propose(database))
    for name in ("imports/erp/new.csv", "cache/erp.sqlite", "prefect/server.log"):
        (database.data_dir / name).parent.mkdir(parents=True)
        (database.data_dir / name).write_text(name)
    return database


@pytest.fixture
def small(sqlite: Database) -> Database:
    """An office with something approved."""
    approve(sqlite, propose(sqlite))
    return sqlite


def opened(folder: Path) -> Database:
    return open_database(folder, embedded_url(folder))


def test_what_was_backed_up_is_there_again_and_executes_only_after_adoption(office: Database, outside: Path) -> None:
    file, folder = outside / "office.tar.gz", outside / "again"
    made = backup.write(office, file)
    found = restore.restore(file, folder)
    assert (found.files, found.size) == (made.files, made.size)
    assert sorted(p.name for p in folder.iterdir()) == ["documents", "imports", "kontorist.sqlite"]
    again = opened(folder)
    with again.read() as there, office.read() as here:
        assert audit.verify(there) == audit.verify(here)
    assert documents.get(again, next((folder / "documents").rglob("*/*")).name) == b"an invoice"
    with pytest.raises(NotApproved, match="kontorist adopt"):
        claim(again)
    assert instance.adopt(again, "petra") == 1
    assert claim(again) == []
    again.close()


def test_a_backup_never_executes_what_was_approved_even_when_nothing_was_ever_executed(small: Database, outside: Path) -> None:
    backup.write(small, outside / "b.tar.gz")
    assert len(claim(small)) == 1
    restore.restore(outside / "b.tar.gz", outside / "again")
    again = opened(outside / "again")
    with pytest.raises(NotApproved):
        claim(again)
    again.close()


def test_a_backup_made_while_the_office_writes_is_one_moment(sqlite: Database, outside: Path) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            take_in(sqlite, f"busy-{(number := number + 1)}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            backup.write(sqlite, outside / f"{n}.tar.gz")
    finally:
        done.set()
        writer.join()
    for n in range(5):
        assert restore.restore(outside / f"{n}.tar.gz", outside / f"again-{n}").events > 0


def test_a_backup_is_for_its_owner_only_and_never_overwrites(small: Database, outside: Path) -> None:
    file = outside / "b.tar.gz"
    backup.write(small, file)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(KontoristError, match="exists already"):
        backup.write(small, file)
    with pytest.raises(KontoristError, match="lost with it"):
        backup.write(small, small.data_dir / "b.tar.gz")


def test_a_folder_in_use_is_not_restored_into(small: Database, outside: Path) -> None:
    backup.write(small, outside / "b.tar.gz")
    with pytest.raises(KontoristError, match="is not empty"):
        restore.restore(outside / "b.tar.gz", small.data_dir)


def archive(file: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


def refused(file: Path, folder: Path, why: str) -> None:
    with pytest.raises(KontoristError, match=why):
        restore.restore(file, folder)
    assert list(folder.iterdir()) == []


def test_what_is_no_backup_is_refused(outside: Path) -> None:
    again = outside / "again"
    (outside / "letter").write_text("Dear Sir")
    refused(outside / "letter", again, "no archive")
    refused(archive(outside / "photos", {"a.jpg": b""}), again, "no manifest")
    refused(archive(outside / "evil", {"../evil": b""}), again, "no backup of an office has")
    newer = json.dumps({"format": "kontorist-backup-9", "sha256": {}}).encode()
    refused(archive(outside / "newer", {"manifest.json": newer}), again, "kontorist-backup-9")


def test_a_damaged_or_cut_off_backup_is_refused(small: Database, outside: Path) -> None:
    file, again = outside / "b.tar.gz", outside / "again"
    backup.write(small, file)
    whole = file.read_bytes()
    (outside / "cut").write_bytes(whole[: len(whole) // 2])
    refused(outside / "cut", again, "cut off")
    tar = bytearray(gzip.decompress(whole))
    tar[512 + 5000] ^= 1
    (outside / "changed").write_bytes(gzip.compress(tar))
    refused(outside / "changed", again, "not what its manifest says, the first is kontorist.sqlite")


def test_a_document_that_is_gone_is_named(office: Database, outside: Path) -> None:
    next((office.data_dir / "documents").rglob("*/*")).unlink()
    backup.write(office, outside / "b.tar.gz")
    refused(outside / "b.tar.gz", outside / "again", "is missing in it")


def test_a_full_disk_leaves_no_half_backup(small: Database, outside: Path) -> None:
    folder = outside / "small-disk"
    folder.mkdir()
    code = (
        "import resource, sys, signal; from pathlib import Path; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from kontorist.store import backup; from kontorist.store.database import open_database, embedded_url\n"
        "d = Path(sys.argv[1]); store = open_database(d, embedded_url(d))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: backup.write(store, Path(sys.argv[2]))\nexcept Exception as e: print(type(e).__name__, e)\n"
    )
    args = [sys.executable, "-c", code, str(small.data_dir), str(folder / "b.tar.gz")]
    said = subprocess.run(args, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"{Unavailable.__name__} The backup")
    assert list(folder.iterdir()) == []


def test_backup_and_restore_from_a_shell(small: Database, outside: Path) -> None:
    run = CliRunner()
    file = str(outside / "b.tar.gz")
    made = run.invoke(app, ["backup", file, "--data", str(small.data_dir), "--json"])
    assert json.loads(made.stdout)["files"] == 1
    back = run.invoke(app, ["restore", file, "--data", str(outside / "again")])
    assert "executes nothing until an admin says so" in back.stdout
