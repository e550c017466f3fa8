"""What every connector promises, looked at for each one there is: a new file in connectors/ is tested the day it appears."""

from __future__ import annotations

import sys
import typing
from typing import Any

import pytest
from pydantic import BaseModel

from connectors.base import Action, Connector
from kontorist.core import registry
from kontorist.core.errors import NotApproved
from kontorist.testing import lenient, problems_of, undocumented

NAMES = registry.names("connectors")
ACTIONS = [(name, action) for name in NAMES for action in registry.load("connectors", name).actions]


def connector(name: str) -> type[Connector]:
    return registry.load("connectors", name)


def action_of(name: str, action: str) -> type[Action]:
    return connector(name).actions[action]


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
def test_it_keeps_the_contract_that_others_test_theirs_with(name):
    assert problems_of(connector(name)) == []


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
