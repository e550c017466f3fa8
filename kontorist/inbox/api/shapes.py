"""What the JSON API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[int, Field(ge=1, le=2_147_483_647)]
Words = Annotated[str, Field(max_length=4000)]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(_Taken):
    """The revision of an action that was before the eyes of who decides."""

    action: Id
    revision: Annotated[int, Field(ge=1, le=999_999_999)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


AllShown = Annotated[list[Shown], Field(min_length=1, max_length=100, description="every action on the card, as it was shown")]


class Approve(_Taken):
    """An approval of exactly what was shown."""

    shown: AllShown
    comment: Words = Field("", description="how it was checked, where the rule asks for it")
    checked: bool = Field(False, description="the warnings that say stop were checked")


class Reject(_Taken):
    """A rejection."""

    shown: AllShown
    reason: Words
    redraft: bool = False


class Changed(_Taken):
    """New values of an action's fields."""

    action: Id
    fields: dict[str, Any]


class Edit(_Taken):
    """A person's version of some of the card's actions."""

    shown: AllShown
    changes: Annotated[list[Changed], Field(min_length=1, max_length=100)]
    approve: bool = Field(False, description="approve it, if what is stored is exactly what was written")
    comment: Words = ""
    checked: bool = False


class Ask(_Taken):
    """A question to the sender; the card rests until the answer comes."""

    shown: AllShown
    body: Annotated[str, Field(max_length=20_000)]


class HandOver(_Taken):
    """To whom a card goes."""

    shown: AllShown
    to: Annotated[str, Field(max_length=100, description="a person or group of office.yaml")]
    comment: Words = ""


class Resolve(_Taken):
    """What a person found out about an uncertain action."""

    shown: AllShown
    happened: bool
    comment: Words


class OneOfSeveral(_Taken):
    """One card among several, with what was shown of it."""

    card: Id
    shown: AllShown


class Several(_Taken):
    """Cards to approve, each by itself."""

    cards: Annotated[list[OneOfSeveral], Field(min_length=1, max_length=50)]


class Numbers(_Taken):
    """Cards by their numbers."""

    cards: Annotated[list[Id], Field(min_length=1, max_length=50)]


class Answer(_Taken):
    """The answer to the question of an unclear case."""

    path: Annotated[str, Field(max_length=255, description="the question's `path`, as it was shown")]
    choice: Words = Field("", description="one of the options, where it is a choice")
    fields: dict[str, Words] = Field(default={}, description="the missing fields, as text, where it asks for fields")


class CaseQuestion(_Taken):
    """A question to the sender of an unclear case."""

    path: Annotated[str, Field(max_length=255)]
    body: Annotated[str, Field(max_length=20_000)]


class Close(_Taken):
    """Why a case ends."""

    reason: Words


class Filter(_Taken):
    """A list under a name of its own."""

    name: Annotated[str, Field(max_length=60)]
    query: Annotated[str, Field(max_length=500, description="`tab=mine&flow=…`, as in the list's address")]


class Stops(_Taken):
    """What the stop button holds back."""

    office: bool = False
    flows: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=1000)] = []
    connections: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=1000)] = []


class Version(_Taken):
    """A version of a flow."""

    version: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


# given ----------------------------------------------------------------------


class Decided(BaseModel):
    """What became of a decision."""

    did: Literal["approved", "first", "rejected", "redraft", "saved", "asked", "handed", "back", "settled", "resumed"] = Field(
        description="`first`: somebody else has to approve, too; `saved`: the new version has to be looked at and approved"
    )
    card: int
    next: int | None = Field(None, description="the next card of the caller")


class Done(BaseModel):
    """What became of a case."""

    did: Literal["answered", "retried", "closed", "asked", "again"]
    case: int
    next: int | None = None


class Taker(BaseModel):
    """A flow that takes files."""

    flow: str
    pattern: str = Field(description="which names it takes: `*.pdf`")
    max_size: int = Field(description="bytes")


class HandedIn(BaseModel):
    """What became of a file that was handed in."""

    cases: list[int]
    before: int = Field(description="how many things in it had been handed in before")


class Draft(BaseModel):
    """A first version of a question to the sender."""

    body: str


class Looking(BaseModel):
    """Who else has a card open."""

    others: list[str]


class Me(BaseModel):
    """Who calls, and what they may do."""

    name: str
    label: str
    role: str
    groups: list[str]
    deputises: list[str]
    csrf: str = Field(description="what a page sends as X-CSRF-Token; of no use with a token")


class Counts(BaseModel):
    """How many wait where."""

    mine: int
    others: int
    asked: int
    unclear: int
    failed: int


class Warned(BaseModel):
    """A warning; `stop` asks for a check and a word on it."""

    code: str
    text: str
    stop: bool


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


class Fact(BaseModel):
    """A value with where it stands."""

    name: str
    value: Any
    step: str
    model: str
    origins: list[str]
    confidence: float | None
    evidence: list[dict[str, Any]]


class Event(BaseModel):
    """A revision or decision of an action."""

    at: datetime
    action: int
    kind: str
    by: str
    revision: int
    comment: str


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


class CaseList(BaseModel):
    """A part of a list of cases, the newest first."""

    skip: int
    cases: list[CaseLine]


class CaseBody(CaseLine):
    """A case with everything that happened to it."""

    connection: str
    data: Any = Field(description="what came: the mail, the file, the row")
    warnings: list[str]
    question: Any = Field(description="what an unclear case asks: `path`, `kind`, and `options` or `fields`")
    documents: list[Document]
    trace: list[Step]
    facts: list[Fact]
    actions: list[Action]
    earlier: list[int] = Field(description="other cases of the same sender or matter")
    may: bool = Field(description="whether the caller may answer, retry or close it")


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


class SeveralDone(BaseModel):
    """What became of several: those approved, and how many have to be looked at by themselves."""

    done: list[int]
    left: int


class SavedFilter(BaseModel):
    """A saved filter of the caller."""

    id: int
    name: str
    query: str


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
    """Failed or unclear cases with the same reason."""

    flow: str
    state: str
    error: str
    count: int
    newest: int


class Pass(BaseModel):
    """A pass of the office."""

    run: str
    started: datetime
    ended: datetime | None


class Minutes(BaseModel):
    """From prepared to decided."""

    median: float
    p90: float


class SavedTime(BaseModel):
    """Time saved, and what it was worked out from."""

    hours: float
    seconds_by_hand: int
    seconds_unchanged: int
    measured: int


class FigureLine(BaseModel):
    """The figures of a flow; null where too few people or cards stand behind one."""

    flow: str
    arrived: int
    prepared: int
    approved_unchanged: int
    edited: int
    rejected: int
    unclear: int
    open: int
    oldest: datetime | None
    minutes: Minutes | None
    cost: str
    cost_per_approved: str | None
    time_saved: SavedTime | None


class FigureBar(BaseModel):
    """A day, week or month."""

    start: str
    arrived: int
    prepared: int
    approved_unchanged: int
    edited: int
    rejected: int
    unclear: int


class FiguresBody(BaseModel):
    """The figures of a period."""

    period: str
    first: str
    last: str
    people_at_least: int
    step: str
    total: FigureLine
    flows: list[FigureLine]
    over_time: list[FigureBar]


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


class StopsBody(BaseModel):
    """What the stop button holds back."""

    office: bool
    flows: list[str]
    connections: list[str]


class Retried(BaseModel):
    """How many cases run again."""

    retried: int


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


class Sessions(BaseModel):
    """How many sessions of a person ended."""

    ended: int
