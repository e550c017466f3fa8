"""The reference pages and the JSON Schema are what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.reference import pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == pages()[name], "run `make docs`"


def test_the_schema_knows_every_kind_of_step() -> None:
    text = json.dumps(json.loads((ROOT / "config/flow.schema.json").read_text()))
    for kind in ("agent", "lookup", "action", "when", "each", "use", "set", "stop", "ask"):
        assert f'"{kind}"' in text
