"""Cards and lists of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.actions import Action, Event, Warned
from kontorist.inbox.api.shapes.cases import CaseLine, Document, Fact, Step


class Looking(BaseModel):
    """Who else has a card open."""

    others: list[str]


class Counts(BaseModel):
    """How many wait where."""

    mine: int
    others: int
    asked: int
    unclear: int = Field(description="all that wait for an answer, whomever they are for")
    failed: int
    unclear_mine: int = Field(description="those among them that are for the caller")
    unclear_others: int = Field(description="those among them that are for others")


class CardLine(BaseModel):
    """One card of a list."""

    id: int
    case: int
    flow: str
    sentence: str
    who: str
    amount: str | None
    currency: str
    due: datetime | None
    overdue: bool
    mine: bool
    given: bool = Field(description="approved by the caller already; it waits for somebody else")
    rests: bool = Field(description="something was asked back and not answered yet")
    assigned: str | None
    actions: int
    risk: int = Field(description="0 nothing, 1 a note, 2 a warning that says stop")
    warnings: list[Warned]


class CardList(BaseModel):
    """A part of a list; `total` counts all that fit."""

    total: int
    skip: int
    cards: list[CardLine]


class CardBody(BaseModel):
    """A card with everything that is needed to decide."""

    id: int
    may: bool
    given: bool
    needed: int = Field(description="how many people have to approve")
    actions: list[Action]
    facts: list[Fact]
    trace: list[Step]
    history: list[Event]
    case: CaseLine
    documents: list[Document]
    earlier: list[int]
    looking: list[str] = Field(description="who else has it open")


class Kind(BaseModel):
    """Cards of one kind that may be approved together."""

    flow: str
    cards: list[CardBody]
    same: dict[str, Any]
    differs: list[str]
    more: int
