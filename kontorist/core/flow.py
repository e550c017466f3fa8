"""The shape of a flow: what one YAML file under `flows/` may contain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from kontorist.core.clock import parse_duration

NAME = r"^[a-z][a-z0-9_]*$"
DOTTED = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def _duration(value: str | None) -> str | None:
    """The text of a duration as it was written. Raises ValueError where it is none."""
    if value is not None:
        parse_duration(value)
    return value


class Retry(_Shape):
    """How often and how patiently a step is tried again when the outside system is unavailable."""

    times: int = Field(5, ge=0, le=100, description="how often")
    wait: str = Field("30s", description="pause before the first repetition; doubles each time")

    _wait = field_validator("wait")(_duration)


class Addressed(_Shape):
    """Whom something is for, and until when."""

    by: str | list[str] | None = Field(None, description="a group or person, or a list of them; each may be a template")
    due: str | None = Field(None, description="when it should be decided, counted from when it waits for a person: 4h, 2d")
    escalate: str | None = Field(None, description="who is asked as well when it is overdue")

    _due = field_validator("due")(_duration)

    @property
    def names(self) -> list[str]:
        """Whom `by` names, as it is written."""
        return [self.by] if isinstance(self.by, str) else list(self.by or ())


class Approve(Addressed):
    """Who may approve, how many of them, and what happens when nobody does."""

    count: int | str = Field(1, description="how many different people; a number or a template")
    expires: str = Field("7d", description="how long an approval stays valid before it is executed")
    together_with: str | None = Field(None, description="id of an action before: one card, one decision, two records")

    _expires = field_validator("expires")(_duration)


class _Step(_Shape):
    id: str | None = Field(None, pattern=NAME, description="the name under which later steps see the result")
    retry: Retry | None = None
    on_error: Literal["fail", "ask", "continue"] = Field(
        "fail", description="when it fails for good: the case fails, a person is asked, or it goes on with {error} as the result"
    )


class AgentStep(_Step):
    """An agent reads, decides or writes; its options are the agent's own."""

    model_config = ConfigDict(extra="allow")
    agent: str = Field(description="name of an agent")
    model: str | None = Field(None, description="name of a model in office.yaml; default: the flow's or the office's")


class LookupStep(_Step):
    """Looks rows up in a table of a connection."""

    lookup: str = Field(description="connection.table", pattern=DOTTED)
    where: dict[str, Any] = Field(default_factory=dict, description="column: value; all must match")
    many: bool = Field(False, description="the result is the list of all rows instead of the one row")
    if_missing: Literal["ask", "stop", "continue"] = Field("ask", description="when no row is found")


class Unpaid(_Shape):
    """Open items that must not have been paid."""

    party: str = Field(description="the customer's or vendor's account")
    numbers: str | list[str] = Field(description="the invoices' numbers; a list, or a template that gives one")


class ActionStep(_Step):
    """Proposes an action; it runs only after the approval."""

    action: str = Field(description="connection.action", pattern=DOTTED)
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="the payload")
    approve: Approve = Field(default_factory=Approve)
    if_rejected: Literal["stop", "continue"] = Field("stop", description="what becomes of the case when a person says no")
    amount: str | None = Field(
        None,
        description="the amount that this is about, for lists, where the payload itself names none: a template; it moves no money, so the limit of "
        "*Several at once* does not count it",
    )
    unpaid: Unpaid | None = Field(
        None,
        description="open items that this takes to be unpaid: a payment to one of them that waits or was just posted is told on the card",
    )
    recipient_from: Literal["content"] | None = Field(
        None, description="`content` declares that a document or an agent says who gets it, which is an error otherwise"
    )


class WhenStep(_Step):
    """Goes into `steps` if the expression holds, else into `otherwise`."""

    when: str = Field(description="an expression")
    steps: list[Step] = Field(default_factory=list)
    otherwise: list[Step] = Field(default_factory=list)


class EachStep(_Step):
    """Runs `steps` once for each entry of a list."""

    each: str = Field(description="an expression that gives a list")
    as_: str = Field("entry", alias="as", pattern=NAME, description="the name of one entry in the steps")
    steps: list[Step] = Field(default_factory=list)


class UseStep(_Step):
    """Runs another flow's steps in this case."""

    use: str = Field(description="name of a flow")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="values for its parameters")


class SetStep(_Step):
    """Gives names to values."""

    set: dict[str, Any] = Field(description="name: value or template")


class StopStep(_Step):
    """Ends the case here."""

    stop: str = Field(description="why, for people")


class WaitStep(_Step):
    """Waits, for a time span or until a day, without holding anything up; a simulation does not wait."""

    wait: str = Field(description="a span from now on (`3d`), or a template that gives a date or time")


class AskStep(Addressed, _Step):
    """Hands the case to a person as unclear: to those it is for, or to whoever takes it."""

    ask: str = Field(description="what a person should look at")


KINDS: dict[str, type[_Step]] = {
    "agent": AgentStep,
    "lookup": LookupStep,
    "action": ActionStep,
    "when": WhenStep,
    "each": EachStep,
    "use": UseStep,
    "set": SetStep,
    "stop": StopStep,
    "wait": WaitStep,
    "ask": AskStep,
}


def kind_of(step: Any) -> str:
    """The kind of a step, by the key that names it."""
    if isinstance(step, dict):
        return next((k for k in KINDS if k in step), "agent")
    return next(k for k, cls in KINDS.items() if isinstance(step, cls))


Step = Annotated[
    Annotated[AgentStep, Tag("agent")]
    | Annotated[LookupStep, Tag("lookup")]
    | Annotated[ActionStep, Tag("action")]
    | Annotated[WhenStep, Tag("when")]
    | Annotated[EachStep, Tag("each")]
    | Annotated[UseStep, Tag("use")]
    | Annotated[SetStep, Tag("set")]
    | Annotated[StopStep, Tag("stop")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[AskStep, Tag("ask")],
    Discriminator(kind_of),
]


class Upload(_Shape):
    """Files that somebody hands in: in the inbox, or with `kontorist upload`."""

    pattern: str = Field("*", description="which files, as in '*.pdf'")
    max_size: int = Field(20 * 2**20, gt=0, le=50 * 2**20, description="larger files (bytes) are not taken; at most 50 MB")


class After(_Shape):
    """A case of another flow has ended; its steps' results are in `before.steps`."""

    flow: str = Field(description="name of the other flow")
    state: Literal["done", "closed"] = Field("done", description="how it must have ended: by itself, or by hand")


class Trigger(_Shape):
    """What starts a case: exactly one of these."""

    mail: dict[str, Any] | None = Field(None, description="{connection, folder …}: each mail")
    file: dict[str, Any] | None = Field(None, description="{connection, pattern …}: each file")
    rows: dict[str, Any] | None = Field(None, description="{connection, table …}: each new or changed row")
    webhook: dict[str, Any] | None = Field(None, description="{connection, schema …}: each delivery of another system")
    schedule: str | None = Field(None, description="cron expression in the office's time zone, as in '0 7 * * 1-5'")
    upload: Upload | None = Field(
        None, description="{pattern, max_size}: each file that somebody hands in, in the inbox or with `kontorist upload`"
    )
    after: After | None = Field(None, description="{flow, state}: each case of another flow that has ended")

    def kind(self) -> str | None:
        """The kind of this trigger, or None if it names none."""
        return next((k for k in type(self).model_fields if getattr(self, k) is not None), None)

    def source(self) -> tuple[str, dict[str, Any]] | None:
        """The kind and the options of a trigger at a connection's source; None for what needs no connection."""
        kind = self.kind()
        return (kind, dict(getattr(self, kind))) if kind and isinstance(getattr(self, kind), dict) else None


class Flow(_Shape):
    """One flow: a trigger and steps."""

    title: str = Field("", description="what people call it, short; default: the file's name")
    description: str = Field("", description="what it does, for people")
    trigger: Trigger | None = Field(None, description="none: only used by other flows, or by simulate")
    parameters: dict[str, Any] = Field(default_factory=dict, description="name: default, for `use: … with:`")
    model: str | None = Field(None, description="the model of all its agents")
    visible_to: list[str] | None = Field(
        None, description="groups and people who may read its cases in the inbox; default: everybody"
    )
    unclear: Addressed | None = Field(
        None,
        description="{by, due, escalate}: whom its unclear cases are for where the step does not say; default: whoever takes them",
    )
    steps: list[Step] = Field(min_length=1)


for _model in (WhenStep, EachStep, Flow):
    _model.model_rebuild()


def walk(steps: list[Any], loc: tuple[str | int, ...] = ("steps",)) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every step with its place in the file, outer ones first."""
    for i, step in enumerate(steps):
        here = (*loc, i)
        yield here, step
        for key in ("steps", "otherwise"):
            # an agent's options may be called anything
            if key in type(step).model_fields and (inner := getattr(step, key)):
                yield from walk(inner, (*here, key))
