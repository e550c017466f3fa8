"""The JSON API: what the pages do, for programs, by the same rules and the same code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from kontorist.inbox.api import cards, cases, flows, hand_in, office, own
from kontorist.inbox.api.caller import Caller, router_of
from kontorist.inbox.problems import MEDIA_TYPE, PREFIX

DESCRIPTION = """What the inbox's pages do, for programs: the same rules, the same records.

Sign in with a token from *My account* (`Authorization: Bearer kto_…`): a program may do what that person may, and is recorded as them with
the channel `api`. A page of ours uses its session and sends the token of its forms as `X-CSRF-Token` with everything that changes something.

Every decision names the exact revisions that were shown (`action`, `revision`, `sha256`, as `GET /api/v1/cards/{id}` gives them). If one
of them is not current any more, nothing is done and the answer is 409: read the card again and decide again.

Every error has one shape (`application/problem+json`): `type`, `title`, `status`, `detail`, and for a wrong request `errors`."""

meta = router_of("Interface")


@meta.get("/openapi.json", include_in_schema=False)
def openapi(caller: Caller) -> JSONResponse:
    """The description of this interface."""
    return JSONResponse(schema())


ROUTERS = (meta, own.router, cards.router, cases.router, hand_in.router, flows.router, office.router)
"""All of the interface; like those of the pages, its functions say through their parameters who may use them."""


def schema() -> dict[str, Any]:
    """The OpenAPI description, the same in every office."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    found = get_openapi(title="Kontorist", version="1", description=DESCRIPTION, routes=app.routes)
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "a token from My account"},
        "session": {"type": "apiKey", "in": "cookie", "name": "kontorist_session", "description": "a signed-in browser"},
    }
    found["security"] = [{"token": []}, {"session": []}]
    for name in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(name, None)
    for operation in (o for path in found["paths"].values() for o in path.values()):
        operation["responses"]["401"]["content"].pop("application/json")  # it is there only to put the shape among the schemas
    return found


__all__ = ["MEDIA_TYPE", "PREFIX", "ROUTERS", "schema"]
