"""One's own account: sessions, the code from the phone, tokens for programs."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from kontorist.core.errors import AccessDenied, NotAllowed, Rejected
from kontorist.core.values import sha256
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.viewer import FromForm, Posted, SignedIn, Viewer
from kontorist.store import people, second_factor, tokens

router = APIRouter()
AT_MOST = 20


@router.get("/account")
def show(request: Request, desk: TheDesk, viewer: SignedIn) -> Response:
    """The page of one's own account."""
    return _render(request, desk, viewer)


def _render(request: Request, desk: Desk, viewer: Viewer, new_token: str = "") -> Response:
    with desk.database.read() as connection:
        secret = second_factor.pending(connection, viewer.name)
        values = {
            "sessions": people.living(connection, viewer.name),
            "this": sha256(viewer.token.encode()),
            "secret": secret,
            "picture": _picture(second_factor.address(viewer.name, secret, desk.office.settings.company.name)) if secret else "",
            "has_code": second_factor.has(connection, viewer.name),
            "tokens": tokens.of(connection, viewer.name),
            "new_token": new_token,
        }
    return page(request, "account.html", viewer, 200, **values)


def _picture(address: str) -> str:
    """A QR code as an address of its own, for an <img>."""
    import segno

    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff"))


@router.post("/account/sessions/end")
def end(desk: TheDesk, posted: FromForm) -> Response:
    """End one of one's sessions, or all and the tokens too."""
    with desk.database.write() as connection:
        people.end(connection, posted.viewer.name, posted.form.text("session")[:64])
    return RedirectResponse("/account", 303)


@router.post("/account/second-factor")
def begin(desk: TheDesk, posted: FromForm) -> Response:
    """A new secret for the app on the phone."""
    with desk.database.write() as connection:
        second_factor.begin(connection, posted.viewer.name)
    return RedirectResponse("/account", 303)


@router.post("/account/second-factor/confirm")
def confirm(desk: TheDesk, posted: FromForm) -> Response:
    """Put it in force with the first code; other sessions end."""
    with desk.database.write() as connection:
        fits = _proves(connection, posted, second_factor.confirm)
        if fits:
            people.end_others(connection, posted.viewer.name, posted.viewer.token)
    if not fits:  # raised behind the transaction, which keeps the count
        raise Rejected("This code is wrong or was used already. Wait for the next one.")
    return RedirectResponse("/account", 303)


@router.post("/account/second-factor/remove")
def remove(desk: TheDesk, posted: FromForm) -> Response:
    """No codes any more; a code is needed for that."""
    with desk.database.write() as connection:
        fits = _proves(connection, posted, second_factor.fits)
        if fits:
            second_factor.remove(connection, posted.viewer.name, posted.viewer.name)
    if not fits:
        raise NotAllowed("This code is wrong or was used already. Wait for the next one.")
    return RedirectResponse("/account", 303)


def _proves(connection: Connection, posted: Posted, check: Callable[[Connection, str, str], bool]) -> bool:
    """Whether the code of this form fits; guesses are counted as those at the sign-in. Raises NotAllowed while the name is locked."""
    try:
        return people.proves(connection, posted.viewer.name, posted.form.text("code")[:20], check)
    except AccessDenied as error:
        raise NotAllowed(str(error)) from error


@router.post("/account/tokens")
def make_token(request: Request, desk: TheDesk, posted: FromForm) -> Response:
    """A new token, shown once."""
    name = posted.form.text("name").strip()[:60]
    with desk.database.write() as connection:
        if not name or len(tokens.of(connection, posted.viewer.name)) >= AT_MOST:
            raise Rejected("Give the token a name; twenty are the most there can be.")
        token = tokens.make(connection, posted.viewer.name, name)
    return _render(request, desk, posted.viewer, token)


@router.post("/account/tokens/{number}/end")
def end_token(desk: TheDesk, posted: FromForm, number: int) -> Response:
    """End a token."""
    with desk.database.write() as connection:
        tokens.end(connection, posted.viewer.name, number)
    return RedirectResponse("/account", 303)
