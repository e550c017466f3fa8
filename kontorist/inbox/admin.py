"""Administration: how the office is doing, the stop button, flows, connections, models, people. Admins change, auditors look."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from kontorist.core.clock import utcnow
from kontorist.core.errors import Rejected
from kontorist.inbox import overview, status, stopping
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.links import run_link
from kontorist.inbox.pages import page
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import Admin, FromAdmin
from kontorist.store import actions, people
from kontorist.store.tables import passes

router = APIRouter()


@router.get("/admin")
def show(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """The page of the office as a whole."""
    with desk.database.read() as connection:
        query = select(passes).order_by(passes.c.started.desc()).limit(8)
        values: dict[str, Any] = {
            "runs": [(r, run_link(desk, r.url, r.run)) for r in connection.execute(query)],
            "status": status.line(connection),
            "flows": overview.flows(desk, connection),
            "broken": overview.mistakes(connection),
            "connections": overview.connections(desk, connection),
            "models": overview.models(desk, connection),
            "numbers": actions.counts(connection),
            "toast": toast(connection, viewer, request.query_params),
        }
    return page(
        request, "admin.html", viewer, 200, here="overview", office=desk.office, zone=desk.office.settings.timezone, **values
    )


@router.post("/admin/stops")
def stops(desk: TheDesk, posted: FromAdmin) -> Response:
    """Press or release the stop button: for everything, for flows, for connections."""
    form = posted.form
    stopping.press(desk, posted.viewer, office=form.has("office"), flows=form.every("flow"), connections=form.every("connection"))
    return RedirectResponse("/admin?did=stops", 303)


@router.get("/admin/flows")
def flows(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """Every flow and how it is doing."""
    with desk.database.read() as connection:
        views = overview.flows(desk, connection)
    return page(request, "admin_flows.html", viewer, 200, here="flows", flows=views, toast=None)


@router.get("/admin/connections")
def connections(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """Every connection, when it was last read, and whether it is unusually silent."""
    with desk.database.read() as connection:
        views = overview.connections(desk, connection)
    return page(
        request,
        "admin_connections.html",
        viewer,
        200,
        here="connections",
        views=views,
        zone=desk.office.settings.timezone,
        toast=None,
    )


@router.get("/admin/models")
def models(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """Every language model with what it cost."""
    with desk.database.read() as connection:
        views = overview.models(desk, connection)
    usual = desk.office.settings.model
    return page(request, "admin_models.html", viewer, 200, here="models", views=views, usual=usual, toast=None)


@router.get("/admin/people")
def everybody(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """Everybody of office.yaml."""
    with desk.database.read() as connection:
        views = overview.everybody(desk, connection)
        done = toast(connection, viewer, request.query_params)
    today = utcnow().astimezone(overview.zone_of(desk)).date()
    away = {v.name for v in views if overview.is_away(v.person, today)}
    return page(request, "admin_people.html", viewer, 200, here="people", views=views, away=away, toast=done)


@router.post("/admin/people/{name}/end-sessions")
def end_sessions(desk: TheDesk, posted: FromAdmin, name: str) -> Response:
    """Sign somebody out everywhere; their tokens end too."""
    with desk.database.write() as connection:
        people.end(connection, name, actor=posted.viewer.name)
    return RedirectResponse("/admin/people?did=person", 303)


@router.post("/admin/people/{name}/disable")
def disable(desk: TheDesk, posted: FromAdmin, name: str) -> Response:
    """Let somebody in no more. Raises Rejected for oneself."""
    if name == posted.viewer.name:
        raise Rejected("You would lock yourself out. Ask another admin.")
    with desk.database.write() as connection:
        people.disable(connection, name, posted.viewer.name)
    return RedirectResponse("/admin/people?did=person", 303)
