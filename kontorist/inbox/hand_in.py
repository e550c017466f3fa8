"""The page where people hand files in for a flow whose trigger is `upload:`; each becomes a case, each once."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from connectors._files import safe_name
from connectors.handed_in import fits, hand_in
from kontorist.core.errors import NotAllowed, NotFound, NotReadable
from kontorist.core.flow import Upload
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.labels import N_
from kontorist.inbox.pages import page, taking
from kontorist.inbox.security import MAX_FILES, number_in
from kontorist.inbox.viewer import SignedIn, Viewer

router = APIRouter()
FILES = 20
"""So many are taken in one go."""
_FIELDS = 64 * 2**10
NONE = N_("No flow of this office takes files that somebody hands in.")


@dataclass(frozen=True)
class Problem:
    """Why nothing was taken in; `name` is the file that it is about."""

    text: str
    name: str = ""


@dataclass(frozen=True)
class HandedIn:
    """A form with files that a signed-in person has sent from one of our own pages."""

    viewer: Viewer
    flow: str
    files: Sequence[UploadFile]


async def handed_in(request: Request, viewer: SignedIn) -> AsyncIterator[HandedIn]:
    """The form with its token checked, its files deleted afterwards. Raises NotAllowed for one that is not from here or too large."""
    length = request.headers.get("content-length", "")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data") or number_in(length, 12) is None:
        raise NotAllowed("This is not a form of this page.")
    if int(length) > MAX_FILES + _FIELDS:
        raise NotAllowed(N_("More than 50 MB at once are not taken. Hand the files in one by one."))
    try:
        async with request.form(max_files=FILES, max_fields=5, max_part_size=_FIELDS) as form:
            if not secrets.compare_digest(str(form.get("csrf", "")).encode(), viewer.csrf.encode()):
                raise NotAllowed("This form is not from your current session. Go back, reload the page, and try again.")
            files = [f for f in form.getlist("file") if isinstance(f, UploadFile) and f.filename]
            yield HandedIn(viewer, str(form.get("flow", ""))[:100], files)
    except HTTPException as error:  # what Starlette makes of a form that it cannot read
        raise NotAllowed(N_("This form cannot be read, or has more than 20 files.")) from error


@router.get("/hand-in")
def show(request: Request, desk: TheDesk, viewer: SignedIn) -> Response:
    """The page to hand files in; after that, what became of them."""
    if viewer.decides and not taking(desk.office, viewer.hidden):
        raise NotFound(NONE)
    return _render(request, desk, viewer)


def _render(
    request: Request, desk: Desk, viewer: Viewer, status: int = 200, problem: Problem | None = None, flow: str = ""
) -> Response:
    query = request.query_params
    return page(
        request, "hand_in.html", viewer, status,
        flows={name: upload_of(desk, name) for name in taking(desk.office, viewer.hidden)} if viewer.decides else {},
        chosen=flow or query.get("flow", ""),
        numbers=[n for n in map(number_in, query.getlist("case")[:FILES]) if n is not None],
        before=number_in(query.get("before", ""), 2) or 0,
        problem=problem,
    )  # fmt: skip


def upload_of(desk: Desk, flow: str) -> Upload:
    """What a flow takes. Raises NotFound."""
    trigger = desk.office.flows[flow].trigger if flow in desk.office.flows else None
    if trigger is None or trigger.upload is None:
        raise NotFound(NONE)
    return trigger.upload


@router.post("/hand-in/files")
def take(request: Request, desk: TheDesk, handed: Annotated[HandedIn, Depends(handed_in)]) -> Response:
    """Make a case of each file, all of them or none."""
    viewer, flow = handed.viewer, handed.flow
    if not viewer.decides:
        raise NotAllowed("Auditors may read everything and decide nothing.")
    if flow in viewer.hidden:
        raise NotFound(NONE)
    takes = upload_of(desk, flow)
    if problem := problem_of(takes, [(f.filename or "", f.size or 0) for f in handed.files]):
        return _render(request, desk, viewer, 422, problem, flow)
    try:
        found = take_in(desk, flow, [(f.filename or "", f.file) for f in handed.files], viewer.name)
    except NotReadable as error:
        return _render(
            request, desk, viewer, 422, Problem(N_("This file cannot be read. Nothing was taken in."), str(error)), flow
        )
    numbers = "".join(f"&case={number}" for number in found if number)
    return RedirectResponse(f"/hand-in?flow={flow}{numbers}&before={sum(number is None for number in found)}", 303)


def problem_of(takes: Upload, files: Sequence[tuple[str, int]]) -> Problem | None:
    """What keeps these files, by name and size, from being taken in."""
    if not files:
        return Problem(N_("Choose a file first."))
    for name, size in files:
        if not fits(name, takes.pattern):
            return Problem(N_("This file is not of the kind that is taken here. Nothing was taken in."), name)
        if size > takes.max_size:
            return Problem(N_("This file is too large. Nothing was taken in."), name)
        if not size:
            return Problem(N_("This file is empty. Nothing was taken in."), name)
    return None


def take_in(desk: Desk, flow: str, files: Sequence[tuple[str, IO[bytes]]], person: str) -> list[int | None]:
    """The case of each thing in these files, None for what was handed in before. Raises NotReadable, and then nothing is taken in."""
    with tempfile.TemporaryDirectory(prefix="kontorist-handed-in-") as folder:
        paths = []
        for i, (name, content) in enumerate(files):
            path = Path(folder) / str(i) / safe_name(name)
            path.parent.mkdir()
            with path.open("wb") as target:
                shutil.copyfileobj(content, target)
            paths.append(path)
        return hand_in(desk.office, desk.database, flow, paths, person)
