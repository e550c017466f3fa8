"""Tries a language model as `doctor` does: one classification, one extraction, one draft; and looks for servers on this machine."""

from __future__ import annotations

import dataclasses
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agents.base import Result, Setting, Task
from agents.model import PRESETS, Model
from kontorist.core import registry
from kontorist.core.office import Office

_TEXT = "Guten Tag, wo bleibt meine Bestellung 4711? Mit freundlichen Grüßen, Erika Muster"
_LABELS = {"status": "asks where an order is", "invoice": "sends us an invoice", "application": "applies for a job"}
_TRIALS: dict[str, dict[str, Any]] = {
    "classify": {"text": _TEXT, "labels": _LABELS, "ask_model": "always"},
    "extract": {"text": _TEXT, "fields": {"order_number": {"type": "text", "required": True}}, "ask_model": "always"},
    "draft": {"template": "Ihre Bestellung 4711 ist unterwegs.", "polish": True},
}
_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Trial:
    """How one agent fared with a model."""

    agent: str
    ok: bool
    message: str


def try_out(office: Office, model: Model) -> Iterator[Trial]:
    """Each agent's result with this model; a fall-back to the built-in one counts as failed."""
    settings = office.settings
    setting = Setting(
        model, office.directory, settings.languages, settings.tone, settings={"company": settings.company.model_dump()}
    )
    for name, options in _TRIALS.items():
        yield _trial(name, options, setting)


def _trial(name: str, options: dict[str, Any], setting: Setting) -> Trial:
    agent = registry.load("agents", name)()
    written = {key: options[key] for key in agent.templates if key in options}
    task = Task(
        agent.Options.model_validate(options), {"language": "de", **written}, {"mail": {"new_text": _TEXT, "subject": ""}}
    )
    (result,) = agent.run([task], setting)
    if isinstance(result, Exception):
        return Trial(name, False, str(result))
    if not result.model.startswith(setting.model.name):
        return Trial(name, False, "; ".join(map(str, result.warnings)) or f"answered by {result.model} instead")
    return _judged(name, result)


def _judged(name: str, result: Result) -> Trial:
    spent = f"{result.usage.get('ms', 0)} ms, {result.usage.get('prompt_tokens', 0)} + {result.usage.get('completion_tokens', 0)} tokens"
    right = {
        "classify": result.output.get("label") == "status",
        "extract": result.output.get("order_number") == "4711",
        "draft": "4711" in str(result.output.get("text")),
    }[name]
    shown = json.dumps({k: v for k, v in result.output.items() if k in ("label", "order_number", "text")}, ensure_ascii=False)
    return Trial(name, right, f"{'right' if right else 'WRONG'}: {shown[:120]} ({spent})")


def servers() -> Iterator[tuple[str, str]]:
    """Model servers that answer on this machine, each with the line that `models:` in office.yaml would need."""
    for preset, address in PRESETS.items():
        if urlsplit(address).hostname != "localhost":
            continue
        try:
            with urllib.request.urlopen(f"{address}/models", timeout=_SECONDS) as answer:  # noqa: S310 - our own presets
                found = json.load(answer).get("data") or []
        except (OSError, ValueError, AttributeError):
            continue
        for model in [str(one.get("id")) for one in found if isinstance(one, dict) and one.get("id")][:3]:
            short = Path(model).stem.split(":")[0].lower()[:30]
            yield model, f"{short}: {{preset: {preset}, model: {json.dumps(model)}, trusted: true}}"
