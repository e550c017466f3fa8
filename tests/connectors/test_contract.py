"""What every connector promises, looked at for each one there is: a new file in connectors/ is tested the day it appears."""

from __future__ import annotations

import inspect
import sys
import typing
from typing import Any

import pytest
from pydantic import BaseModel

from connectors.base import Action, Connector
from kontorist.core import registry
from kontorist.core.errors import NotApproved

NAMES = registry.names("connectors")
ACTIONS = [(name, action) for name in NAMES for action in registry.load("connectors", name).actions]


def connector(name: str) -> type[Connector]:
    return registry.load("connectors", name)


def action_of(name: str, action: str) -> type[Action]:
    return connector(name).actions[action]


def inner_models(annotation: Any) -> set[type[BaseModel]]:
    """The models in a field's type, however deep in lists and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return all_models(annotation)
    return {m for part in typing.get_args(annotation) for m in inner_models(part)}


def all_models(model: type[BaseModel]) -> set[type[BaseModel]]:
    return {model, *(m for f in model.model_fields.values() for m in inner_models(f.annotation))}


def undocumented(model: type[BaseModel]) -> list[str]:
    missing = []
    for one in all_models(model):
        own_docs = one.__doc__ and one.__doc__ not in {b.__doc__ for b in one.__bases__}
        if not own_docs:
            missing.append(f"{one.__name__} has no docstring")
        described = inspect.getsource(one).count('"""') > 2  # docstrings below the fields
        missing += [f"{one.__name__}.{n}" for n, f in one.model_fields.items() if not (f.description or described)]
    return missing


def lenient(model: type[BaseModel]) -> list[str]:
    return [m.__name__ for m in all_models(model) if m.model_config.get("extra") != "forbid"]


def test_the_connectors_we_know_of_are_found():
    assert {"erp_csv", "folder"} <= set(NAMES)
    assert set(registry.connectors()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_all_its_names_can_be_written_in_a_flow(name):
    known = connector(name)

    for word in (name, *known.actions, *known.triggers):
        assert word.isidentifier()
        assert word == word.lower()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_documented_and_so_is_every_option(name):
    known = connector(name)

    assert sys.modules[known.__module__].__doc__
    assert known.__doc__
    assert known.__doc__ != Connector.__doc__
    assert undocumented(known.Config) == []
    for kind, options in known.triggers.items():
        assert (kind, undocumented(options)) == (kind, [])


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_an_error(name):
    known = connector(name)

    assert lenient(known.Config) == []
    for kind, options in known.triggers.items():
        assert (kind, lenient(options)) == (kind, [])


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_it_can_do_it_has_code_for(name):
    known = connector(name)

    assert known.try_out is not Connector.try_out
    assert set(known.suffixes) <= set(known.triggers)
    if known.triggers:
        assert known.read is not Connector.read
    if known.suffixes:
        assert known.from_file.__func__ is not Connector.from_file.__func__
    assert (known.tables is Connector.tables) == (known.look_up is Connector.look_up)


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_an_action_takes_a_documented_payload_and_nothing_else(name, action):
    kind = action_of(name, action)

    assert issubclass(kind, Action)
    assert kind.__doc__
    assert kind.__doc__ != Action.__doc__
    assert issubclass(kind.Payload, BaseModel)
    assert kind.Payload.model_fields
    assert undocumented(kind.Payload) == []
    assert lenient(kind.Payload) == []


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_an_action_never_runs_without_a_permit(name, action):
    act = action_of(name, action)()

    class Impostor:
        payload: typing.ClassVar[dict[str, Any]] = {}
        key, committed = "k", True

        def commit(self) -> None: ...

    for forged in (None, {}, Impostor(), object()):
        with pytest.raises(NotApproved):
            act.execute(None, forged)


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_the_fields_that_decide_who_gets_it_are_in_the_payload(name, action):
    kind = action_of(name, action)

    assert set(kind.recipients) <= set(kind.Payload.model_fields)


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_an_action_that_claims_to_know_what_happened_looks_for_it(name, action):
    kind = action_of(name, action)

    assert kind.undo_window >= 0
    if kind.authoritative_find:
        assert kind.find is not Action.find
