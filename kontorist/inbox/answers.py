"""Questions of unclear cases: what can be chosen, and what a person answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from kontorist.core.errors import Rejected
from kontorist.core.flow import walk
from kontorist.core.office import Office
from kontorist.inbox.security import Form
from kontorist.reading.language import only_in


@dataclass(frozen=True)
class Choice:
    """One possible answer: what it means, and how likely the agent thought it."""

    value: str
    title: str
    means: str
    score: float | None


def choices(office: Office, question: Mapping[str, Any], language: str) -> list[Choice]:
    """The answers to choose from, the likeliest first; what each means in the reader's language, where the admin wrote both."""
    if question.get("kind") != "choice":
        return []
    meant = _meant(office, str(question.get("flow", "")), str(question.get("step", "")))
    scores = (question.get("output") or {}).get("scores") or {}
    found = []
    for option in question.get("options") or ():
        title, means = meant.get(str(option), ("", ""))
        found.append(Choice(str(option), title, only_in(language, means), scores.get(option)))
    return sorted(found, key=lambda c: -(c.score or 0.0))


def _meant(office: Office, flow: str, step: str) -> dict[str, tuple[str, str]]:
    """What the labels of a step are called and mean, as the admin wrote it."""
    if flow not in office.flows:
        return {}
    for _, found in walk(office.flows[flow].steps):
        if getattr(found, "id", None) == step:
            labels = (found.model_extra or {}).get("labels") or {}
            return {
                str(k): (str(v.get("title", "")), str(v.get("means", ""))) if isinstance(v, dict) else ("", str(v))
                for k, v in labels.items()
            }
    return {}


def given(question: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """What a person answered, in the types that the next steps expect. Raises Rejected naming the field."""
    if question.get("kind") == "choice":
        chosen = form.text("choice")
        if chosen not in [str(o) for o in question.get("options") or ()]:
            raise Rejected("Choose one of the answers.")
        return {str(question.get("field") or "label"): chosen, "confidence": 1.0}
    if question.get("kind") != "fields":
        return {}
    fields: Mapping[str, Any] = question.get("fields") or {}
    return {name: _typed(name, shape or {}, form.text(f"field.{name}").strip()) for name, shape in fields.items()}


def _typed(name: str, shape: Mapping[str, Any], text: str) -> Any:
    if not text:
        raise Rejected(f"'{name}' is still empty: fill it in, or close the case.")
    kind = str(shape.get("type") or "text")
    if kind in ("number", "money") and _TWO_WAYS.fullmatch(text):
        raise Rejected(f"'{text}' can be read in two ways: write it without the point or comma, or with two digits behind it.")
    try:
        return _READ.get(kind, str)(text)
    except (ValueError, InvalidOperation) as error:
        raise Rejected(f"'{text}' does not fit '{name}' ({kind}).") from error


_TWO_WAYS = re.compile(r"[-−]?[1-9]\d{0,2}[.,]\d{3}(?:\s*(?:€|EUR))?")
"""1.234 is a thousand and more to a German, and one and a bit to others; 1,234 the other way round."""


_GERMAN = re.compile(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?")
_ENGLISH = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")


def _decimal(text: str) -> Decimal:
    """An amount as people write it: 1.234,56 or 1,234.56 or 1234.56. Raises ValueError."""
    plain = re.sub(r"[\s€'’]|EUR", "", text).replace("−", "-")
    if _GERMAN.fullmatch(plain):
        return Decimal(plain.replace(".", "").replace(",", "."))
    if _ENGLISH.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    raise ValueError(text)


def _date(text: str) -> date:
    match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    return date(int(match[3]), int(match[2]), int(match[1])) if match else date.fromisoformat(text)


_READ: dict[str, Any] = {
    "number": _decimal,
    "money": lambda t: {"amount": _decimal(t), "currency": "EUR"},
    "date": _date,
    "boolean": lambda t: t.lower() in ("1", "ja", "yes", "true", "x"),
}
