"""What the tests of agents share: a setting, a scripted model server, tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.base import Setting, Task
from agents.model import Endpoint, ModelSettings, open_model
from tests.agents.scripted_server import ScriptedServer


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """An office with the built-in model."""
    return Setting(model=open_model("built-in"), office_dir=tmp_path)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def endpoint(server: ScriptedServer) -> Callable[..., Endpoint]:
    """Makes a model at the scripted server."""

    def make(**settings: Any) -> Endpoint:
        given = {"base_url": server.url, "model": "test-model", "max_retries": 0, "trusted": True} | settings
        model = open_model("scripted", ModelSettings(**given))
        assert isinstance(model, Endpoint)
        return model

    return make


def task(options: Any, text: str = "", **context: Any) -> Task:
    """A task with the text rendered."""
    return Task(options, {"text": text}, context)
