"""What a case held can be forgotten; that it was there, and what was decided on which bytes, cannot."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from kontorist.core.values import sha256
from kontorist.store import audit, forgetting
from kontorist.store.cases import DocumentRef
from kontorist.store.database import Database
from kontorist.store.tables import approvals, metadata, revisions
from tests.store.offices import approve, case, get, propose, take_in

SECRET = "Gundula"


def secretive(database: Database) -> tuple[int, int]:
    """A case and its action, with a name everywhere."""
    refs = [DocumentRef(f"{SECRET}.txt", "text/plain", "attachment", sha256(b"x"), 1)]
    (number,) = take_in(database, "k", title=SECRET, data={"mail": SECRET}, source=SECRET, documents=refs, thread=[SECRET])
    row = propose(database, number, payload={"to": SECRET}, sentence=SECRET, origins={"to": SECRET}, rests_on={"who": SECRET})
    approve(database, row, comment=f"{SECRET} has called")
    return number, row.id


def everything(database: Database) -> str:
    with database.read() as connection:
        tables = [t for t in metadata.sorted_tables if t.name != "events"]
        rows = [list(map(repr, row)) for table in tables for row in connection.execute(select(table))]
    return str(rows)


def test_the_contents_go_and_the_proof_stays(database: Database) -> None:
    number, action = secretive(database)
    before = get(database, action)
    assert SECRET in everything(database)
    with database.write() as connection:
        forgetting.empty(connection, [number], "petra")
    assert SECRET not in everything(database)
    after = get(database, action)
    assert (after.sha256, after.state, after.revision) == (before.sha256, before.state, before.revision)
    assert case(database, number).title == "—"
    with database.read() as connection:
        assert connection.execute(select(approvals.c.person, approvals.c.sha256)).all() == [("anna", before.sha256)]
        assert audit.verify(connection).problem == ""
    assert take_in(database, "k") == [], "the same item is not taken in again"


@pytest.mark.parametrize("values", [{"payload": b"{}", "reason": "", "sha256": "0" * 64}, {"payload": b"[]", "reason": ""}])
def test_a_version_that_was_shown_is_emptied_or_left_as_it_is(database: Database, values: dict[str, object]) -> None:
    secretive(database)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as connection:
        connection.execute(update(revisions).values(values))


@pytest.mark.parametrize("values", [{"comment": "", "person": "ole"}, {"comment": "of course"}, {"comment": "", "expires": None}])
def test_a_decision_is_emptied_or_left_as_it_is(database: Database, values: dict[str, object]) -> None:
    secretive(database)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as connection:
        connection.execute(update(approvals).values(values))
