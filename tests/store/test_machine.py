"""The machine at work: a few examples with the other tests, thousands with `make chaos`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.store.disasters import SEEN, a_clock_that_jumps
from tests.store.machine import TEMPLATE, Office

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
"""How many different ones each time; without it a few that are always the same."""


@pytest.fixture(autouse=True)
def _template(empty_office: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    TEMPLATE[:] = [empty_office]
    SEEN.clear()
    with a_clock_that_jumps(monkeypatch):
        yield
    if figures := os.environ.get("MACHINE_FIGURES"):
        with Path(figures).open("a") as file:
            file.write(json.dumps({"machine": dict(sorted(SEEN.items()))}) + "\n")


class TestOffice(Office.TestCase):  # type: ignore[misc]
    settings = settings(
        max_examples=EXAMPLES or 25,
        derandomize=not EXAMPLES,
        stateful_step_count=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what our own dice threw cannot be made smaller
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
