"""What is older than the office keeps it is forgotten, to the second; what is newer, open or proof stays."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from kontorist.store import audit, documents, office_state, retention
from kontorist.store.cases import DocumentRef
from kontorist.store.database import Database
from kontorist.store.retention import Keep
from kontorist.store.tables import cases, journal
from tests.store.offices import approve, case, propose, take_in

NOW = datetime(2036, 11, 24, 3, 0, tzinfo=UTC)
KEEP = Keep(timedelta(days=3650), timedelta(days=30))
LIMIT = NOW - KEEP.cases


def ended(database: Database, key: str, at: datetime, state: str = "done", content: bytes = b"letter") -> int:
    """A case with a document and a journal that ended then."""
    digest = documents.put(database, content)
    old = (at - timedelta(days=1)).timestamp()
    os.utime(documents.place(database, digest), (old, old))
    refs = [DocumentRef("a.txt", "text/plain", "attachment", digest, len(content))]
    (number,) = take_in(database, key, documents=refs)
    entry = {"case_id": number, "round": 0, "path": "0", "seq": 0, "step": "a", "kind": "agent", "flow": "orders"}
    with database.write() as connection:
        connection.execute(insert(journal).values(**entry, output={"name": "Müller"}, ms=1.0, voided=False, at=at))
        connection.execute(update(cases).where(cases.c.id == number).values(state=state, updated=at))
        connection.execute(documents.documents.update().where(documents.documents.c.sha256 == digest).values(created=at))
    return number


def journalled(database: Database) -> list[int]:
    with database.read() as connection:
        return sorted(connection.execute(select(journal.c.case_id)).scalars())


def test_the_limit_is_kept_to_the_second(database: Database) -> None:
    over = ended(database, "over", LIMIT, content=b"one")
    kept = ended(database, "kept", LIMIT + timedelta(seconds=1), content=b"two")
    assert retention.apply(database, KEEP, NOW) == (1, 1)
    assert journalled(database) == [kept]
    assert (case(database, over).title, case(database, over).data, case(database, over).documents) == ("—", {}, [])
    assert documents.get(database, case(database, kept).documents[0].sha256) == b"two"
    assert retention.apply(database, KEEP, NOW) == (0, 0), "once is enough"
    with database.read() as connection:
        assert audit.verify(connection).problem == ""


@pytest.mark.parametrize("state", ["runnable", "waiting", "unclear", "failed"])
def test_a_case_that_has_not_ended_is_never_forgotten(sqlite: Database, state: str) -> None:
    number = ended(sqlite, "open", LIMIT - timedelta(days=900), state)
    assert retention.apply(sqlite, KEEP, NOW) == (0, 0)
    assert journalled(sqlite) == [number]


def test_a_case_with_an_open_action_is_kept(sqlite: Database) -> None:
    number = ended(sqlite, "approved", LIMIT)
    approve(sqlite, propose(sqlite, number))
    with sqlite.write() as connection:
        connection.execute(update(cases).values(updated=LIMIT))
    assert retention.apply(sqlite, KEEP, NOW) == (0, 0)


def test_a_document_that_another_case_needs_stays(sqlite: Database) -> None:
    ended(sqlite, "over", LIMIT)
    kept = ended(sqlite, "kept", NOW)
    with sqlite.write() as connection:
        connection.execute(update(cases).where(cases.c.id != kept).values(updated=LIMIT))
    assert retention.apply(sqlite, KEEP, NOW) == (1, 0)
    assert documents.get(sqlite, case(sqlite, kept).documents[0].sha256) == b"letter"


def test_a_document_stored_again_a_moment_ago_is_not_swept_away(sqlite: Database) -> None:
    ended(sqlite, "over", LIMIT)
    digest = documents.put(sqlite, b"letter")
    now = datetime.now(UTC)
    assert retention.apply(sqlite, Keep(now - LIMIT, KEEP.passes), now) == (1, 0)
    assert documents.get(sqlite, digest) == b"letter"


def test_accounts_of_passes_go_after_their_own_limit(sqlite: Database) -> None:
    with sqlite.write() as connection:
        for run, ago in (("old", timedelta(days=30)), ("new", timedelta(days=30) - timedelta(seconds=1))):
            office_state.begin_pass(connection, run, run)
            connection.execute(retention.passes.update().where(retention.passes.c.run == run).values(ended=NOW - ago))
    retention.apply(sqlite, KEEP, NOW)
    with sqlite.read() as connection:
        assert (office_state.pass_url(connection, "old"), office_state.pass_url(connection, "new")) == ("", "new")


def test_it_is_done_once_a_day(sqlite: Database) -> None:
    assert [retention.nightly(sqlite, KEEP) for _ in range(2)] == [True, False]
    with sqlite.write() as connection:
        office_state.put(connection, "retention.last", datetime.now(UTC) - retention.EVERY)
    assert retention.nightly(sqlite, KEEP)


def test_many_cases_go_in_portions(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for n in range(5):
        ended(sqlite, f"over-{n}", LIMIT)
    assert retention.apply(sqlite, KEEP, NOW) == (5, 1)
    with sqlite.read() as connection:
        assert connection.execute(select(func.count()).select_from(journal)).scalar() == 0
