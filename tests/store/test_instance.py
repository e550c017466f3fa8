"""A copied, moved or restored office does nothing until a person says that it is the one that acts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kontorist.core.errors import NotApproved, Unavailable
from kontorist.store import audit, instance, ledger
from kontorist.store.database import Database, open_database
from tests.store.offices import OLE, approve, claim, get, kinds, propose


def execute(database: Database, **values) -> int:
    """One action, done."""
    row = propose(database, **values)
    approve(database, row)
    (one,) = claim(database)
    one.permit.commit()
    ledger.done(database, one, {"file": "x"})
    return row.id


def backup(database: Database, folder: Path) -> Path:
    """A copy of the database file as it is now."""
    folder.mkdir()
    with database.engine.connect() as connection:
        connection.connection.driver_connection.rollback()
        connection.connection.driver_connection.execute(f"VACUUM INTO '{folder}/kontorist.sqlite'")
    return folder / "kontorist.sqlite"


@pytest.fixture
def office(sqlite: Database):
    """An office that has done something and has something approved."""
    execute(sqlite)
    approve(sqlite, propose(sqlite))
    return sqlite


def test_an_office_goes_on_after_a_restart(office: Database) -> None:
    again = open_database(office.data_dir, office.url)
    assert len(claim(again)) == 1
    again.close()


def test_a_new_office_with_several_workers_is_known_once(database) -> None:
    execute(database)
    execute(database)
    assert (database.data_dir / "instance.json").stat().st_mode & 0o007 == 0


def test_a_first_pass_that_lost_its_commit_leaves_an_office_that_works(database) -> None:
    approve(database, propose(database))
    with database.engine.connect() as connection:  # and the database goes away
        instance.check(database, connection)
    assert len(claim(database)) == 1


def refuses(database: Database, why: str) -> None:
    with pytest.raises(NotApproved, match=why) as refusal:
        claim(database)
    assert "kontorist adopt" in str(refusal.value)
    with database.read() as connection:
        assert audit.verify(connection).problem == ""


def test_a_copied_database_refuses(office: Database, tmp_path: Path) -> None:
    copy = backup(office, tmp_path / "copy")
    opened = open_database(copy.parent)
    refuses(opened, "without its data folder")
    opened.close()
    assert len(claim(office)) == 1, "the original goes on"


def test_a_copied_data_folder_refuses(office: Database, tmp_path: Path) -> None:
    copy = backup(office, tmp_path / "copy")
    shutil.copy2(office.data_dir / "instance.json", copy.parent)
    opened = open_database(copy.parent)
    refuses(opened, "is a copy")
    opened.close()


def test_a_moved_data_folder_goes_on(office: Database, tmp_path: Path) -> None:
    office.close()
    there = tmp_path / "there"
    there.mkdir()
    for name in ("kontorist.sqlite", "instance.json"):
        (office.data_dir / name).rename(there / name)
    opened = open_database(there)
    assert len(claim(opened)) == 1
    opened.close()


def test_a_restored_backup_does_not_repeat_what_was_done_since(office: Database, tmp_path: Path) -> None:
    before = backup(office, tmp_path / "backup")
    (one,) = claim(office)
    one.permit.commit()
    ledger.done(office, one, {"file": "x"})
    put_back(office, before)
    restored = open_database(office.data_dir)
    refuses(restored, "older than its data folder")
    assert instance.adopt(restored, "petra") == 1
    assert claim(restored) == []
    after = get(restored, one.row.id)
    assert (after.state, after.revision) == ("proposed", 2)
    assert "happened already" in after.warnings[-1]["text"]
    assert kinds(restored, "office")[-1] == "office.adopted"
    approve(restored, after)
    assert len(claim(restored)) == 1
    restored.close()


def put_back(office: Database, before: Path) -> None:
    """A backup under the hands of those who have the database open."""
    office.close()
    for name in ("kontorist.sqlite-wal", "kontorist.sqlite-shm"):
        (office.data_dir / name).unlink(missing_ok=True)
    shutil.copyfile(before, office.data_dir / "kontorist.sqlite")


def test_a_worker_whose_office_is_restored_under_its_hands_does_nothing_more(office: Database, tmp_path: Path) -> None:
    (one,) = claim(office)
    before = backup(office, tmp_path / "backup")
    execute(office)
    put_back(office, before)
    with pytest.raises(NotApproved, match="older than its data folder"):
        one.permit.commit()


def test_a_backup_from_before_the_first_effect_does_not_take_the_folder_for_new(sqlite: Database, tmp_path: Path) -> None:
    row = propose(sqlite)
    before = backup(sqlite, tmp_path / "backup")
    execute(sqlite)
    put_back(sqlite, before)
    approve(sqlite, row)
    refuses(sqlite, "another database")


def test_of_two_copies_adopted_one_after_the_other_only_the_last_one_acts(office: Database, tmp_path: Path) -> None:
    before = backup(office, tmp_path / "backup")
    instance.adopt(office, "petra")
    first = backup(office, tmp_path / "first")
    put_back(office, before)
    instance.adopt(office, "petra")
    approve(office, propose(office))
    put_back(office, first)
    approve(office, propose(office))
    refuses(office, "another database")


def test_what_was_undecided_in_a_backup_says_that_it_may_be_done_by_now(office: Database, tmp_path: Path) -> None:
    (one,) = claim(office)
    ledger.refused(office, one, "550 no such user")
    undecided, half = propose(office), propose(office, rule={"by": ["service"], "count": 2})
    approve(office, half)
    before = backup(office, tmp_path / "backup")
    execute(office)
    put_back(office, before)
    assert instance.adopt(office, "petra") == 0
    for row in (one.row, undecided, half):
        assert "happened already" in get(office, row.id).warnings[-1]["text"]
    assert approve(office, get(office, half.id), who=OLE) == ["proposed"]  # what the other one said was before


def test_another_database_in_the_same_folder_refuses(office: Database, tmp_path: Path) -> None:
    other = open_database(tmp_path / "other")
    execute(other)
    approve(other, propose(other))
    shutil.copy2(tmp_path / "other" / "instance.json", office.data_dir / "instance.json")
    refuses(office, "another database")
    other.close()


def test_adopting_a_copy_shuts_out_the_original_folder(office: Database) -> None:
    old = (office.data_dir / "instance.json").read_bytes()
    instance.adopt(office, "petra")
    (office.data_dir / "instance.json").write_bytes(old)
    approve(office, propose(office))
    refuses(office, "another database")


def test_adopting_asks_a_person_about_what_was_on_its_way(office: Database) -> None:
    (one,) = claim(office)
    one.permit.commit()
    approve(office, propose(office))
    (waiting,) = claim(office)
    assert instance.adopt(office, "petra") == 2
    assert get(office, one.row.id).state == "uncertain"
    assert get(office, waiting.row.id).state == "proposed"
    with pytest.raises(NotApproved):
        waiting.permit.commit()


def test_a_damaged_file_is_named(office: Database) -> None:
    (office.data_dir / "instance.json").write_text("not json")
    with pytest.raises(Unavailable, match=r"instance\.json"):
        claim(office)
    instance.adopt(office, "petra")
    approve(office, propose(office))
    assert len(claim(office)) == 1


def test_where_the_folder_cannot_be_written_nothing_happens(office: Database) -> None:
    (one,) = claim(office)
    (office.data_dir / "instance.json").unlink()
    with pytest.raises(NotApproved, match="without its data folder"):
        one.permit.commit()
    assert not one.permit.committed
    ledger.postpone(office, one, "the disk")
    assert get(office, one.row.id).state == "approved"
