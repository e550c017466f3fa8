"""The inbox as a web application."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from kontorist.core.callers import names_of_office
from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Rejected, Stale, Unavailable
from kontorist.core.office import Office
from kontorist.inbox import (
    account,
    admin,
    admin_search,
    api,
    asking,
    card,
    case_page,
    decisions,
    edit,
    files,
    filters,
    flow_page,
    hand_in,
    hooks,
    listing,
    metrics,
    oidc,
    path_page,
    presence,
    security,
    several,
    sign_in,
)
from kontorist.inbox.desk import Desk
from kontorist.inbox.pages import page
from kontorist.inbox.problems import problem
from kontorist.inbox.viewer import NotSignedIn
from kontorist.store.database import Database

_STATUS: dict[type[KontoristError], int] = {NotFound: 404, NotAllowed: 403, Stale: 409, Rejected: 422, Unavailable: 503}

_FORMS = re.compile(r"/(?:card|case)/\d+|/admin|/several|/account")
"""Pages below whose addresses forms are sent: who opens such an address (a page that said no, read again) is led back to the form."""

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
        path_page,
        flow_page,
        hand_in,
        account,
        admin,
        admin_search,
        metrics,
        hooks,
    )
)
"""All pages; each of their functions says through its parameters who may use it."""


def create_app(
    office: Office,
    database: Database,
    *,
    prefect_url: str = "",
    demo_people: Mapping[str, str] | None = None,
    again: Callable[[int, str], int] | None = None,
    bound: str = "",
) -> FastAPI:
    """The inbox of one office; `demo_people` (name → password) are offered as one-click buttons, `again` processes a case anew.

    `bound` is the name that its server listens on.
    """
    app = FastAPI(title="Kontorist", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(office, database, prefect_url.rstrip("/"), demo_people or None, again)
    app.state.names = names_of_office(office) | {bound.lower()}
    for router in (*ROUTERS, *api.ROUTERS):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.middleware("http")(security.guard)
    app.exception_handler(KontoristError)(refused)
    app.exception_handler(HTTPException)(missing)
    app.exception_handler(RequestValidationError)(unfit)
    app.exception_handler(Exception)(failed)
    return app


async def refused(request: Request, error: Exception) -> Response:
    """What could not be done, in words, with the status that says why."""
    if _is_api(request):
        return _api_problem(error)
    if isinstance(error, NotSignedIn):
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?to={quote(to)}" if request.method == "GET" and to != "/" else "/sign-in", 303)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    viewer = getattr(request.state, "viewer", None)
    back = request.headers.get("referer", "/") if request.method == "POST" else "/"
    return page(request, "problem.html", viewer, status, problem=str(error), code=status, back=_own(request, back))


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _api_problem(error: Exception) -> Response:
    if isinstance(error, NotSignedIn):
        said = (
            str(error)
            if error.args and str(error) != str(NotSignedIn())
            else "Send a token of yours: `Authorization: Bearer kto_…`."
        )
        return problem(401, said, headers={"WWW-Authenticate": "Bearer"})
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    return problem(status, str(error))


async def unfit(request: Request, error: Exception) -> Response:
    """An address or a body that is not of the shape it has to be."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if _is_api(request):
        wrong = [{"field": ".".join(map(str, e["loc"])), "message": str(e["msg"])} for e in found]
        return problem(422, "; ".join(f"{w['field']}: {w['message']}" for w in wrong[:5]), wrong)
    return page(request, "problem.html", getattr(request.state, "viewer", None), 404, problem="", code=404, back="/")


async def failed(request: Request, error: Exception) -> Response:
    """A mistake of ours; what it was stands in the server's log and never on a page."""
    said = "Something went wrong here, and nothing was done. Try again; if it stays so, tell your admin when it happened."
    if _is_api(request):
        return problem(500, said)
    return page(request, "problem.html", getattr(request.state, "viewer", None), 500, problem=said, code=500, back="/")


def _own(request: Request, back: str) -> str:
    start = f"{request.url.scheme}://{request.url.netloc}"
    return sign_in.safe_path(back.removeprefix(start))


async def missing(request: Request, error: Exception) -> Response:
    """A page that is not there."""
    code = error.status_code if isinstance(error, HTTPException) else 500
    if _is_api(request):
        return problem(code, str(error.detail) if isinstance(error, HTTPException) else "", headers=_allowed(error))
    said = "This address only takes what a form sends; it shows nothing by itself." if code == 405 else ""
    above = _FORMS.match(request.url.path) if code == 405 else None
    back = above[0] if above else "/"
    return page(request, "problem.html", getattr(request.state, "viewer", None), code, problem=said, code=code, back=back)


def _allowed(error: Exception) -> Mapping[str, str]:
    """Which methods there are, where one was used that is not."""
    return dict(error.headers or {}) if isinstance(error, HTTPException) else {}
