"""Who is looking: the signed-in person, for whom they stand, and what their role lets them do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, NotAllowed
from kontorist.core.filters import ZONE
from kontorist.core.office import Office
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.security import Form, form_of
from kontorist.store import people
from kontorist.store.authority import Who

COOKIE = "kontorist_session"
LANGUAGE = "kontorist_language"


class NotSignedIn(KontoristError):
    """Nobody is signed in here; the page to sign in is shown instead."""


@dataclass(frozen=True)
class Viewer:
    """A signed-in person."""

    name: str
    label: str
    role: str
    groups: frozenset[str]
    """Their own name, their groups, and those of the people they deputise for today."""
    own: frozenset[str]
    """Their own name and groups, without those they stand in for."""
    hidden: tuple[str, ...]
    """Flows whose cases are for others."""
    deputises: tuple[str, ...]
    csrf: str
    token: str
    language: str
    channel: str = "inbox"
    """`inbox` for a browser, `api` for a program."""

    @property
    def decides(self) -> bool:
        """Whether their role lets them decide anything at all."""
        return self.role != "auditor"

    @property
    def as_who(self) -> Who:
        """The person as rules see them, also where they may only read."""
        return Who(self.name, self.groups if self.decides else frozenset(), self.channel)

    @property
    def who(self) -> Who:
        """The person as the store records a decision. Raises NotAllowed for auditors."""
        if not self.decides:
            raise NotAllowed("Auditors may read everything and decide nothing.")
        return Who(self.name, self.groups, self.channel)


def viewer_of(desk: Desk, session: people.Session, channel: str = "inbox") -> Viewer | None:
    """The person behind a session; None when office.yaml does not know them any more."""
    person = desk.office.settings.people.get(session.person)
    if person is None:
        return None
    away = absent(desk.office, session.person, utcnow().astimezone(ZONE).date())
    groups = frozenset().union(*(desk.office.groups_of(name) for name in (session.person, *away)))
    chosen = person.language if "language" in person.model_fields_set else ""
    own = frozenset(desk.office.groups_of(session.person))
    hidden = () if person.role == "auditor" else hidden_from(desk.office, groups)
    return Viewer(
        session.person, person.name, person.role, groups, own, hidden, tuple(away), session.csrf, session.token, chosen, channel
    )


def hidden_from(office: Office, names: frozenset[str]) -> tuple[str, ...]:
    """The flows that say whom they are for, and do not name any of these."""
    return tuple(n for n, f in office.flows.items() if f.visible_to is not None and not names & set(f.visible_to))


def absent(office: Office, deputy: str, day: date) -> list[str]:
    """The people who are away on a day and have named this deputy."""
    return [n for n, p in office.settings.people.items() if p.deputy == deputy and any(covers(a, day) for a in p.away)]


def covers(written: str, day: date) -> bool:
    """Whether a date or range of office.yaml has this day in it."""
    first, _, last = written.partition("..")
    try:
        return date.fromisoformat(first.strip()) <= day <= date.fromisoformat((last or first).strip())
    except ValueError:
        return False


def signed_in(request: Request, desk: TheDesk) -> Viewer:
    """The signed-in person. Raises NotSignedIn."""
    token = request.cookies.get(COOKIE, "")
    if not token or len(token) > 200:
        raise NotSignedIn
    with desk.database.read() as connection:
        session = people.session(connection, token)
    viewer = viewer_of(desk, session) if session else None
    if viewer is None:
        raise NotSignedIn
    if desk.is_due(token):
        with desk.database.write() as connection:
            people.touch(connection, token)
    request.state.viewer = viewer
    return viewer


SignedIn = Annotated[Viewer, Depends(signed_in)]


@dataclass(frozen=True)
class Posted:
    """A form that a signed-in person has sent from one of our own pages."""

    viewer: Viewer
    form: Form

    @property
    def who(self) -> Who:
        """Who decides. Raises NotAllowed for auditors."""
        return self.viewer.who


async def posted(request: Request, viewer: SignedIn) -> Posted:
    """The form with its token checked. Raises NotAllowed for a form that is not from here."""
    form = await form_of(request)
    if not secrets.compare_digest(form.text("csrf").encode(), viewer.csrf.encode()):
        raise NotAllowed("This form is not from your current session. Go back, reload the page, and try again.")
    return Posted(viewer, form)


FromForm = Annotated[Posted, Depends(posted)]


def admin(viewer: SignedIn) -> Viewer:
    """The signed-in person, if they are an admin or an auditor. Raises NotAllowed."""
    if viewer.role not in ("admin", "auditor"):
        raise NotAllowed("This page is for admins.")
    return viewer


Admin = Annotated[Viewer, Depends(admin)]


def by_admin(posted: FromForm) -> Posted:
    """A form that an admin has sent. Raises NotAllowed for everybody else, auditors too."""
    if posted.viewer.role != "admin":
        raise NotAllowed("Only admins may do this.")
    return posted


FromAdmin = Annotated[Posted, Depends(by_admin)]
