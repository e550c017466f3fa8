"""The office: the stop button, connections, models, people, what was seen, what is stuck, the audit chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.base import Taken

_Name = Annotated[str, Field(max_length=100)]


class Stops(Taken):
    """What the stop button holds back."""

    office: bool = False
    flows: list[_Name] = Field([], max_length=1000)
    connections: list[_Name] = Field([], max_length=1000)


class StopsBody(BaseModel):
    """What the stop button holds back."""

    office: bool
    flows: list[str]
    connections: list[str]


class Entry(BaseModel):
    """One item that was seen at a source."""

    case: int
    connection: str
    flow: str
    source: str
    title: str
    key: str
    attempt: int
    state: str
    seen: datetime
    error: str | None


class ConnectionBody(BaseModel):
    """A connection, its heartbeat, and whether it is down or unusually silent."""

    name: str
    connector: str
    stopped: bool
    read: datetime | None
    tried: datetime | None
    problem: str
    alarm: Literal["down", "silent"] | None
    message: str
    last: datetime | None


class ModelBody(BaseModel):
    """A model with what it cost."""

    name: str
    server: str
    trusted: bool
    usual: bool
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: str = Field(description="of the last 30 days, in the currency of its prices")
    cost_today: str
    budget_per_day: str | None


class PersonBody(BaseModel):
    """Somebody who may sign in."""

    name: str
    label: str
    role: str
    groups: list[str]
    deputy: str | None
    away: list[str]
    can_sign_in: bool
    second_factor: bool
    sessions: int
    tokens: int


class Sessions(BaseModel):
    """How many sessions of a person ended."""

    ended: int


class AuditEvent(BaseModel):
    """An event of the audit chain."""

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    data: Any
    hash: str


class AuditPage(BaseModel):
    """Events, the newest first; `before` leads on."""

    before: int | None
    events: list[AuditEvent]


class StuckBody(BaseModel):
    """Failed or unclear cases with the same cause, whose values may differ."""

    flow: str
    state: str
    error: str = Field(description="of the newest one")
    count: int
    newest: int
    reasons: int = Field(description="in how many wordings the cause was told")


class Retried(BaseModel):
    """How many cases run again."""

    retried: int


class Pass(BaseModel):
    """A pass of the office."""

    run: str
    started: datetime
    ended: datetime | None
