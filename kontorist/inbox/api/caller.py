"""Who calls the JSON API: a program with a token, or a page of ours with its session."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from kontorist.core.errors import NotAllowed
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.problems import PREFIX, ProblemBody, answers
from kontorist.inbox.security import Form
from kontorist.inbox.viewer import NotSignedIn, Posted, Viewer, signed_in, viewer_of
from kontorist.store import people, tokens

Number = Annotated[int, Path(ge=1, le=2_147_483_647)]
"""A number of something that is stored."""


def router_of(tag: str) -> APIRouter:
    """A part of the interface, with what all of it may answer."""
    shown: dict[int | str, dict[str, Any]] = {**answers(400, 401, 403, 404, 413, 422, 503)}
    shown[401] = {**shown[401], "model": ProblemBody}  # so that the shape is among the schemas
    return APIRouter(prefix=PREFIX, tags=[tag], responses=shown, generate_unique_id_function=lambda route: route.name)


def caller(request: Request, desk: TheDesk) -> Viewer:
    """The person behind a token or a session. Raises NotSignedIn; NotAllowed for a change without the session's form token."""
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        viewer = _by_token(desk, header[7:].strip())
    else:
        viewer = signed_in(request, desk)
        if request.method not in ("GET", "HEAD"):
            given = request.headers.get("x-csrf-token", "")
            if not secrets.compare_digest(given.encode(), viewer.csrf.encode()):
                raise NotAllowed("Send the token of your session's forms as X-CSRF-Token, or use a token from My account.")
    request.state.viewer = viewer
    return viewer


def _by_token(desk: Desk, token: str) -> Viewer:
    if not token or len(token) > 200 or not token.isascii():
        raise NotSignedIn("This token is not known, or has ended.")
    with desk.database.read() as connection:
        name = tokens.person_of(connection, token)
    viewer = viewer_of(desk, people.Session("", name, secrets.token_urlsafe(24)), "api") if name else None
    if viewer is None:
        raise NotSignedIn("This token is not known, or has ended.")
    if desk.is_due(token):
        with desk.database.write() as connection:
            tokens.used(connection, token)
    return viewer


Caller = Annotated[Viewer, Depends(caller)]


def overseer(viewer: Caller) -> Viewer:
    """Admins, and auditors, who only read. Raises NotAllowed."""
    if viewer.role not in ("admin", "auditor"):
        raise NotAllowed("This is for admins and auditors.")
    return viewer


Overseer = Annotated[Viewer, Depends(overseer)]


def head(viewer: Caller) -> Viewer:
    """Admins alone. Raises NotAllowed."""
    if viewer.role != "admin":
        raise NotAllowed("Only admins may do this.")
    return viewer


Head = Annotated[Viewer, Depends(head)]


def as_form(viewer: Viewer, *pairs: tuple[str, str]) -> Posted:
    """What a program sent as the form that a page would have sent: the same code takes it from here."""
    return Posted(viewer, Form([(name, value.replace("\r\n", "\n")) for name, value in pairs]))
