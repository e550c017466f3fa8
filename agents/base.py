"""The contract of an agent: one skill, typed data in, typed data out. An agent never acts.

An agent is one module in `agents/` (or an entry point in the group `kontorist.agents`) with one subclass of `Agent`.
Its name in YAML is the name of the module; its options are the keys of the step beside `agent:`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from kontorist.core.evidence import Evidence


class Options(BaseModel):
    """Base of an agent's options in a flow. A field named in `Agent.templates` holds a Jinja template. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Task:
    """One piece of work for an agent: one case at one step."""

    options: Any
    """An instance of the agent's `Options`, templates as the admin wrote them."""
    rendered: Mapping[str, Any]
    """The values of the template options (`text`, `language` …) for this case."""
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The case's values (`mail`, earlier results), for agents that render templates themselves."""
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    case_id: int = 0
    feedback: Sequence[str] = ()
    """Why people rejected what this step wrote before, the newest last."""


@dataclass(frozen=True)
class Result:
    """What an agent found: typed output, each value with its evidence."""

    output: Mapping[str, Any]
    """Journal values (str, Decimal, date, list, dict …): what later steps see under the step's id."""
    evidence: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)
    """Field → places it was found; characters are positions in the rendered `text`."""
    confidence: float | None = 1.0
    """How likely it is right, where that is known: people are shown it as a percentage. None where it is not."""
    unclear: str = ""
    """Why a person has to look, in plain words; empty when the case can go on."""
    question: Mapping[str, Any] = field(default_factory=dict)
    """What to ask that person: {"kind": "choice", "field": "label", "options": [...]} or {"kind": "fields", "fields": {...}}."""
    model: str = "built-in"
    """Which model and prompt version produced it: `built-in/use-3`, `openai:gpt-x/classify-2`."""
    warnings: Sequence[str] = ()
    alarms: Sequence[str] = ()
    """Warnings that the approver has to confirm, shown in red."""
    notes: Sequence[str] = ()
    """What nobody has to look at before approving; it stands beside the step, where people look why."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    """Tokens, cost and milliseconds of model calls."""


def _no_replies(_mail: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return ()


@dataclass(frozen=True)
class Setting:
    """What an agent may use: the model it thinks with, the office's words, the labelled cases so far."""

    model: Any
    """A `Model` from agents/model.py."""
    office_dir: Path
    languages: Sequence[str] = ("de", "en")
    tone: str = "formal"
    examples: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """What people corrected, by `flow/step`, newest first: {customer, text, label or fields} of answers."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    replies: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]] = _no_replies
    """What the flow sent to the sender of a mail, as drafted or as a person edited it, newest first: {case, at, body}; never what was sent to anybody else."""


class Agent(ABC):
    """One skill."""

    Options: ClassVar[type[BaseModel]]
    templates: ClassVar[Sequence[str]] = ("text",)
    """Options that the engine renders for each case before `run`."""
    own_names: ClassVar[Sequence[str]] = ()
    """Names that the agent itself adds when it renders its `template`."""
    version: ClassVar[str] = "1"

    @abstractmethod
    def run(self, tasks: Sequence[Task], setting: Setting) -> list[Result | Exception]:
        """One result, or the error of that one, for each task, in order. Works in batches; one bad task never harms the others."""

    def outputs(self, options: Any) -> Mapping[str, str]:
        """The names and types of the output's fields for these options, for `check`."""
        return {}

    def choices(self, options: Any) -> Mapping[str, Sequence[str]]:
        """The fields of the output that can only have certain values, with these values, for `check`."""
        return {}
