"""Fields from a language model: the shape of the question, and the proof that an answer stands in the text."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date
from decimal import InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from agents._extract.candidates import Candidate
from agents._extract.fields import FieldOption, Found, find
from agents._extract.numbers import decimal

_SURE = 0.8


class OrderLine(BaseModel):
    """One order line."""

    quantity: str
    article: str | None
    description: str
    unit: str | None


def shape(fields: Mapping[str, FieldOption]) -> type[BaseModel]:
    """The closed shape of the answer: each field as it stands in the text, or null."""
    return _shape(tuple((name, o.means, o.type, tuple(o.choices), o.many) for name, o in fields.items()))


@functools.lru_cache(maxsize=128)
def _shape(fields: tuple[tuple[str, str, str, tuple[str, ...], bool], ...]) -> type[BaseModel]:
    parts: dict[str, Any] = {}
    for name, means, kind, choices, many in fields:
        parts[name] = (_type(kind, choices, many), Field(description=means or name.replace("_", " ")))
    return create_model("Fields", __doc__="The values found in the text.", **parts)


def _type(kind: str, choices: tuple[str, ...], many: bool) -> Any:
    if kind == "rows":
        return list[OrderLine]
    single: Any = Literal[choices] if kind == "choice" else str
    return list[single] if many else single | None


def proven(name: str, option: FieldOption, answer: Any, text: str, today: date) -> tuple[Found, list[str]]:
    """The answer as far as it stands in the text, and what does not stand there."""
    if answer is None or answer == []:
        return Found(), []
    items = answer if isinstance(answer, list) else [answer]
    pairs = [(item, _prove(name, option, item, text, today)) for item in items]
    places = [place for _, place in pairs if place is not None]
    missing = [_shown(item) for item, place in pairs if place is None]
    if not places:
        return Found(), missing
    value = [p.value for p in places] if isinstance(answer, list) else places[0].value
    return Found(value, _SURE, places), missing


def _prove(name: str, option: FieldOption, item: Any, text: str, today: date) -> Candidate | None:
    if option.type == "rows":
        return _prove_row(item, text)
    if option.type in {"text", "choice"}:
        return _standing(str(item), text)
    # a typed value is proven by a value of that type in the text which means the same
    wanted = find(name, option, str(item), today).places
    everywhere = find(name, option.model_copy(update={"many": True, "means": ""}), text, today).places
    return next((c for c in everywhere if wanted and c.value == wanted[0].value), None)


def _standing(written: str, text: str) -> Candidate | None:
    """Where the words stand, whatever the blanks and the case."""
    words = written.split()
    if not words:
        return None
    match = re.search(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)", text, re.IGNORECASE)
    return Candidate(" ".join(words), match.start(), match.end(), _SURE) if match else None


def _prove_row(line: OrderLine | Mapping[str, Any], text: str) -> Candidate | None:
    """A line counts when its quantity and its article number or description stand in the same line of the text."""
    values = line if isinstance(line, Mapping) else line.model_dump()
    try:
        quantity = decimal(str(values["quantity"]))
    except InvalidOperation:
        return None
    start = 0
    for written in text.splitlines(keepends=True):
        named = values.get("article") or values.get("description") or ""
        if _standing(str(values["quantity"]), written) and _standing(str(named), written):
            value = {**values, "quantity": quantity, "article": values.get("article") or None, "unit": values.get("unit") or None}
            return Candidate(value, start, start + len(written.rstrip()), _SURE)
        start += len(written)
    return None


def _shown(item: Any) -> str:
    values = item.model_dump() if isinstance(item, BaseModel) else item
    return " ".join(str(v) for v in values.values() if v) if isinstance(values, dict) else str(values)
