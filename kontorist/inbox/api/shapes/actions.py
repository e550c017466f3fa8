"""Actions, with their rules and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Warned(BaseModel):
    """A warning; `stop` asks for a check and a word on it."""

    code: str
    text: str
    stop: bool


class Rule(BaseModel):
    """Who has to decide."""

    by: list[str]
    count: int
    escalate: str | None
    comment: bool
    expires: str | None


class Action(BaseModel):
    """An action as it would be carried out: approve exactly this revision and hash."""

    id: int
    connection: str
    action: str
    sentence: str
    state: str
    revision: int
    sha256: str
    payload: dict[str, Any]
    origins: dict[str, Any]
    warnings: list[Warned]
    rule: Rule
    assigned: str | None
    due: datetime | None
    leaves: datetime | None = Field(description="when an approved one leaves; until then it can be taken back")
    receipt: Any
    error: str | None
    schema_: dict[str, Any] | None = Field(
        None, serialization_alias="schema", description="the payload's JSON Schema, where it can be edited"
    )


class Event(BaseModel):
    """A revision or decision of an action."""

    at: datetime
    action: int
    kind: str
    by: str
    revision: int
    comment: str


class Decision(BaseModel):
    """An action that was decided, or ended otherwise."""

    id: int
    card: int
    case: int
    flow: str
    connection: str
    action: str
    sentence: str
    state: str
    revision: int
    updated: datetime
    receipt: Any
    error: str | None


class DecisionList(BaseModel):
    """A part of what was decided, the newest first."""

    skip: int
    actions: list[Decision]
