"""Signing in and out, and choosing the language."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from kontorist.core.errors import AccessDenied, NotAllowed
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.security import Form, form_of
from kontorist.inbox.texts import languages
from kontorist.inbox.viewer import COOKIE, LANGUAGE, FromForm
from kontorist.store import people, second_factor

router = APIRouter()
_BEFORE = "kontorist_form"
"""Cookie of the form before anybody is signed in: its value has to come back in the form."""
_HALF = "kontorist_half"
"""Cookie of somebody whose password fitted and whose code has not come yet."""


@router.get("/sign-in")
def show(request: Request, desk: TheDesk, to: str = "/") -> Response:
    """The page to sign in."""
    return sign_in_page(request, desk, to)


def sign_in_page(request: Request, desk: Desk, to: str, problem: str = "", name: str = "", status: int = 200) -> Response:
    """The page to sign in, with a problem on top where it did not work."""
    token = request.cookies.get(_BEFORE, "")
    token = token if 20 < len(token) < 100 else secrets.token_urlsafe(24)
    response = page(
        request,
        "sign_in.html",
        None,
        status,
        csrf=token,
        to=safe_path(to),
        problem=problem,
        name=name,
        sample=_sample(desk),
        company=desk.office.settings.oidc.label if desk.office.settings.oidc else "",
        password=next(iter((desk.demo_people or {}).values()), ""),
    )
    _set(request, response, _BEFORE, token)
    return response


def _sample(desk: Desk) -> list[dict[str, Any]]:
    """The sample people, for one-click buttons; only while this is a demonstration."""
    found = desk.office.settings.people
    return [
        {"name": n, "label": found[n].name, "role": found[n].role, "groups": [desk.label(g) for g in found[n].groups]}
        for n in desk.demo_people or ()
        if n in found
    ]


def safe_path(path: str) -> str:
    """Where to go after signing in: a page of ours, nothing else."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if fine else "/"


async def _first_form(request: Request) -> Form:
    """The form of somebody who is not signed in yet. Raises NotAllowed when it is not from our own page."""
    form = await form_of(request)
    cookie = request.cookies.get(_BEFORE, "")
    if not cookie or not secrets.compare_digest(form.text("csrf").encode(), cookie.encode()):
        raise NotAllowed("This form is too old, or your browser keeps no cookies. Reload the page and try again.")
    return form


@router.post("/sign-in")
def sign_in(request: Request, desk: TheDesk, form: Annotated[Form, Depends(_first_form)]) -> Response:
    """Sign in with name and password, or as one of the sample people."""
    name, password = form.text("name").strip()[:100], form.text("password")[:500]
    if form.has("sample") and desk.demo_people is not None:
        name = form.text("sample")
        password = desk.demo_people.get(name, "")
    session, problem = _try(desk, request, name, password)
    if session is None:
        return sign_in_page(request, desk, form.text("to"), problem, name, 403)
    with desk.database.read() as connection:
        if second_factor.has(connection, name):
            return _ask_code(request, session.token, form.text("to"))
    return let_in(request, desk, session, form.text("to"))


def _ask_code(request: Request, half: str, to: str, problem: str = "", status: int = 200) -> Response:
    """The page for the code from the phone."""
    token = request.cookies.get(_BEFORE, "")
    response = page(request, "code.html", None, status, csrf=token, to=safe_path(to), problem=problem)
    _set(request, response, _HALF, half, 300)
    return response


@router.post("/sign-in/code")
def code(request: Request, desk: TheDesk, form: Annotated[Form, Depends(_first_form)]) -> Response:
    """The second factor: the code from the phone."""
    half = request.cookies.get(_HALF, "")
    try:
        with desk.database.write() as connection:
            session = people.with_code(connection, half, form.text("code")[:20], agent_of(request)) if half else None
    except AccessDenied as error:
        return sign_in_page(request, desk, form.text("to"), str(error), "", 403)
    if session is None:
        return _ask_code(request, half, form.text("to"), "wrong", 403)
    response = let_in(request, desk, session, form.text("to"))
    response.delete_cookie(_HALF)
    return response


def agent_of(request: Request) -> str:
    """What the browser says it is, for the list of one's sessions."""
    return request.headers.get("user-agent", "")[:200]


def let_in(request: Request, desk: Desk, session: people.Session, to: str) -> Response:
    """The page that was asked for, with the session's cookie."""
    _end(desk, request.cookies.get(COOKIE, ""))  # a session never outlives a new sign-in
    response = RedirectResponse(safe_path(to), 303)
    _set(request, response, COOKIE, session.token)
    response.delete_cookie(_BEFORE)
    return response


def _try(desk: Desk, request: Request, name: str, password: str) -> tuple[people.Session | None, str]:
    address = request.client.host if request.client else ""
    try:
        desk.strangers.refuse_locked(name)
        fits = _fitting(desk, address, name, password)
        with desk.database.write() as connection:
            session = people.sign_in(connection, name, fits, agent_of(request))
            stranger = session is None and not people.is_known(connection, name)
    except AccessDenied as error:
        return None, str(error)
    if stranger:
        desk.strangers.count(name)
    if session is not None:
        desk.doorkeeper.forgive(address)
    if session is not None and name not in desk.office.settings.people:
        _end(desk, session.token)
        return None, "unknown"
    return session, "" if session else "wrong"


def _fitting(desk: Desk, address: str, name: str, password: str) -> str | None:
    """The stored hash that the password fits, or None; no connection is held while that is found out. Raises AccessDenied."""
    with desk.database.read() as connection:
        hashed = people.hash_of(connection, name)
    desk.doorkeeper.count(address)
    try:
        with desk.doorkeeper.turn():
            return hashed if people.fits(hashed, password) else None
    except AccessDenied:
        desk.doorkeeper.forgive(address)
        raise


def _end(desk: Desk, token: str) -> None:
    if token:
        with desk.database.write() as connection:
            people.sign_out(connection, token)


@router.post("/sign-out")
def sign_out(desk: TheDesk, posted: FromForm) -> Response:
    """End the session on the server, and forget the cookie."""
    _end(desk, posted.viewer.token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response


@router.post("/language")
def language(request: Request, posted: FromForm) -> Response:
    """Choose the language of the pages in this browser."""
    response = RedirectResponse(safe_path(posted.form.text("to")), 303)
    if posted.form.text("language") in languages():
        _set(request, response, LANGUAGE, posted.form.text("language"), 365 * 86400)
    return response


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/"
    )
