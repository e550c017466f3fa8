"""The page of a case: its question where it is unclear, its error where it failed, and everything that happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Rejected, Stale
from kontorist.inbox import questions
from kontorist.inbox.answers import choices, given
from kontorist.inbox.ask import possible
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.facts import facts_of
from kontorist.inbox.links import run_link
from kontorist.inbox.originals import views
from kontorist.inbox.pages import language_for, page
from kontorist.inbox.queue import counts, on_tabs, open_cards
from kontorist.inbox.sight import require_sight, seen
from kontorist.inbox.toast import toast
from kontorist.inbox.trace import told
from kontorist.inbox.viewer import FromForm, Posted, SignedIn, Viewer
from kontorist.store import actions, audit, authority, case_decisions, cases, earlier, office_state
from kontorist.store.tables import cases as table

router = APIRouter()
OPEN = ("unclear", "failed", "waiting", "runnable")
"""States in which a person can do something about a case."""


@router.get("/case/{case_id}")
def show(request: Request, desk: TheDesk, viewer: SignedIn, case_id: int) -> Response:
    """The page of a case."""
    return render(request, desk, viewer, case_id)


def render(request: Request, desk: Desk, viewer: Viewer, case_id: int, status: int = 200, problem: str = "") -> Response:
    """The page of a case, with a problem on top where something could not be done."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case_id)
        (case,) = cases.load(connection, [case_id])
        rows = actions.find(connection, state="all", case_id=case_id)
        rests = connection.execute(select(table.c.not_before).where(table.c.id == case_id, table.c.state == "unclear")).scalar()
        events = list(audit.read(connection, f"case:{case_id}"))
        url = office_state.pass_url(connection, case.run) if case.run else ""
        others = seen(connection, viewer, earlier.earlier(connection, case.id))
        numbers = counts(connection, open_cards(connection, viewer), viewer)
        done = toast(connection, viewer, request.query_params)
        tab = questions.tab_of(connection, viewer, case)
        after = questions.next_on(connection, viewer, tab, case_id)
    question = case.question if case.state == "unclear" and isinstance(case.question, dict) else None
    found = facts_of(case.journal.values(), question)
    values: dict[str, Any] = {
        "case": case,
        "rows": rows,
        "events": events,
        "earlier": others,
        "question": question,
        "choices": choices(desk.office, question, language_for(request, desk, viewer)) if question else [],
        "facts": found,
        "path_taken": told(list(case.journal.values())),
        "views": views(desk.database, case, list(case.journal.values())[-60:], found, language_for(request, desk, viewer)),
        "prefect": run_link(desk, url, case.run),
        "counts": numbers,
        "toast": done,
        "after": after,
        "rests": rests if rests and rests > utcnow() else None,
        "can_ask": possible(desk, case.data, case.connection),
        "may": questions.may_act(viewer, case) and case.state in OPEN,
        "order": questions.order_of(question),
        "tab": tab,
        "waiting": numbers.get(f"unclear_{tab}", on_tabs(numbers).get(tab, 0)),
        "for_others": viewer.decides and not questions.may_act(viewer, case),
    }
    return page(request, "case.html", viewer, status, problem=problem, **values)


def _do(
    request: Request, desk: Desk, posted: Posted, case_id: int, did: str, work: Callable[[Connection, str], None]
) -> Response:
    """Do `work` as this person and go on to the next case of the same kind."""
    try:
        tab, after = change(desk, posted, case_id, work)
    except KontoristError as error:
        status = 403 if isinstance(error, NotAllowed) else 409 if isinstance(error, NotFound | Stale) else 422
        if isinstance(error, NotFound) and "There is no case" in str(error):
            raise
        return render(request, desk, posted.viewer, case_id, status, str(error))
    return RedirectResponse(f"/case/{after}?did={did}" if after else f"/?tab={tab or 'mine'}&did={did}", 303)


def change(desk: Desk, posted: Posted, case_id: int, work: Callable[[Connection, str], None]) -> tuple[str, int | None]:
    """Do `work` as this person in one transaction; the list that the case stood on, and the next case of it."""
    name = posted.who.name
    with desk.database.write() as connection:
        require_sight(connection, posted.viewer, case_id)
        (case,) = cases.load(connection, [case_id])
        questions.require(posted.viewer, case)
        tab = questions.tab_of(connection, posted.viewer, case)
        after = questions.next_on(connection, posted.viewer, tab, case_id)
        work(connection, name)
    return tab, after


@router.post("/case/{case_id}/answer")
def answer(request: Request, desk: TheDesk, posted: FromForm, case_id: int) -> Response:
    """Answer the question of an unclear case: it goes on with that."""
    return _do(request, desk, posted, case_id, "answered", lambda c, name: take_answer(c, posted, case_id, name))


def take_answer(connection: Connection, posted: Posted, case_id: int, name: str) -> None:
    """Record a person's answer to the question that they saw. Raises Stale or Rejected."""
    (case,) = cases.load(connection, [case_id])
    question: Mapping[str, Any] = case.question if isinstance(case.question, dict) else {}
    if posted.form.text("path") != str(question.get("path", "")) or case.state != "unclear":
        raise Stale("This question was answered already, or has changed. Look at the case again.")
    output = given(question, posted.form)
    if not output:
        raise Rejected("Choose an answer, or fill in what is missing.")
    case_decisions.answer(connection, case_id, output, name)


@router.post("/case/{case_id}/retry")
def retry(request: Request, desk: TheDesk, posted: FromForm, case_id: int) -> Response:
    """Try a failed or unclear case again from where it stopped."""
    return _do(request, desk, posted, case_id, "retried", lambda c, name: case_decisions.retry(c, case_id, name))


@router.post("/case/{case_id}/close")
def close(request: Request, desk: TheDesk, posted: FromForm, case_id: int) -> Response:
    """End a case by hand."""
    return _do(request, desk, posted, case_id, "closed", lambda c, name: end(c, posted, case_id, name))


def end(connection: Connection, posted: Posted, case_id: int, name: str) -> None:
    """End a case with a word on what became of it. Raises Rejected or NotAllowed."""
    reason = (posted.form.text("reason") or posted.form.text("usual")).strip()[:4000]
    if not reason:
        raise Rejected("Say what became of it: others will look for it here.")
    for row in actions.find(connection, state="all", case_id=case_id):
        if row.state in ("proposed", "refused", "approved") and not authority.may_decide(row, posted.who):
            raise NotAllowed("Something proposed for this case is for others to decide; hand it over, or ask them to close it.")
    case_decisions.close(connection, case_id, name, reason)
