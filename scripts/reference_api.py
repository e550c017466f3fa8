"""The reference page of the JSON API, from its OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kontorist.inbox import api

EXAMPLE = """
> Not run by the tests: it needs a token of a running inbox (tests/inbox has them).

```sh
curl -H "Authorization: Bearer $TOKEN" https://inbox.example/api/v1/cards
curl -H "Authorization: Bearer $TOKEN" https://inbox.example/api/v1/cards/17      # gives `actions` with `revision` and `sha256`
curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
     -d '{"shown": [{"action": 17, "revision": 1, "sha256": "…"}]}' https://inbox.example/api/v1/cards/17/approve
```

The whole description for tools that make clients: `GET /api/v1/openapi.json` (OpenAPI 3.1).
"""


def page() -> Iterator[str]:
    """The lines of the page."""
    schema = api.schema()
    yield f"# JSON API\n\nMade by `make docs`.\n\n{schema['info']['description']}\n{EXAMPLE}"
    by_tag: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    for tag, operations in by_tag.items():
        yield f"\n## {tag}\n"
        yield "| call | what | takes | gives |\n|---|---|---|---|"
        for method, path, operation in operations:
            yield f"| `{method} {path}` | {_first(operation)} | {_takes(operation)} | {_gives(operation)} |"
    yield "\n## Shapes\n\nBodies that are sent name every field in JSON's own types; unknown fields are refused."
    for name, shape in sorted(schema["components"]["schemas"].items()):
        yield from _shape(name, shape)


def _first(operation: Mapping[str, Any]) -> str:
    return str(operation.get("description") or "").splitlines()[0].replace("|", "\\|")


def _takes(operation: Mapping[str, Any]) -> str:
    found = [f"`?{p['name']}`" for p in operation.get("parameters", ()) if p["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return " ".join([*found, *([_type(body)] if body else [])])


def _gives(operation: Mapping[str, Any]) -> str:
    code, answer = next((c, a) for c, a in operation["responses"].items() if c.startswith("2"))
    kinds = answer.get("content") or {}
    if "application/json" in kinds:
        return _type(kinds["application/json"]["schema"])
    return ", ".join(kinds) or code


def _type(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        name = str(shape["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(_type(s) for s in shape["anyOf"])
    if shape.get("type") == "array":
        return f"list of {_type(shape.get('items', {}))}"
    if "enum" in shape or "const" in shape:
        return ", ".join(f"`{v}`" for v in shape.get("enum", [shape.get("const")]))
    return {None: "any", "object": "object"}.get(shape.get("type"), f"{shape.get('type')}{_format(shape)}")


def _format(shape: Mapping[str, Any]) -> str:
    return f" ({shape['format']})" if "format" in shape else ""


def _shape(name: str, shape: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n### {name}\n\n{shape.get('description', '')}\n\n| field | type | what |\n|---|---|---|"
    needed = shape.get("required", ())
    for field, inner in shape.get("properties", {}).items():
        said = str(inner.get("description") or "").replace("|", "\\|")
        yield f"| `{field}`{'' if field in needed else ' (may be left out)'} | {_type(inner)} | {said} |"
