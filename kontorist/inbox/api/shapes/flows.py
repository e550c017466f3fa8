"""Flows and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.base import Taken


class Version(Taken):
    """A version of a flow."""

    version: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


class FlowBody(BaseModel):
    """A flow and how it is doing."""

    name: str
    title: str
    description: str
    trigger: dict[str, Any] | None
    stopped: bool
    open: int
    oldest: datetime | None
    unclear: int
    failed: int
    running: int
    today: int
    last: datetime | None
    problems: list[str]


class ChangeBody(BaseModel):
    """One change of a flow."""

    version: str
    at: datetime
    who: str
    in_use: bool
    refused: str = Field(description="why it is not in use: what `check` found, or whose approval it waits for")
    cases: int = Field(description="how many that have not ended go on with it")


class VersionBody(BaseModel):
    """A version of a flow as its admin wrote it, and what it changed."""

    flow: str
    version: str
    text: str
    diff: list[str]


class VersionDone(BaseModel):
    """What became of a version; the office works with it from the next pass on."""

    did: Literal["approved", "rolled-back"]
    flow: str
    version: str
