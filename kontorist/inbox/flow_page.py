"""The page of a flow: its picture, its versions with who changed what, and the way back. Admins change, auditors look."""

from __future__ import annotations

import difflib
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from kontorist.core.errors import KontoristError, NotAllowed, NotFound
from kontorist.core.office import load_office
from kontorist.core.picture import picture
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.viewer import Admin, FromForm, Viewer
from kontorist.store import flow_changes, versions

router = APIRouter()


@router.get("/flow/{name}")
def show(request: Request, desk: TheDesk, viewer: Admin, name: str) -> Response:
    """The page of a flow; `?version=` shows what changed with that one."""
    return _render(request, desk, viewer, name)


def _render(request: Request, desk: Desk, viewer: Viewer, name: str, status: int = 200, problem: str = "") -> Response:
    office = load_office(desk.office.directory)
    if name not in office.files or name.endswith(".yaml"):
        raise NotFound(f"There is no flow '{name}'.")
    with desk.database.read() as connection:
        changes = versions.history(connection, name)
        used = versions.at_work(connection, name)
        wanted = request.query_params.get("version", "") or (changes[-1].version if changes else "")
        at = max((i for i, c in enumerate(changes) if c.version == wanted), default=None)
        texts = versions.texts_of(connection, wanted)
        before = versions.texts_of(connection, changes[at - 1].version) if at else {}
        in_use = next((c.version for c in reversed(changes) if versions.is_good(connection, name, c.version)), "")
        drawn = (versions.flows_of(connection, wanted) if wanted else None) or office.flows
    values: dict[str, Any] = {
        "name": name,
        "about": drawn[name].description if name in drawn else "",
        "picture": Markup(picture(drawn[name], drawn, styled=False)) if name in drawn else "",  # noqa: S704 - made here, escaped
        "changes": list(reversed(changes)),
        "used": used,
        "wanted": wanted,
        "in_use": in_use,
        "text": texts.get(name, ""),
        "lines": [line for n in texts for line in _diff(n, before.get(n, ""), texts[n])] if before else [],
        "problem": problem,
    }
    return page(request, "flow.html", viewer, status, **values)


def _diff(name: str, old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=2))


@router.post("/flow/{name}/rollback")
def rollback(request: Request, desk: TheDesk, posted: FromForm, name: str) -> Response:
    """Write the file of an earlier version."""
    return _change(request, desk, posted, name, flow_changes.roll_back)


@router.post("/flow/{name}/approve")
def approve(request: Request, desk: TheDesk, posted: FromForm, name: str) -> Response:
    """Agree to a change of another admin."""
    return _change(request, desk, posted, name, flow_changes.approve)


def _change(request: Request, desk: Desk, posted: Any, name: str, work: Any) -> Response:
    if posted.viewer.role != "admin":
        raise NotAllowed("Only admins may change flows.")
    try:
        work(load_office(desk.office.directory), desk.database, name, posted.form.text("version")[:12], posted.viewer.name)
    except NotFound:
        raise
    except KontoristError as error:
        return _render(request, desk, posted.viewer, name, 422, str(error))
    return RedirectResponse(f"/flow/{name}?did=flow", 303)
