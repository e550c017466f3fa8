"""Errors of the JSON API: one shape for all of them (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"
TITLES: Mapping[int, str] = {
    400: "This cannot be read",
    401: "Sign in first",
    403: "That is not allowed",
    404: "There is no such thing",
    405: "Not with this method",
    409: "This has changed meanwhile",
    413: "This is too large",
    415: "Send JSON",
    421: "This inbox has another name",
    422: "This does not fit",
    500: "Something went wrong",
    503: "Not available now",
}


class Wrong(BaseModel):
    """One part of a request that does not fit."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """Why something was not done."""

    type: str = Field(description="`urn:kontorist:` and a word that stays the same")
    title: str
    status: int
    detail: str = Field(description="what happened, to which thing, what to do")
    errors: list[Wrong] = []


def problem(
    status: int, detail: str, errors: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as an answer."""
    title = TITLES.get(status, "Something went wrong")
    kind = title.lower().replace(" ", "-")
    body = {"type": f"urn:kontorist:{kind}", "title": title, "status": status, "detail": detail or title, "errors": list(errors)}
    return JSONResponse(body, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def answers(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a function may answer with, for its description."""
    shape = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {code: {"description": TITLES[code], "content": {MEDIA_TYPE: shape}} for code in codes}
