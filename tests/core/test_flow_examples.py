"""The reference's examples pass `check`, and show every key of the language."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from kontorist.core.check import check_text
from kontorist.core.flow import KINDS, Approve, Flow, Retry, Trigger
from kontorist.core.flow_examples import EXAMPLES
from kontorist.core.office import Office, load_office

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The sample office, and a shop that posts to it."""
    folder = tmp_path_factory.mktemp("examples") / "office"
    shutil.copytree(ROOT / "config", folder)
    with (folder / "connections.yaml").open("a", encoding="utf-8") as file:
        file.write('\nshop: {connector: webhook, secret: "${SHOP_SECRET}"}\n')
    (folder / ".env").write_text("SHOP_SECRET=a-secret-of-some-length\n")
    return load_office(folder)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_check(office: Office, name: str) -> None:
    assert list(map(str, check_text(office, "example", EXAMPLES[name]))) == []


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {str(k) for k in value} | {k for v in value.values() for k in keys(v)}
    return {k for v in value for k in keys(v)} if isinstance(value, list) else set()


SHAPES: dict[str, type[BaseModel]] = {"flow": Flow, **KINDS, "approve": Approve, "retry": Retry}


@pytest.mark.parametrize("name", SHAPES)
def test_every_key_has_an_example(name: str) -> None:
    wanted = {field.alias or key for key, field in SHAPES[name].model_fields.items()}
    assert wanted - keys(yaml.safe_load(EXAMPLES[name])) == set()


def test_every_trigger_has_an_example() -> None:
    shown = [yaml.safe_load(EXAMPLES[f"trigger {name}"])["trigger"] for name in Trigger.model_fields]
    assert [next(iter(one)) for one in shown] == list(Trigger.model_fields)
