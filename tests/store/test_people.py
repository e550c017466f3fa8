"""Who may sign in: passwords, pauses after wrong guesses, sessions that end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from kontorist.core.errors import AccessDenied, NotFound
from kontorist.store import audit, people, tables, tokens
from kontorist.store.people import Session


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch) -> None:
    """The same argon2id, cheap enough for many sign-ins; the real settings are tested by name below."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(people, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(people, "_DUMMY", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("x"))


def add(database, name: str = "anna", password: str = "Blumenkohl 7") -> None:
    with database.write() as connection:
        people.add(connection, name, password, "petra")


def sign_in(database, password: str = "Blumenkohl 7", name: str = "anna") -> Session | None:
    with database.read() as connection:
        hashed = people.hash_of(connection, name)
    fitting = hashed if people.fits(hashed, password) else None
    with database.write() as connection:
        return people.sign_in(connection, name, fitting)


def living(database, session: Session) -> Session | None:
    with database.read() as connection:
        return people.session(connection, session.token)


def later(monkeypatch, **delta: float) -> None:
    """Let time pass, and then stand still."""
    moment = people.utcnow() + timedelta(**delta)
    monkeypatch.setattr(people, "utcnow", lambda: moment)


def test_the_right_password_opens_a_session(database) -> None:
    add(database)
    session = sign_in(database)
    assert living(database, session) == session
    assert session.person == "anna"
    for wrong in ("", "blumenkohl 7", "Blumenkohl 7 ", "Blumenkohl 7\0"):
        assert sign_in(database, wrong) is None
    assert sign_in(database, name="nobody") is None


def test_only_hashes_are_stored(database) -> None:
    add(database)
    session = sign_in(database)
    with database.read() as connection:
        stored = str(
            connection.exec_driver_sql("SELECT * FROM people").all() + connection.exec_driver_sql("SELECT * FROM sessions").all()
        )
    assert "$argon2id$" in stored
    assert "Blumenkohl" not in stored
    assert session.token not in stored


def test_unknown_names_take_as_long_as_known_ones(monkeypatch) -> None:
    from argon2 import extract_parameters

    monkeypatch.undo()
    assert extract_parameters(people._DUMMY) == extract_parameters(people._hasher().hash("x"))
    assert people.fits(people._DUMMY, "x") is False


def test_wrong_guesses_lock_the_name_for_growing_times(database, monkeypatch) -> None:
    add(database)
    for _ in range(5):
        assert sign_in(database, "wrong") is None
    with pytest.raises(AccessDenied, match=r"Try again in [12] seconds"):
        sign_in(database)
    pauses = []
    for _ in range(14):
        with database.read() as connection:
            until = connection.execute(select(tables.people.c.locked_until)).scalar()
        pauses.append((until - people.utcnow()).total_seconds())
        later(monkeypatch, seconds=pauses[-1] + 0.1)
        assert sign_in(database, "wrong") is None
    assert pauses[-1] > pauses[3] > pauses[0]
    assert max(pauses) <= 3600
    with database.read() as connection:
        assert "person.locked" in [e["kind"] for e in audit.read(connection, "office")]


def test_the_right_password_after_the_pause_forgets_the_failures(database, monkeypatch) -> None:
    add(database)
    for _ in range(5):
        sign_in(database, "wrong")
    later(monkeypatch, seconds=3)
    assert sign_in(database) is not None
    assert sign_in(database, "wrong") is None
    assert sign_in(database) is not None


def test_guesses_at_the_same_moment_are_all_counted(database) -> None:
    add(database)
    together = threading.Barrier(4)
    results = []

    def guess() -> None:
        together.wait()
        for _ in range(5):
            try:
                results.append(sign_in(database, "wrong"))
            except AccessDenied:
                results.append("locked")

    guessers = [threading.Thread(target=guess) for _ in range(4)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    assert results.count(None) <= 6
    assert len(results) == 20


def test_sessions_end(database, monkeypatch) -> None:
    add(database)
    idle, used, out = sign_in(database), sign_in(database), sign_in(database)
    with database.write() as connection:
        people.sign_out(connection, out.token)
    assert living(database, out) is None
    later(monkeypatch, hours=1.5)
    with database.write() as connection:
        people.touch(connection, used.token)
    later(monkeypatch, hours=1)
    assert living(database, idle) is None
    assert living(database, used) == used
    for _ in range(8):
        later(monkeypatch, hours=1.5)
        with database.write() as connection:
            people.touch(connection, used.token)
    assert living(database, used) is None, "twelve hours are over"


def test_a_guessed_token_opens_nothing(database) -> None:
    add(database)
    session = sign_in(database)
    for token in ("", "x", session.token[:-1], session.token + "=", "nul\0"):
        with database.read() as connection:
            assert people.session(connection, token) is None


def test_a_disabled_person_is_out_at_once(database) -> None:
    add(database)
    session = sign_in(database)
    with database.write() as connection:
        people.disable(connection, "anna", "petra")
    assert living(database, session) is None
    assert sign_in(database) is None
    with database.write() as connection, pytest.raises(NotFound):
        people.disable(connection, "nobody", "petra")
    with database.read() as connection:
        assert [(r.name, r.disabled) for r in people.listing(connection)] == [("anna", True)]


def test_a_new_password_ends_the_sessions(database) -> None:
    add(database)
    session = sign_in(database)
    add(database, password="Kohlrabi 8")
    assert living(database, session) is None
    assert sign_in(database) is None
    assert sign_in(database, "Kohlrabi 8") is not None


def test_a_new_password_and_a_lock_end_the_tokens_for_programs(database) -> None:
    for change in (lambda c: people.add(c, "anna", "Kohlrabi 8", "petra"), lambda c: people.disable(c, "anna", "petra")):
        add(database)
        with database.write() as connection:
            token = tokens.make(connection, "anna", "import")
            change(connection)
            connection.execute(tables.people.update().values(disabled=False))
        with database.read() as connection:
            assert tokens.person_of(connection, token) is None
            assert list(audit.read(connection, "office"))[-2]["data"] == {"person": "anna", "tokens": 1}


def test_a_damaged_hash_lets_nobody_in(database) -> None:
    add(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE people SET password = 'damaged'")
    assert sign_in(database) is None
