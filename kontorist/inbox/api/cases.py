"""Cases over the JSON API: list, read, answer, try again, close; and the ledger of everything seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import Response
from sqlalchemy import Connection, select

from kontorist.inbox import again as anew
from kontorist.inbox import ask as drafting
from kontorist.inbox import asking, case_page, files, listing, questions
from kontorist.inbox.api import rendering, shapes
from kontorist.inbox.api.caller import Caller, Head, Number, Overseer, as_form, router_of
from kontorist.inbox.api.cards import Limit, Skip
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.path_page import taken
from kontorist.inbox.problems import answers
from kontorist.inbox.sight import require_sight, seen
from kontorist.inbox.viewer import Posted, Viewer
from kontorist.store import actions, case_decisions, cases, earlier, versions
from kontorist.store import seen as ledger
from kontorist.store.tables import cases as table

router = router_of("Cases")
_STALE = answers(409)
_STATES = f"^(|{'|'.join(cases.STATES)})$"


@router.get("/cases")
def list_cases(
    desk: TheDesk,
    viewer: Caller,
    state: Annotated[str, Query(pattern=_STATES)] = "",
    flow: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    mine: Annotated[bool, Query(description="only unclear cases that are for the caller")] = False,
    skip: Skip = 0,
    limit: Limit = 100,
) -> shapes.CaseList:
    """Cases, the newest first."""
    query = select(table).where(questions.is_mine(viewer)) if mine else select(table)
    if state:
        query = query.where(table.c.state == state)
    if flow:
        query = query.where(table.c.flow == flow)
    if (seen_by_them := questions.visible(viewer)) is not None:
        query = query.where(seen_by_them)
    with desk.database.read() as connection:
        rows = listing.some(connection, query, table.c.id, table.c.id, q.strip(), skip, limit)
        return shapes.CaseList(skip=skip, cases=[rendering.case_line(r) for r in rows])


@router.get("/cases/{case}")
def read_case(desk: TheDesk, viewer: Caller, case: Number) -> shapes.CaseBody:
    """A case with everything that happened to it."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case)
        (found,) = cases.load(connection, [case])
        rows = actions.find(connection, state="all", case_id=case)
        others = seen(connection, viewer, earlier.earlier(connection, case))
    question = found.question if found.state == "unclear" and isinstance(found.question, dict) else None
    entries = list(found.journal.values())
    return shapes.CaseBody(
        **rendering.case_line(found).model_dump(), connection=found.connection, data=rendering.safe(found.data),
        warnings=[str(w) for w in found.warnings], question=rendering.safe(question), documents=rendering.documents(case, found.documents),
        trace=[rendering.step(e) for e in entries], facts=rendering.facts(entries, question), actions=rendering.editable(desk, rows),
        earlier=[c.id for c in others], may=questions.may_act(viewer, found) and found.state in case_page.OPEN,
    )  # fmt: skip


@router.get("/cases/{case}/path")
def read_path(desk: TheDesk, viewer: Caller, case: Number) -> shapes.PathBody:
    """The path of a case through its flow as it was when the case began: what went into each step, and what came out."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case)
        (found,) = cases.load(connection, [case])
        then = versions.flows_of(connection, found.flow_version) or dict(desk.office.flows)
        newest = versions.is_good(connection, found.flow, found.flow_version)
    return shapes.PathBody(
        case=case, flow=found.flow, version=found.flow_version, newest=newest, steps=[rendering.path_step(t) for t in taken(found, then)]
    )  # fmt: skip


@router.get("/decisions")
def list_decisions(
    desk: TheDesk, viewer: Caller, q: Annotated[str, Query(max_length=200)] = "", skip: Skip = 0, limit: Limit = 100
) -> shapes.DecisionList:
    """Actions that were decided or ended otherwise, the newest first, with their receipts."""
    with desk.database.read() as connection:
        rows = listing.decided(connection, viewer, q.strip(), skip, limit)
    return shapes.DecisionList(skip=skip, actions=[rendering.decision(r) for r in rows])


@router.get(
    "/cases/{case}/documents/{number}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "the bytes as they came"}},
)
def read_document(desk: TheDesk, viewer: Caller, case: Number, number: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
    """A document as it came, to be saved and never to be run."""
    return files.download(desk, viewer, case, number)


def _do(desk: Desk, posted: Posted, case: int, did: str, work: Callable[[Connection, str], None]) -> shapes.Done:
    _, after = case_page.change(desk, posted, case, work)
    return shapes.Done.model_validate({"did": did, "case": case, "next": after})


@router.post("/cases/{case}/answer", responses=_STALE)
def answer(desk: TheDesk, viewer: Caller, case: Number, body: shapes.Answer) -> shapes.Done:
    """Answer the question of an unclear case: it goes on with that."""
    fields = [(f"field.{name}", value) for name, value in body.fields.items()]
    posted = as_form(viewer, ("path", body.path), ("choice", body.choice), *fields)
    return _do(desk, posted, case, "answered", lambda c, name: case_page.take_answer(c, posted, case, name))


@router.get("/cases/{case}/question")
def draft_question_about(desk: TheDesk, viewer: Caller, case: Number) -> shapes.Draft:
    """A first version of a question to the sender, with what an unclear case lacks."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case)
        (found,) = cases.load(connection, [case])
    missing = drafting.missing_of(found.question if isinstance(found.question, dict) else None)
    return shapes.Draft(body=drafting.draft(desk, found, missing))


@router.post("/cases/{case}/ask", responses=_STALE)
def ask(desk: TheDesk, viewer: Caller, case: Number, body: shapes.CaseQuestion) -> shapes.Done:
    """Ask the sender of an unclear case; it rests until the answer comes."""
    posted = as_form(viewer, ("path", body.path), ("body", body.body))
    posted.who  # noqa: B018 - auditors are refused first
    return shapes.Done(did="asked", case=case, next=asking.ask_about(desk, posted, case)[1])


@router.post("/cases/{case}/retry", responses=_STALE)
def retry(desk: TheDesk, viewer: Caller, case: Number) -> shapes.Done:
    """Try a failed or unclear case again from where it stopped."""
    return _do(desk, as_form(viewer), case, "retried", lambda c, name: case_decisions.retry(c, case, name))


@router.post("/cases/{case}/close", responses=_STALE)
def close(desk: TheDesk, viewer: Caller, case: Number, body: shapes.Close) -> shapes.Done:
    """End a case by hand, with a word on what became of it."""
    posted = as_form(viewer, ("reason", body.reason))
    return _do(desk, posted, case, "closed", lambda c, name: case_page.end(c, posted, case, name))


@router.post("/cases/{case}/again", responses=_STALE)
def again(desk: TheDesk, viewer: Head, case: Number) -> shapes.Done:
    """Process again what a case began with, as a new case; what the old one has done stays done."""
    return shapes.Done(did="again", case=anew.process(desk, viewer, case))


@router.get("/ledger")
def read_ledger(
    desk: TheDesk,
    viewer: Overseer,
    connection: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")] = "",
    q: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="words of the subject, a place, or a Message-ID")
    ] = "",
    since: Annotated[datetime | None, Query()] = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> list[shapes.Entry]:
    """Everything that was seen at the office's sources, the newest first, with the case that it became."""
    with desk.database.read() as store:
        return [shapes.Entry(**e.__dict__) for e in _entries(store, viewer, connection, q, since, limit, skip)]


def _entries(
    store: Connection, viewer: Viewer, connection: str, q: str, since: datetime | None, limit: int, skip: int
) -> list[ledger.Entry]:
    start = since.astimezone() if since is not None else None
    return anew.visible(store, viewer, ledger.entries(store, connection or None, q, start, limit, skip))
