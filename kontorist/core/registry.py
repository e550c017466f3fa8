"""What there is: connectors and agents, found by file name and by entry point, imported only when asked for."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from kontorist.core.errors import ConfigurationError

_NOT_PLUGINS = {"base", "model", "connections", "handed_in"}


@functools.cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all plug-ins of a kind (`connectors` or `agents`), sorted; imports none of them."""
    spec = importlib.util.find_spec(kind)
    places = list(spec.submodule_search_locations or []) if spec else []
    own = [m.name for m in pkgutil.iter_modules(places) if m.name not in _NOT_PLUGINS and not m.name.startswith("_")]
    others = [e.name for e in importlib.metadata.entry_points(group=f"kontorist.{kind}")]
    return tuple(sorted({*own, *others}))


@functools.cache
def load(kind: str, name: str) -> Any:
    """The plug-in class with this name. Raises ConfigurationError if there is none or its module is broken."""
    if name not in names(kind):
        raise ConfigurationError(f"There is no {kind.rstrip('s')} '{name}'; there are: {', '.join(names(kind))}.")
    for entry in importlib.metadata.entry_points(group=f"kontorist.{kind}", name=name):
        return entry.load()
    module = importlib.import_module(f"{kind}.{name}")
    return _plugin_of(module, kind)


def _plugin_of(module: ModuleType, kind: str) -> Any:
    base = getattr(importlib.import_module(f"{kind}.base"), "Connector" if kind == "connectors" else "Agent")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value is not base
        and value.__module__.startswith(module.__name__)
    ]
    if len(found) != 1:
        raise ConfigurationError(f"{module.__name__} must define exactly one {base.__name__}; it defines {len(found)}.")
    return found[0]


def connectors() -> Mapping[str, Any]:
    """All connector classes by name."""
    return {name: load("connectors", name) for name in names("connectors")}


def agents() -> Mapping[str, Any]:
    """All agent classes by name."""
    return {name: load("agents", name) for name in names("agents")}
