"""`/hooks/NAME`: what other systems post. Who may is decided by the connection, by the sender's signature and nothing else."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from kontorist.core import logs, registry
from kontorist.core.errors import AccessDenied, KontoristError, NotFound, Rejected, Unavailable
from kontorist.inbox.desk import Desk, TheDesk

router = APIRouter()
_LARGEST = 20 * 2**20
_STATUS: dict[type[KontoristError], int] = {NotFound: 404, AccessDenied: 401, Rejected: 422, Unavailable: 503}


class TooLarge(KontoristError):
    """What was posted is longer than the connection takes."""


@router.post("/hooks/{name}")
async def hook(name: Annotated[str, Path(max_length=100)], request: Request, desk: TheDesk) -> Response:
    """Take what was posted; 202 when it is on disk."""
    try:
        body = await _body(request, _most(desk, name))
        key = await run_in_threadpool(_received, desk, name, dict(request.headers.items()), body)
    except KontoristError as error:
        logs.event("post refused", level=logging.WARNING, flow=name if name in desk.office.connections else "")
        status = 413 if isinstance(error, TooLarge) else next((s for k, s in _STATUS.items() if isinstance(error, k)), 503)
        return JSONResponse({"taken": False, "error": str(error)}, status)
    return JSONResponse({"taken": True, "id": key}, 202)


def _most(desk: Desk, name: str) -> int:
    """How long a body may be. Raises NotFound for what is no place to post to."""
    configured = desk.office.connections.get(name)
    if configured is None or not registry.load("connectors", configured.connector).receives:
        raise NotFound("Nothing can be posted here.")
    return min(int(configured.options.get("max_size", 2**20)), _LARGEST)


async def _body(request: Request, most: int) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise TooLarge(f"More than {most} bytes are not taken.")
    return body


def _received(desk: Desk, name: str, headers: dict[str, str], body: bytes) -> str:
    connections = desk.connections()
    try:
        return connections.get(name).receive(headers, body)
    finally:
        connections.close()
