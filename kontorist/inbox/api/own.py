"""One's own account over the JSON API. New tokens, passwords and codes are made on the page alone: no program makes itself another key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from kontorist.core.errors import NotFound
from kontorist.inbox import filters
from kontorist.inbox.api import shapes
from kontorist.inbox.api.caller import Caller, Number, router_of
from kontorist.inbox.desk import TheDesk
from kontorist.store import people, tokens

router = router_of("Account")


@router.get("/me")
def me(viewer: Caller) -> shapes.Me:
    """Who calls, and for whom they stand."""
    return shapes.Me(
        name=viewer.name, label=viewer.label, role=viewer.role, groups=sorted(viewer.groups - {viewer.name}),
        deputises=list(viewer.deputises), csrf=viewer.csrf,
    )  # fmt: skip


@router.get("/sessions")
def sessions(desk: TheDesk, viewer: Caller) -> list[shapes.SessionBody]:
    """Where the caller is signed in."""
    with desk.database.read() as connection:
        return [
            shapes.SessionBody(id=s.token, agent=s.agent, method=s.method, created=s.created, seen=s.seen)
            for s in people.living(connection, viewer.name)
        ]


@router.delete("/sessions/{session}", status_code=204)
def end_session(desk: TheDesk, viewer: Caller, session: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> None:
    """End one of the caller's sessions."""
    with desk.database.write() as connection:
        people.end(connection, viewer.name, session)


@router.get("/tokens")
def list_tokens(desk: TheDesk, viewer: Caller) -> list[shapes.TokenBody]:
    """The caller's tokens, without what they are."""
    with desk.database.read() as connection:
        return [
            shapes.TokenBody(id=t.id, name=t.name, created=t.created, seen=t.seen, expires=t.expires)
            for t in tokens.of(connection, viewer.name)
        ]


@router.delete("/tokens/{token}", status_code=204)
def end_token(desk: TheDesk, viewer: Caller, token: Number) -> None:
    """End a token of the caller."""
    with desk.database.write() as connection:
        if token not in {t.id for t in tokens.of(connection, viewer.name)}:
            raise NotFound("You have no such token.")
        tokens.end(connection, viewer.name, token)


@router.get("/filters")
def list_filters(desk: TheDesk, viewer: Caller) -> list[shapes.SavedFilter]:
    """The caller's saved filters."""
    with desk.database.read() as connection:
        return [shapes.SavedFilter(id=f.id, name=f.name, query=f.query) for f in filters.of(connection, viewer.name)]


@router.post("/filters", status_code=201)
def save_filter(desk: TheDesk, viewer: Caller, body: shapes.Filter) -> shapes.SavedFilter:
    """Keep a list under a name."""
    query = body.query.removeprefix("/").removeprefix("?")
    with desk.database.write() as connection:
        number = filters.keep(connection, viewer.name, body.name, query)
        (made,) = [f for f in filters.of(connection, viewer.name) if f.id == number]
    return shapes.SavedFilter(id=made.id, name=made.name, query=made.query)


@router.delete("/filters/{number}", status_code=204)
def forget_filter(desk: TheDesk, viewer: Caller, number: Number) -> None:
    """Forget a filter of the caller."""
    with desk.database.write() as connection:
        if number not in {f.id for f in filters.of(connection, viewer.name)}:
            raise NotFound("You have no such filter.")
        filters.forget(connection, viewer.name, number)
