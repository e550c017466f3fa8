"""Where a step of a case's journal stands in its flow: paths such as `topic`, `-2/wanted`, `lines#3/post`, `hand>/order`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kontorist.core.flow import EachStep, Flow, UseStep, WhenStep

_ROUND = re.compile(r"#\d+")


def without_rounds(path: str) -> str:
    """The path of a step, the same for every entry of a loop."""
    return _ROUND.sub("#", path)


def steps_by_path(flow: Flow, flows: Mapping[str, Flow]) -> dict[str, Any]:
    """Path (without the number of the round) → step, with those of the flows it uses."""
    return dict(_walk(flow.steps, "", flows, ()))


def _walk(steps: Sequence[Any], prefix: str, flows: Mapping[str, Flow], inside: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for i, step in enumerate(steps):
        path = f"{prefix}{step.id or f'-{i + 1}'}"
        yield path, step
        if isinstance(step, WhenStep):
            yield from _walk([*step.steps], f"{path}/", flows, inside)
            yield from _walk([*step.otherwise], f"{path}/", flows, inside)
        elif isinstance(step, EachStep):
            yield from _walk(step.steps, f"{path}#/", flows, inside)
        elif isinstance(step, UseStep) and step.use in flows and step.use not in inside:
            yield from _walk(flows[step.use].steps, f"{path}>/", flows, (*inside, step.use))
