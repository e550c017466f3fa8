"""Writes docs/reference/*.md and config/flow.schema.json from the code, so that they are never out of date.

python -m scripts.reference
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kontorist.core import flow_examples, registry
from kontorist.core.filter_examples import EXAMPLES
from kontorist.core.filters import FILTERS
from kontorist.core.flow import KINDS, Approve, Flow, Retry, Trigger
from kontorist.core.schema import flow_schema
from scripts import reference_api

ROOT = Path(__file__).resolve().parents[1]


def pages() -> dict[str, str]:
    """The text of each file, by its path below the checkout."""
    return {
        "docs/reference/connectors.md": "\n".join(_connectors()) + "\n",
        "docs/reference/agents.md": "\n".join(_agents()) + "\n",
        "docs/reference/flows.md": "\n".join(_flows()) + "\n",
        "docs/reference/api.md": "\n".join(reference_api.page()) + "\n",
        "config/flow.schema.json": json.dumps(flow_schema(), ensure_ascii=False, indent=1) + "\n",
    }


def _connectors() -> Iterator[str]:
    yield "# Connectors\n\nWhat `connections.yaml` may contain, and what flows may do with it. Made by `make docs`."
    for name in registry.names("connectors"):
        connector = registry.load("connectors", name)
        yield f"\n## {name}\n\n{_first(connector)}\n\nOptions:\n"
        yield from _fields(connector.Config)
        for kind, options in connector.triggers.items():
            yield f"\nTrigger `{kind}`: {_first(options)}\n"
            yield from _fields(options)
        for action, cls in connector.actions.items():
            yield f"\nAction `{action}`: {_first(cls)}{_undo(cls)}\n"
            yield from _fields(cls.Payload)


def _undo(action: Any) -> str:
    return f" Can be taken back for {action.undo_window:g} seconds." if action.undo_window else ""


def _agents() -> Iterator[str]:
    yield "# Agents\n\nWhat a step `agent: NAME` may contain. Made by `make docs`."
    for name in registry.names("agents"):
        agent = registry.load("agents", name)
        yield f"\n## {name}\n\n{_first(agent)}\n"
        yield from _fields(agent.Options)


def _flows() -> Iterator[str]:
    yield "# The flow language\n\nOne file under `flows/` is one flow. Made by `make docs`; `kontorist schema` prints the same for editors. Each example is a whole flow that passes `check`; the tests see to it, and that every key is shown.\n"
    yield from _fields(Flow)
    yield from _example("flow")
    yield "\n## trigger\n"
    yield from _fields(Trigger)
    for name in Trigger.model_fields:
        yield from _example(f"trigger {name}")
    for name, cls in KINDS.items():
        yield f"\n## Step `{name}`\n\n{_first(cls)}\n"
        yield from _fields(cls)
        yield from _example(name)
    for name, shape in (("approve", Approve), ("retry", Retry)):
        yield f"\n## {name}\n\n{_first(shape)}\n"
        yield from _fields(shape)
        yield from _example(name)
    yield "\n## Filters\n\nBehind a `|` in `{{ … }}`. States are BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH.\n"
    yield "| name | what | arguments | example |\n|---|---|---|---|"
    for name, function in FILTERS.items():
        arguments = ", ".join(str(p) for p in list(inspect.signature(function).parameters.values())[1:]).replace(": Any", "")
        example = EXAMPLES[name].replace("|", "\\|")
        yield f"| `{name}` | {_first(function)} | `{arguments or '–'}` | `{example}` |"


def _example(name: str) -> Iterator[str]:
    yield f"\n```yaml\n{flow_examples.EXAMPLES[name]}```"


def _first(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _fields(model: type[BaseModel]) -> Iterator[str]:
    yield "| name | what | default |\n|---|---|---|"
    for name, field in model.model_fields.items():
        default = "**needed**" if field.is_required() else _default(field.get_default(call_default_factory=False))
        yield f"| `{field.alias or name}` | {(field.description or '').replace('|', '/')} | {default} |"


def _default(value: object) -> str:
    return f"`{value}`" if value not in (None, "", [], {}) and not repr(value).startswith(("Pydantic", "Approve")) else ""


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
