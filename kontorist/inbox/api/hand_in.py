"""Handing files in over the JSON API: the bytes of one file become a case, once."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from kontorist.core.errors import NotFound, NotReadable, Rejected
from kontorist.inbox import hand_in
from kontorist.inbox.api import shapes
from kontorist.inbox.api.caller import Caller, router_of
from kontorist.inbox.api.flows import Name
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pages import taking
from kontorist.inbox.viewer import Viewer

router = router_of("Hand in")
_BYTES: dict[str, Any] = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get("/hand-in")
def list_takers(desk: TheDesk, viewer: Caller) -> list[shapes.Taker]:
    """The flows to which the caller may hand files in, with what they take."""
    names = taking(desk.office, viewer.hidden) if viewer.decides else []
    takes = {name: hand_in.upload_of(desk, name) for name in names}
    return [shapes.Taker(flow=name, pattern=t.pattern, max_size=t.max_size) for name, t in takes.items()]


@router.post("/hand-in/{flow}", openapi_extra={"requestBody": _BYTES})
async def hand_file_in(
    request: Request,
    desk: TheDesk,
    viewer: Caller,
    flow: Name,
    name: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$", description="the file's name")],
) -> shapes.HandedIn:
    """Hand in one file, as the body of the request; what was handed in before becomes no second case."""
    viewer.who  # noqa: B018 - auditors are refused first
    data = await request.body()  # the guard has seen how large it says it is
    return await run_in_threadpool(_taken, desk, viewer, flow, name, data)


def _taken(desk: Desk, viewer: Viewer, flow: str, name: str, data: bytes) -> shapes.HandedIn:
    if flow in viewer.hidden:
        raise NotFound(hand_in.NONE)
    if problem := hand_in.problem_of(hand_in.upload_of(desk, flow), [(name, len(data))]):
        raise Rejected(f"{name}: {problem.text}")
    try:
        found = hand_in.take_in(desk, flow, [(name, io.BytesIO(data))], viewer.name)
    except NotReadable as error:
        raise Rejected(f"{name} cannot be read, and nothing was taken in: {error}") from error
    return shapes.HandedIn(cases=[number for number in found if number], before=sum(number is None for number in found))
