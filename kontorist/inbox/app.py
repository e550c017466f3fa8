"""The inbox as a web application."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Rejected, Stale, Unavailable
from kontorist.core.office import Office
from kontorist.inbox import (
    account,
    admin,
    asking,
    card,
    case_page,
    decisions,
    edit,
    files,
    filters,
    listing,
    metrics,
    oidc,
    presence,
    security,
    several,
    sign_in,
)
from kontorist.inbox.desk import Desk
from kontorist.inbox.pages import page
from kontorist.inbox.viewer import NotSignedIn
from kontorist.store.database import Database

_STATUS: dict[type[KontoristError], int] = {NotFound: 404, NotAllowed: 403, Stale: 409, Rejected: 422, Unavailable: 503}

ROUTERS = tuple(
    m.router
    for m in (
        sign_in,
        oidc,
        listing,
        filters,
        several,
        card,
        decisions,
        presence,
        asking,
        edit,
        files,
        case_page,
        account,
        admin,
        metrics,
    )
)
"""All pages; each of their functions says through its parameters who may use it."""


def create_app(
    office: Office, database: Database, *, prefect_url: str = "", demo_people: Mapping[str, str] | None = None
) -> FastAPI:
    """The inbox of one office; `demo_people` (name → password) are offered as one-click buttons."""
    app = FastAPI(title="Kontorist", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(office, database, prefect_url.rstrip("/"), demo_people or None)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.middleware("http")(security.guard)
    app.exception_handler(KontoristError)(refused)
    app.exception_handler(HTTPException)(missing)
    return app


async def refused(request: Request, error: Exception) -> Response:
    """What could not be done, in words, with the status that says why."""
    if isinstance(error, NotSignedIn):
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?to={quote(to)}" if request.method == "GET" and to != "/" else "/sign-in", 303)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    viewer = getattr(request.state, "viewer", None)
    back = request.headers.get("referer", "/") if request.method == "POST" else "/"
    return page(request, "problem.html", viewer, status, problem=str(error), code=status, back=_own(request, back))


def _own(request: Request, back: str) -> str:
    start = f"{request.url.scheme}://{request.url.netloc}"
    return sign_in.safe_path(back.removeprefix(start))


async def missing(request: Request, error: Exception) -> Response:
    """A page that is not there."""
    code = error.status_code if isinstance(error, HTTPException) else 500
    return page(request, "problem.html", getattr(request.state, "viewer", None), code, problem="", code=code, back="/")
