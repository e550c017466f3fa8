"""Saved filters: lists that somebody looks at often, by a name of their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, delete, func, insert, select

from kontorist.core.errors import Rejected
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.sign_in import safe_path
from kontorist.inbox.viewer import FromForm
from kontorist.store.tables import filters

router = APIRouter()
AT_MOST = 20


def of(connection: Connection, person: str) -> list[Any]:
    """A person's saved filters, oldest first."""
    return list(connection.execute(select(filters).where(filters.c.person == person).order_by(filters.c.id)))


@router.post("/filters")
def save(desk: TheDesk, posted: FromForm) -> Response:
    """Keep the list that is shown under a name."""
    name, shown = posted.form.text("name").strip()[:60], safe_path(posted.form.text("query")[:500])
    if not name or urlsplit(shown).path != "/":
        raise Rejected("Give the filter a name.")
    with desk.database.write() as connection:
        keep(connection, posted.viewer.name, name, urlsplit(shown).query)
    return RedirectResponse(shown, 303)


def keep(connection: Connection, person: str, name: str, query: str) -> int:
    """Keep a list under a name; the number of the filter. Raises Rejected without a name, or when there are too many."""
    if not name.strip():
        raise Rejected("Give the filter a name.")
    if connection.execute(select(func.count()).where(filters.c.person == person)).scalar_one() >= AT_MOST:
        raise Rejected("You have twenty filters already; remove one first.")
    made = insert(filters).values(person=person, name=name.strip(), query=query).returning(filters.c.id)
    return int(connection.execute(made).scalar_one())


def forget(connection: Connection, person: str, number: int) -> None:
    """Forget a filter of this person."""
    connection.execute(delete(filters).where(filters.c.id == number, filters.c.person == person))


@router.post("/filters/{number}/remove")
def remove(desk: TheDesk, posted: FromForm, number: int) -> Response:
    """Forget a filter of one's own."""
    with desk.database.write() as connection:
        forget(connection, posted.viewer.name, number)
    return RedirectResponse("/", 303)
