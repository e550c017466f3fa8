"""The JSON Schema of a flow file, so that editors complete and check it while typing."""

from __future__ import annotations

from typing import Any

from kontorist.core import registry
from kontorist.core.flow import Flow


def flow_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one flow: the language, and the options of every agent there is."""
    schema = Flow.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Kontorist flow"
    step = schema["$defs"]["AgentStep"]
    step["properties"]["agent"]["enum"] = list(registry.names("agents"))
    step["allOf"] = [_options(name, schema["$defs"]) for name in registry.names("agents")]
    return schema


def _options(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    options = registry.load("agents", name).Options.model_json_schema(by_alias=True)
    definitions.update(options.pop("$defs", {}))
    return {
        "if": {"properties": {"agent": {"const": name}}},
        "then": {"properties": options.get("properties", {}), "required": options.get("required", [])},
    }
