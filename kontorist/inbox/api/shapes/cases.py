"""Cases: what came, what happened to it, what it asks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.actions import Action
from kontorist.inbox.api.shapes.base import Taken, Words


class Answer(Taken):
    """The answer to the question of an unclear case."""

    path: Annotated[str, Field(max_length=255, description="the question's `path`, as it was shown")]
    choice: Words = Field("", description="one of the options, where it is a choice")
    fields: dict[str, Words] = Field(default={}, description="the missing fields, as text, where it asks for fields")


class CaseQuestion(Taken):
    """A question to the sender of an unclear case."""

    path: Annotated[str, Field(max_length=255)]
    body: Annotated[str, Field(max_length=20_000)]


class Close(Taken):
    """Why a case ends."""

    reason: Words


class Done(BaseModel):
    """What became of a case."""

    did: Literal["answered", "retried", "closed", "asked", "again"]
    case: int
    next: int | None = None


class Fact(BaseModel):
    """A value with where it stands."""

    name: str
    value: Any
    step: str
    model: str
    origins: list[str]
    confidence: float | None
    evidence: list[dict[str, Any]]


class Step(BaseModel):
    """A journalled step of a case."""

    path: str
    step: str
    kind: str
    flow: str
    model: str
    ms: float
    at: datetime | None
    confidence: float | None
    output: Any


class Document(BaseModel):
    """A document of a case; its bytes are at `href`."""

    number: int
    name: str
    media_type: str
    role: str
    sha256: str
    size: int
    href: str


class CaseLine(BaseModel):
    """One case of a list."""

    id: int
    flow: str
    title: str
    who: str
    source: str
    state: str
    error: str | None
    created: datetime
    by: list[str] = Field(description="the groups and people that an unclear case is for; none: whoever takes it")
    due: datetime | None = Field(description="until when it should be answered")
    escalate: str | None = Field(description="whom it is for as well once it is overdue")
    overdue: bool


class CaseList(BaseModel):
    """A part of a list of cases, the newest first."""

    skip: int
    cases: list[CaseLine]


class CaseBody(CaseLine):
    """A case with everything that happened to it."""

    connection: str
    data: Any = Field(description="what came: the mail, the file, the row")
    warnings: list[str]
    question: Any = Field(
        description="what an unclear case asks: `path`, `kind`, and `options` or `fields`; whom: `by`, `due`, `escalate`"
    )
    documents: list[Document]
    trace: list[Step]
    facts: list[Fact]
    actions: list[Action]
    earlier: list[int] = Field(description="other cases of the same sender or matter")
    may: bool = Field(description="whether the caller may answer, retry or close it")


class PathStep(BaseModel):
    """A step that a case took, with what went into it and how it was configured then."""

    path: str
    step: str
    kind: str
    inputs: Any
    output: Any
    evidence: Any
    model: str
    ms: float
    written: str = Field(description="the step in YAML, as it stood in the flow then")


class PathBody(BaseModel):
    """The path of a case through its flow as it was when the case began."""

    case: int
    flow: str
    version: str
    newest: bool = Field(description="whether the flow has not changed since")
    steps: list[PathStep]
