"""The form for a payload: typed fields from the action's own schema, and what a person wrote into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.connections import Connections
from kontorist.core.errors import KontoristError
from kontorist.inbox.facts import is_digest
from kontorist.inbox.security import Form
from kontorist.store.actions import ActionRow

_LONG = 90


@dataclass(frozen=True)
class Input:
    """One field: `kind` is line, text, list, number, check, choice or fixed; `known` are values of the connection with what they are called."""

    name: str
    key: str
    kind: str
    value: Any
    text: str
    options: Sequence[str] = ()
    about: str = ""
    required: bool = False
    known: Sequence[tuple[str, str]] = ()


def schema_of(opened: Connections, row: ActionRow) -> Mapping[str, Any]:
    """The shape of an action's payload."""
    shape: Mapping[str, Any] = opened.action(row.connection, row.action).Payload.model_json_schema()
    return shape


def known_values(opened: Connections, row: ActionRow, schema: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """For fields that name a row of one of the connection's tables (`one_of` in the schema): each value and what it is called."""
    found = {}
    for key, shape in (schema.get("properties") or {}).items():
        if not (where := shape.get("one_of")):
            continue
        try:
            (rows,) = opened.get(row.connection).look_up(where["table"], [{}])
        except KontoristError:
            continue  # without the table a person can still write the value
        found[key] = [(str(r.values[where["value"]]), str(r.values[where["called"]])) for r in rows]
    return found


def inputs(
    row: ActionRow,
    schema: Mapping[str, Any],
    typed: Form | None = None,
    known: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> list[Input]:
    """The fields of an action's payload in the order of its schema; `typed` is what was written in vain before, `known` are `known_values`."""
    data, shapes = row.data, schema.get("properties") or {}
    keys = [*shapes, *(k for k in data if k not in shapes)]
    found = []
    for key in keys:
        kind, options = _kind(shapes.get(key) or {}, data.get(key), schema)
        about = str((shapes.get(key) or {}).get("description") or "")
        if key not in data and (kind == "fixed" or about.startswith("Resolved")):
            continue
        name = f"a{row.id}.{key}"
        text = as_text(kind, data.get(key))
        if typed is not None and typed.has(f"{name}.is"):
            text = typed.text(name)
        required, values = key in schema.get("required", ()), (known or {}).get(key, ())
        found.append(Input(name, key, kind, data.get(key), text, options, about, required, values))
    return found


def _kind(shape: Mapping[str, Any], value: Any, schema: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """How a field is edited; what the connector works out itself, and what has no simple form, stays as it is."""
    if "$ref" in shape:
        shape = (schema.get("$defs") or {}).get(str(shape["$ref"]).rpartition("/")[2], {})
    some = [s for s in shape.get("anyOf", ()) if s.get("type") != "null"]
    shape = {**shape, **some[0]} if some else shape
    if str(shape.get("description", "")).startswith(("Resolved", "SHA-256")) or _is_digest(value):
        return "fixed", ()
    if shape.get("enum"):
        return "choice", [str(v) for v in shape["enum"]]
    kind = shape.get("type")
    if kind == "array" and (shape.get("items") or {}).get("type") == "string":
        return "list", ()
    if kind == "boolean":
        return "check", ()
    if kind in ("integer", "number"):
        return "number", ()
    if kind == "string" and (value is None or isinstance(value, str)):
        return ("text" if "\n" in (value or "") or len(value or "") > _LONG or "500000" in str(shape) else "line"), ()
    return "fixed", ()


def _is_digest(value: Any) -> bool:
    values = value if isinstance(value, list) and value else [value]
    return all(is_digest(v) for v in values)


def as_text(kind: str, value: Any) -> str:
    """A value as it stands in the form."""
    if kind == "list":
        return ", ".join(map(str, value or ()))
    if kind == "check":
        return "1" if value else ""
    return "" if value is None else str(value)


def changes(row: ActionRow, schema: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The fields of an action that a person has changed, with their new values."""
    found = {}
    for item in inputs(row, schema):
        if item.kind == "fixed" or not form.has(f"{item.name}.is"):
            continue
        text = form.text(item.name)
        text = text if item.kind == "text" else text.strip()
        if text != item.text:
            found[item.key] = _value(item, text)
    return found


def _value(item: Input, text: str) -> Any:
    if item.kind == "list":
        return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    if item.kind == "check":
        return bool(text)
    if item.kind == "number":
        plain = text.replace(" ", "")
        return int(plain) if re.fullmatch(r"-?\d+", plain) else text  # anything else is for the action's own model to refuse
    return None if text == "" and item.value is None else text
