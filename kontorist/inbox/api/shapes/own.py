"""What belongs to the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.base import Taken


class Me(BaseModel):
    """Who calls, and what they may do."""

    name: str
    label: str
    role: str
    groups: list[str]
    deputises: list[str]
    csrf: str = Field(description="what a page sends as X-CSRF-Token; of no use with a token")


class Filter(Taken):
    """A list under a name of its own."""

    name: Annotated[str, Field(max_length=60)]
    query: Annotated[str, Field(max_length=500, description="`tab=mine&flow=…`, as in the list's address")]


class SavedFilter(BaseModel):
    """A saved filter of the caller."""

    id: int
    name: str
    query: str


class SessionBody(BaseModel):
    """A browser in which the caller is signed in."""

    id: str
    agent: str
    method: str
    created: datetime
    seen: datetime


class TokenBody(BaseModel):
    """A token of the caller."""

    id: int
    name: str
    created: datetime
    seen: datetime | None
    expires: datetime
