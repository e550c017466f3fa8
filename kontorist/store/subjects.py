"""Finds what an office holds about a person: in cases, drafts, decisions, corrections and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select

from kontorist.core.errors import KontoristError
from kontorist.core.subject import Subject
from kontorist.reading import text_of
from kontorist.store import documents
from kontorist.store.database import Database
from kontorist.store.portions import is_row
from kontorist.store.tables import actions, approvals, case_documents, cases, metadata, revisions

Progress = Callable[[int, int], None]
_CHUNK = 500
_DERIVED = {"case_words"}
"""Tables that hold, in other words, what the others hold."""


@dataclass
class Found:
    """Where an office speaks of a person."""

    subject: Subject
    cases: dict[int, set[str]] = field(default_factory=dict)
    """Cases with where they do: a table (`cases`, `journal`), a document's name."""
    in_documents: set[int] = field(default_factory=set)
    """Cases that have a document about the person."""
    unread: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    """Documents with many people's rows, such as a bank statement, that name the person."""


def find(database: Database, subject: Subject, progress: Progress | None = None) -> Found:
    """Cases that speak of a person, and what could not be read."""
    found = Found(subject)
    for case_id, place in _in_tables(database, subject):
        found.cases.setdefault(case_id, set()).add(place)
    tables = _of_rows(database)
    shared: dict[str, str] = {}
    for row, problem in _in_documents(database, subject, progress):
        if problem:
            found.unread.append(f"case {row.case_id}: {row.name}: {problem}")
        elif row.case_id in tables:  # the case is one row of it
            shared.setdefault(row.sha256, f"case {row.case_id}: {row.name}")
        else:
            found.in_documents.add(row.case_id)
            found.cases.setdefault(row.case_id, set()).add(row.name)
    found.cases, found.shared = dict(sorted(found.cases.items())), list(shared.values())
    return found


def _of_rows(database: Database) -> set[int]:
    with database.read() as connection:
        rows = connection.execution_options(yield_per=_CHUNK).execute(select(cases.c.id, cases.c.data))
        return {row.id for row in rows if is_row(row.data)}


def _in_tables(database: Database, subject: Subject) -> Iterator[tuple[int, str]]:
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in _DERIVED or ("case_id" not in table.c and table not in (cases, revisions, approvals)):
                continue
            for row in connection.execution_options(yield_per=_CHUNK).execute(_query(table)):
                if any(subject.is_in(value) for value in row[1:]):
                    yield row[0], table.name


def _query(table: Table) -> Any:
    if table is cases:
        return select(cases.c.id, cases)
    if "case_id" in table.c:
        return select(table.c.case_id, table)
    return select(actions.c.case_id, table).join(actions, actions.c.id == table.c.action_id)


def _in_documents(database: Database, subject: Subject, progress: Progress | None) -> Iterator[tuple[Any, str]]:
    """Each document of a case that speaks of the person, or why it could not be read; each file is read once, whoever has it."""
    with database.read() as connection:
        rows = connection.execute(select(case_documents).order_by(case_documents.c.sha256)).all()
    digest, hit, problem = "", False, ""
    for position, row in enumerate(rows):
        if row.sha256 != digest:
            digest, (hit, problem) = row.sha256, _read(database, subject, row)
            _tell(progress, position, len(rows))
        if hit or problem:
            yield row, "" if hit else problem
    _tell(progress, len(rows), len(rows))


def _tell(progress: Progress | None, done: int, of: int) -> None:
    if progress is not None:
        progress(done, of)


def _read(database: Database, subject: Subject, row: Any) -> tuple[bool, str]:
    try:
        data = documents.get(database, row.sha256)
        if subject.is_in(data):
            return True, ""
        return any(subject.is_in(part.text) for part in text_of(row.name, row.media_type, data)), ""
    except KontoristError as error:
        return False, str(error)
