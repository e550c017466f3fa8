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
    person = posted.viewer.name
    with desk.database.write() as connection:
        if connection.execute(select(func.count()).where(filters.c.person == person)).scalar_one() >= AT_MOST:
            raise Rejected("You have twenty filters already; remove one first.")
        connection.execute(insert(filters).values(person=person, name=name, query=urlsplit(shown).query))
    return RedirectResponse(shown, 303)


@router.post("/filters/{number}/remove")
def remove(desk: TheDesk, posted: FromForm, number: int) -> Response:
    """Forget a filter of one's own."""
    with desk.database.write() as connection:
        connection.execute(delete(filters).where(filters.c.id == number, filters.c.person == posted.viewer.name))
    return RedirectResponse("/", 303)
