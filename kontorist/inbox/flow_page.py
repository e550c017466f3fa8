"""The page of a flow: how it is doing, its picture, its versions and the way back. Admins change, auditors look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from kontorist.core.errors import KontoristError, NotFound
from kontorist.core.flow import walk
from kontorist.core.picture import picture
from kontorist.inbox import flow_versions, labels, overview
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import language_for, page
from kontorist.inbox.texts import texts
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import Admin, FromForm, Posted, Viewer

router = APIRouter()


@router.get("/admin/flows/{name}")
def show(request: Request, desk: TheDesk, viewer: Admin, name: str, version: str = "") -> Response:
    """The page of a flow; `?version=` shows what changed with that one."""
    return _render(request, desk, viewer, name, version)


def _render(
    request: Request, desk: Desk, viewer: Viewer, name: str, version: str = "", status: int = 200, problem: str = ""
) -> Response:
    found = flow_versions.of(desk, name, version)
    with desk.database.read() as connection:
        view = next((v for v in overview.flows(desk, connection) if v.name == name), None)
        broken = next((m for m in overview.mistakes(connection) if m.name == name), None)
        done = toast(connection, viewer, request.query_params)
    drawn = found.flows.get(name)
    language = language_for(request, desk, viewer)
    values: dict[str, Any] = {
        "name": name,
        "view": view,
        "broken": broken,
        "found": found,
        "about": drawn.description if drawn else "",
        "steps": len(list(walk(drawn.steps))) if drawn else 0,
        "picture": Markup(picture(drawn, found.flows, styled=False, say=words(language), language=language)) if drawn else "",  # noqa: S704 - made here, escaped
        "problem": problem,
        "toast": done,
    }
    return page(request, "admin_flow.html", viewer, status, here="flows", **values)


def words(language: str) -> Callable[[str], str]:
    """What pictures of flows call things in a language."""
    said = texts(language).gettext
    return lambda word: said(labels.word(word))


@router.post("/admin/flows/{name}/rollback")
def rollback(request: Request, desk: TheDesk, posted: FromForm, name: str) -> Response:
    """Write the file of an earlier version."""
    return _change(request, desk, posted, name, flow_versions.roll_back)


@router.post("/admin/flows/{name}/approve")
def approve(request: Request, desk: TheDesk, posted: FromForm, name: str) -> Response:
    """Agree to a change of another admin."""
    return _change(request, desk, posted, name, flow_versions.approve)


def _change(request: Request, desk: Desk, posted: Posted, name: str, work: Callable[[Desk, Viewer, str, str], str]) -> Response:
    try:
        work(desk, posted.viewer, name, posted.form.text("version"))
    except NotFound:
        raise
    except KontoristError as error:
        if posted.viewer.role != "admin":
            raise
        return _render(request, desk, posted.viewer, name, posted.form.text("version"), 422, str(error))
    return RedirectResponse(f"/admin/flows/{name}?did=flow", 303)
