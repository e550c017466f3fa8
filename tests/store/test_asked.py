"""Whom an unclear case is for is repeated in columns; cases from before have them empty."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from kontorist.core.clock import utcnow
from kontorist.store import facets, leasing, tables, words
from kontorist.store.case_moves import Move, move
from kontorist.store.database import migrate
from kontorist.store.pending import pending
from tests.store.offices import case, take_in

OLD = {"kind": "look", "text": "Look at this."}


def unclear(database, case_id: int, question: dict) -> None:
    with database.write() as connection:
        leasing.take(connection, [case_id], "w", 60)
        move(connection, [Move(case_id, state="unclear", error="Look at this.", question=question)], "w")


def asked(database, case_id: int) -> tuple:
    columns = (tables.cases.c.deciders, tables.cases.c.escalate, tables.cases.c.due)
    with database.read() as connection:
        return tuple(connection.execute(select(*columns).where(tables.cases.c.id == case_id)).one())


def test_a_question_is_repeated_in_the_columns_of_its_case_until_the_case_moves_on(database) -> None:
    (case_id,), due = take_in(database, "key"), utcnow()
    unclear(database, case_id, {**OLD, "by": ["service", "anna"], "due": due, "escalate": "petra"})
    assert asked(database, case_id) == ("|service|anna|", "petra", due)
    with database.read() as connection:
        (one,) = pending(connection)
    assert (one.id, one.is_case, one.rule["by"], one.due) == (case_id, True, ["service", "anna"], due)
    with database.write() as connection:
        connection.execute(tables.cases.update().values(state="runnable", lease_owner="w"))
        move(connection, [Move(case_id, state="done")], "w")
    assert asked(database, case_id) == ("", "", None)


def test_an_office_of_before_keeps_its_questions(database) -> None:
    (case_id,) = take_in(database, "key")
    unclear(database, case_id, OLD)
    ours = Config()
    ours.set_main_option("script_location", str(Path(words.__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        ours.attributes["connection"] = connection
        command.downgrade(ours, "0011")
    migrate(database)
    assert asked(database, case_id) == ("", "", None)
    assert case(database, case_id).question == OLD
    with database.read() as connection:
        assert pending(connection) == []


def test_what_names_nobody_is_in_nobodys_list() -> None:
    empty = {"deciders": "", "escalate": "", "due": None}
    for question in (None, {}, OLD, {**OLD, "by": []}, "an old text"):
        assert facets.addressed(question) == empty
