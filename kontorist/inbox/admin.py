"""Administration: the stop button, connections, passes, people. Admins change, auditors look."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from kontorist.core.errors import NotAllowed
from kontorist.inbox import status
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.links import run_link
from kontorist.inbox.pages import page
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import Admin, FromForm
from kontorist.store import actions, office_state, people
from kontorist.store.office_state import Stops
from kontorist.store.tables import passes

router = APIRouter()


@router.get("/admin")
def show(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """The page of the office as a whole."""
    with desk.database.read() as connection:
        query = select(passes).order_by(passes.c.started.desc()).limit(15)
        runs = [(r, run_link(desk, r.url, r.run)) for r in connection.execute(query)]
        state = status.line(connection)
        known = {p.name: p for p in people.listing(connection)}
        numbers = actions.counts(connection)
        done = toast(connection, viewer, request.query_params)
    values = {"status": state, "runs": runs, "known": known, "numbers": numbers, "toast": done, "office": desk.office}
    return page(request, "admin.html", viewer, 200, **values)


@router.post("/admin/stops")
def stops(desk: TheDesk, posted: FromForm) -> Response:
    """Press or release the stop button: for everything, for flows, for connections."""
    if posted.viewer.role != "admin":
        raise NotAllowed("Only admins may press the stop button here.")
    form, office = posted.form, desk.office
    new = Stops(
        form.has("office"),
        tuple(f for f in office.flows if f in form.every("flow")),
        tuple(c for c in office.connections if c in form.every("connection")),
    )
    with desk.database.write() as connection:
        office_state.set_stops(connection, new, posted.viewer.name)
    return RedirectResponse("/admin?did=stops", 303)
