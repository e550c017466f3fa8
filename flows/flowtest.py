"""Tests of flows, as an admin writes them beside a flow: `flows/NAME.test.yaml`, run by `kontorist test`, without any effect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from flows.simulate import simulate
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import AgentStep, walk
from kontorist.core.office import Office, add_errors
from kontorist.core.problems import did_you_mean
from kontorist.core.yamlfile import read_yaml


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expect(_Shape):
    """What must come out; what is not named may be anything."""

    state: str | None = Field(None, description="waiting, done, unclear or failed")
    proposals: list[str] | None = Field(None, description="exactly these actions, in this order: mailbox.reply")
    steps: dict[str, Any] = Field(default_factory=dict, description='value of a step\'s result: `wanted.order_number: "47001"`')
    contains: list[str] = Field(default_factory=list, description="words that stand in what is proposed")
    without: list[str] = Field(default_factory=list, description="words that do not stand in it")


class FlowTest(_Shape):
    """One test: an input, and what must come of it."""

    name: str
    input: str = Field("", description="a file, relative to the office's folder; none for a flow that a schedule starts")
    answers: dict[str, Any] = Field(
        default_factory=dict, description='what agents say, instead of asking them: `wanted: {order_number: "47001"}`'
    )
    expect: Expect
    case: int = Field(0, ge=0, description="which of several cases that come from the input")


@dataclass(frozen=True)
class Verdict:
    """How a test went: what was wrong, nothing when it passed."""

    flow: str
    name: str
    wrong: list[str]


def tests_of(office: Office, flow: str) -> list[FlowTest]:
    """The tests beside a flow. Raises ConfigurationError with every problem of the file."""
    path = office.directory / "flows" / f"{flow}.test.yaml"
    if not path.is_file():
        return []
    file = read_yaml(path, str(path))
    try:
        found: list[FlowTest] = TypeAdapter(list[FlowTest]).validate_python(file.data or [])
    except ValidationError as error:
        add_errors(file, error, FlowTest)
        found = []
    if file.problems:
        raise ConfigurationError("\n".join(map(str, sorted(file.problems))))
    return found


def run_tests(office: Office, data_dir: Path, flow: str) -> Iterator[Verdict]:
    """Run the tests of a flow, one after the other."""
    known = {step.id for f in office.flows.values() for _, step in walk(f.steps) if isinstance(step, AgentStep)}
    for test in tests_of(office, flow):
        if strange := sorted(set(test.answers) - known):
            yield Verdict(
                flow, test.name, [f"there is no agent step '{n}'{did_you_mean(n, [k for k in known if k])}" for n in strange]
            )
            continue
        path = office.directory / test.input
        results = list(simulate(office, data_dir, flow, [path] if test.input else [], answers=test.answers))
        if len(results) <= test.case:
            yield Verdict(flow, test.name, [f"{test.input or 'the flow'} gave {len(results)} cases"])
        else:
            yield Verdict(flow, test.name, list(_wrong(test.expect, results[test.case])))


def _wrong(expect: Expect, result: Mapping[str, Any]) -> Iterator[str]:
    if expect.state is not None and result["state"] != expect.state:
        yield f"state is {result['state']}, not {expect.state}{': ' + result['error'] if result['error'] else ''}"
    actions = [p["action"] for p in result["proposals"]]
    if expect.proposals is not None and actions != expect.proposals:
        yield f"proposed {', '.join(actions) or 'nothing'}, not {', '.join(expect.proposals) or 'nothing'}"
    for path, wanted in expect.steps.items():
        found = _at(result, path)
        if str(found) != str(wanted):
            yield f"{path} is {found!r}, not {wanted!r}"
    said = json.dumps([[p["sentence"], p["payload"]] for p in result["proposals"]], ensure_ascii=False, default=str)
    yield from (f"nothing proposed says '{word}'" for word in expect.contains if word not in said)
    yield from (f"what is proposed says '{word}'" for word in expect.without if word in said)


def _at(result: Mapping[str, Any], path: str) -> Any:
    step, *keys = path.split(".")
    value: Any = next((s["output"] for s in result["steps"] if s["id"] == step), None)
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
