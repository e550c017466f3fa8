"""The pages to ask back: from a card, and from an unclear case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Stale
from kontorist.inbox import ask, case_page, questions
from kontorist.inbox import card as cards
from kontorist.inbox.decisions import decide, shown_in, whole_card
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.sight import require_sight
from kontorist.inbox.viewer import FromForm, Posted, SignedIn
from kontorist.store import actions, asking, audit, authority, cases, tables
from kontorist.store.audit import Event
from kontorist.store.cases import Case

router = APIRouter()
_ORDERS = ("by", "count", "expires")


@router.get("/card/{card_id}/ask")
def show(request: Request, desk: TheDesk, viewer: SignedIn, card_id: int) -> Response:
    """The form to ask the sender, with a draft."""
    with desk.database.read() as connection:
        view = cards.load(connection, viewer, card_id)
    if not view.decidable:
        return RedirectResponse(f"/card/{card_id}", 303)
    values: dict[str, Any] = {"case": view.case, "rows": view.decidable, "to": f"/card/{card_id}", "problem": "", "asked": ""}
    return page(request, "ask.html", viewer, 200, **values, text=ask.draft(desk, view.case))


@router.get("/case/{case_id}/ask")
def show_case(request: Request, desk: TheDesk, viewer: SignedIn, case_id: int) -> Response:
    """The form to ask the sender about an unclear case, with what is missing."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case_id)
        (case,) = cases.load(connection, [case_id])
    missing = ask.missing_of(case.question if isinstance(case.question, dict) else None)
    values: dict[str, Any] = {"case": case, "rows": [], "to": f"/case/{case_id}", "problem": "", "asked": _path(case)}
    return page(request, "ask.html", viewer, 200, **values, text=ask.draft(desk, case, missing))


def _path(case: Case) -> str:
    return str(case.question.get("path", "")) if isinstance(case.question, dict) else ""


@router.post("/card/{card_id}/question")
def send(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Send the question, under the same rule as the card itself, and let the card rest."""
    try:
        work = asked(desk, posted, card_id)
    except NotFound:
        raise
    except KontoristError as error:
        return cards.render(request, desk, posted.viewer, card_id, 422, str(error))
    return decide(request, desk, posted, card_id, "asked", work)


def asked(desk: Desk, posted: Posted, card_id: int) -> Callable[[Connection], None]:
    """What asking the sender of a card does to the store. Raises Rejected or NotAllowed where it cannot be asked."""
    text = posted.form.text("body").strip()[:20_000]
    with desk.database.read() as connection:
        view = cards.load(connection, posted.viewer, card_id)
    rule = {k: view.head.rule[k] for k in _ORDERS if k in view.head.rule}
    if view.head.assigned:
        rule["by"] = [*rule.get("by", ()), view.head.assigned]
    question = ask.question(desk, view.case, text, rule)

    def work(connection: Connection) -> None:
        shown = shown_in(posted.form)
        rows = whole_card(connection, card_id, shown, cards.DECIDABLE)
        if not all(authority.may_decide(r, posted.who) for r in rows):
            raise NotAllowed("This is for others to decide; you can read it.")
        asking.ask(connection, view.case.id, view.head.flow, question, posted.who)
        asking.park_card(connection, [r.shown for r in rows], posted.who)

    return work


@router.post("/card/{card_id}/resume")
def resume(desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Decide a resting card without waiting for the answer."""
    with desk.database.write() as connection:
        wait_no_more(connection, posted, card_id)
    return RedirectResponse(f"/card/{card_id}", 303)


def wait_no_more(connection: Connection, posted: Posted, card_id: int) -> None:
    """A resting card is to be decided now. Raises NotAllowed."""
    for row in actions.card(connection, card_id):
        if not authority.may_decide(row, posted.who):
            raise NotAllowed("This is for others to decide; you can read it.")
        mine = (tables.actions.c.id == row.id, tables.actions.c.state.in_(cards.DECIDABLE))
        connection.execute(update(tables.actions).where(*mine).values(not_before=None, updated=utcnow()))
        audit.append(connection, [Event("action.resumed", posted.who.name, f"action:{row.id}", {})])


@router.post("/case/{case_id}/question")
def send_case(request: Request, desk: TheDesk, posted: FromForm, case_id: int) -> Response:
    """Send the question about an unclear case, and let the case rest."""
    viewer = posted.viewer
    try:
        tab, after = ask_about(desk, posted, case_id)
    except NotFound:
        raise
    except KontoristError as error:
        status = 409 if isinstance(error, Stale) else 403 if isinstance(error, NotAllowed) else 422
        return case_page.render(request, desk, viewer, case_id, status, str(error))
    return RedirectResponse(f"/case/{after}?did=asked" if after else f"/?tab={tab}&did=asked", 303)


def ask_about(desk: Desk, posted: Posted, case_id: int) -> tuple[str, int | None]:
    """Ask the sender of an unclear case, which rests then; the list it stood on and the next case of it. Raises Stale, Rejected or NotAllowed."""
    text, viewer = posted.form.text("body").strip()[:20_000], posted.viewer
    with desk.database.read() as connection:
        require_sight(connection, viewer, case_id)
        (case,) = cases.load(connection, [case_id])
    if case.state != "unclear" or posted.form.text("path") != _path(case):
        raise Stale("This question was answered already, or has changed. Look at the case again.")
    questions.require(viewer, case)
    question = ask.question(desk, case, text, {"by": [_by(posted)]})
    with desk.database.write() as connection:
        tab = questions.tab_of(connection, viewer, case)
        after = questions.next_on(connection, viewer, tab, case_id)
        asking.ask(connection, case_id, case.flow, question, posted.who)
        asking.park_case(connection, case_id, posted.who)
    return tab, after


def _by(posted: Posted) -> str:
    """Who answers for a question that no rule of a flow is about: whoever asks it."""
    return posted.who.name
