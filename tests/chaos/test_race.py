"""Four workers, hundreds of actions, random kills, short leases: nothing twice, nothing lost, on both databases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.office import make
from tests.chaos.race import Race

ACTIONS = int(os.environ.get("CHAOS_ACTIONS", "300"))
KILLS = int(os.environ.get("CHAOS_KILLS", "15"))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_that_are_killed_at_random_do_all_of_it_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite" if kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    figures = Race(make(tmp_path, url), ACTIONS, KILLS).run()
    assert {k: figures[k] for k in ("duplicates", "lost", "unapproved", "chain")} == {
        "duplicates": 0,
        "lost": 0,
        "unapproved": 0,
        "chain": [],
    }
    assert figures["kills"] >= KILLS
    assert figures["done"] > ACTIONS * 0.8
