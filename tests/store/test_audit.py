"""The audit chain: whatever is changed, taken out or cut off is named; nothing is changed by the way."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import DatabaseError

from kontorist.core.audit import GENESIS
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.database import Database
from tests.store.offices import approve, edit, propose


def say(database: Database, *kinds: str) -> None:
    with database.write() as connection:
        audit.append(connection, [Event(k, "anna", "case:1", {"n": i, "text": "Grüße 😀"}) for i, k in enumerate(kinds)])


def verdict(database: Database) -> audit.Verdict:
    with database.read() as connection:
        return audit.verify(connection)


def tamper(database: Database, *statements: str) -> None:
    """What somebody with the file and the right tools could do: the triggers off, then a change."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for verb in ("update", "delete", "replace"):
                connection.exec_driver_sql(f"DROP TRIGGER events_no_{verb}")
        else:
            connection.exec_driver_sql("DROP TRIGGER events_append_only ON events")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_an_empty_chain_and_a_grown_one_verify(database) -> None:
    assert verdict(database) == audit.Verdict(0)
    say(database, "a", "b")
    say(database, "c")
    assert verdict(database) == audit.Verdict(3)
    with database.read() as connection:
        events = list(audit.read(connection, "case:1"))
        assert audit.latest(connection) == (3, events[-1]["at"])
    assert [e["kind"] for e in events] == ["a", "b", "c"]
    assert [e["previous"] for e in events] == [GENESIS, events[0]["hash"], events[1]["hash"]]
    assert events[0]["data"] == {"n": 0, "text": "Grüße 😀"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET data = replace(data, 'Gr', 'gr') WHERE seq = 2",
        "UPDATE events SET data = 'no json' WHERE seq = 2",
        "UPDATE events SET data = '[1]' WHERE seq = 2",
        "UPDATE events SET actor = 'ole' WHERE seq = 2",
        "UPDATE events SET subject = 'case:2' WHERE seq = 2",
        "UPDATE events SET kind = 'd' WHERE seq = 2",
        "UPDATE events SET at = replace(at, '20', '19') WHERE seq = 2",
        "UPDATE events SET at = 'yesterday' WHERE seq = 2",
        "UPDATE events SET hash = 'x' || substr(hash, 2) WHERE seq = 2",
        "UPDATE events SET previous = hash WHERE seq = 2",
    ],
)
def test_a_changed_event_is_named(database, change: str) -> None:
    say(database, "a", "b", "c")
    tamper(database, change)
    assert "event 2 " in verdict(database).problem
    assert verdict(database).events == 1


def test_a_byte_that_is_no_text_is_noticed(sqlite) -> None:
    say(sqlite, "a", "b", "c")
    tamper(sqlite, "UPDATE events SET data = CAST(x'7bff7d' AS TEXT) WHERE seq = 2")
    assert "was changed" in verdict(sqlite).problem


@pytest.mark.parametrize(("seq", "problem"), [(1, "event 1 is missing"), (2, "event 2 is missing"), (3, "its end was cut off")])
def test_a_deleted_event_is_named(database, seq: int, problem: str) -> None:
    say(database, "a", "b", "c")
    tamper(database, f"DELETE FROM events WHERE seq = {seq}")
    assert problem in verdict(database).problem


@pytest.mark.parametrize("remembered", ["", "DELETE FROM state WHERE name = 'audit.tip'"])
def test_a_chain_without_its_end_or_its_tip_is_noticed(database, remembered: str) -> None:
    say(database, "a", "b", "c")
    tamper(database, "DELETE FROM events WHERE seq > 1", *([remembered] if remembered else []))
    assert "its end was cut off" in verdict(database).problem


def test_an_emptied_chain_is_noticed(database) -> None:
    say(database, "a")
    tamper(database, "DELETE FROM events")
    assert "its end was cut off" in verdict(database).problem


def test_events_in_another_order_are_noticed(database) -> None:
    say(database, "a", "b")
    swap = [
        "UPDATE events SET seq = 9 WHERE seq = 1",
        "UPDATE events SET seq = 1 WHERE seq = 2",
        "UPDATE events SET seq = 2 WHERE seq = 9",
    ]
    tamper(database, *swap)
    assert "event 1 " in verdict(database).problem


STATEMENTS = [
    "UPDATE {} SET {} = 'x'",
    "DELETE FROM {}",
    "DELETE FROM {} WHERE 1 = 1",
]


@pytest.mark.parametrize(("table", "column"), [("events", "actor"), ("approvals", "person"), ("revisions", "reason")])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_was_written_is_neither_changed_nor_deleted(database, table: str, column: str, statement: str) -> None:
    row = propose(database)
    approve(database, row)
    edit(database, row, {"text": "new"})
    with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table, column))


@pytest.mark.parametrize("table", ["events", "approvals", "revisions"])
def test_what_was_written_is_not_replaced_either(sqlite, table: str) -> None:
    approve(sqlite, propose(sqlite))
    with pytest.raises(DatabaseError, match="append-only"), sqlite.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_what_was_written_is_not_truncated(postgres, tmp_path) -> None:
    database = Database(postgres.new_database(), tmp_path)
    say(database, "a")
    with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE events")
    database.close()


def test_writers_at_once_make_one_chain(database) -> None:
    together = threading.Barrier(4)

    def write(name: str) -> None:
        together.wait()
        for i in range(5):
            say(database, f"{name}{i}", "more")

    writers = [threading.Thread(target=write, args=(n,)) for n in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert verdict(database) == audit.Verdict(40)


def test_what_did_not_happen_leaves_no_event(database) -> None:
    def fail() -> None:
        with database.write() as connection:
            audit.append(connection, [Event("a", "anna", "office", {})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    say(database, "b")
    assert verdict(database) == audit.Verdict(1)


def test_words_of_broken_mails_do_not_break_the_chain(database) -> None:
    with database.write() as connection:
        audit.append(connection, [Event("a", "anna", "office", {"comment": "nul \0 half \ud800"})])
    assert verdict(database) == audit.Verdict(1)
