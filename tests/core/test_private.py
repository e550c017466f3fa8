"""What Kontorist makes for itself nobody else on the machine may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import doctor
from kontorist.core import private
from kontorist.core.office import Office, load_office
from kontorist.store import documents
from kontorist.store.database import embedded_url, open_database


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most machines have: everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a new office with a document in it."""
    folder = tmp_path / "new" / "data"
    database = open_database(folder, embedded_url(folder))
    documents.put(database, b"a letter")
    with database.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_folder_is_closed_and_so_is_all_in_it(data: Path):
    assert mode(data) == 0o700
    assert {mode(p) for p in data.rglob("*") if p.is_dir()} == {0o700}
    files = {p.name: mode(p) for p in data.rglob("*") if p.is_file()}
    assert files["kontorist.sqlite"] == 0o600
    assert [name for name, rights in files.items() if rights & 0o077] == []


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o751)
    private.make_folder(shared / "documents" / "ab")
    assert (mode(shared), mode(shared / "documents"), mode(shared / "documents" / "ab")) == (0o751, 0o700, 0o700)
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        private.make_folder(tmp_path / "file")


def test_doctor_says_where_others_may_read_secrets(tmp_path: Path):
    office = load_office(Path(__file__).parents[2] / "config")
    office.directory = tmp_path
    tmp_path.chmod(0o755)
    (tmp_path / ".env").write_text("MAIL_PASSWORD=x")
    assert "chmod go= " in said(office, tmp_path)["secrets"]
    (tmp_path / ".env").chmod(0o600)
    assert "secrets" not in said(office, tmp_path)


def said(office: Office, data: Path) -> dict[str, str]:
    office.connections.clear()
    office.settings.models.clear()
    return {found["what"]: found["message"] for found in doctor.examine(office, data / "data")}


def test_doctor_says_what_of_an_older_office_others_may_read(data: Path):
    assert doctor._privacy(data)["ok"] is True
    data.chmod(0o755)
    assert doctor._privacy(data)["ok"] is True, "what is in it is closed by itself"
    (data / "kontorist.sqlite").chmod(0o644)
    (data / "documents").chmod(0o755)
    (data / "scans").mkdir()  # shared with the scanner: not ours to judge
    found = doctor._privacy(data)
    assert (found["ok"], "documents, kontorist.sqlite in" in found["message"]) == (False, True)
    assert "chmod -R go= documents kontorist.sqlite`" in found["message"]
    data.chmod(0o700)
    assert doctor._privacy(data)["ok"] is True
