"""How agents ask: the office's rules first, then all cases of a chunk at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agents._model.answers import BadAnswer
from agents._model.rules import forbidden, names_in
from agents._words import say
from agents.base import Setting, Task
from agents.model import Completion, Request
from kontorist.core.errors import KontoristError

Answer = Completion | KontoristError


class KeptBack(KontoristError):
    """The office's rules keep this case from language models."""


def ask(tasks: Sequence[Task], setting: Setting, question: Callable[[Task, Sequence[str]], Request]) -> list[Answer]:
    """The model's answer for each task, or why there is none; `question` makes a request of a task and the names it holds."""
    reasons = [forbidden(setting.settings.get("never_to_a_model"), task.context, text_of(task)) for task in tasks]
    allowed = [i for i, reason in enumerate(reasons) if not reason]
    answers = iter(setting.model.complete_many([question(tasks[i], names_in(tasks[i].context)) for i in allowed]))
    return [KeptBack(say(setting, "kept_back", reason=r)) if r else next(answers) for r in reasons]


def text_of(task: Task) -> str:
    """The rendered text of a task; empty when there is none."""
    return str(task.rendered.get("text") or "")


def stood_in(error: KontoristError) -> dict[str, Any]:
    """The usage of a result for which the built-in model stands in: a rule's doing is none of the language model's."""
    spent = error.usage if isinstance(error, BadAnswer) else {}
    return {} if isinstance(error, KeptBack) else {"fell_back": True, **spent}


def fell_back(error: KontoristError, setting: Setting) -> str:
    """The warning that a built-in answer stands in for a model's."""
    return str(error) if isinstance(error, KeptBack) else say(setting, "fell_back", error=error)
