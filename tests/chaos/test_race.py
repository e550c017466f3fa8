"""Four workers, hundreds of actions, random kills, short leases: nothing twice, nothing lost, on both databases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from flows import gate
from tests.chaos.office import make
from tests.chaos.race import Race
from tests.postgres import Postgres

ACTIONS = int(os.environ.get("CHAOS_ACTIONS", "300"))
KILLS = int(os.environ.get("CHAOS_KILLS", "15"))


def test_workers_that_are_killed_at_random_do_all_of_it_once(tmp_path: Path) -> None:
    office = make(tmp_path, f"sqlite:///{tmp_path}/store.sqlite")
    all_once(Race(office, ACTIONS, KILLS).run())


def test_they_do_so_too_while_the_database_is_restarted_again_and_again(tmp_path: Path, postgres: Postgres) -> None:
    figures = Race(make(tmp_path, postgres.durable_database()), ACTIONS, KILLS, restart=postgres.restart, every=0.4).run()
    all_once(figures)
    assert figures["restarts"] > 1


def test_a_worker_that_dies_of_itself_ends_the_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("a defect")

    monkeypatch.setattr(gate, "gate", broken)
    with pytest.raises(AssertionError, match="died of itself"):
        Race(make(tmp_path, f"sqlite:///{tmp_path}/store.sqlite"), 20, 2).run()


def all_once(figures: dict[str, Any]) -> None:
    """Nothing twice, nothing lost."""
    assert {k: figures[k] for k in ("duplicates", "lost", "unapproved", "chain")} == {
        "duplicates": 0,
        "lost": 0,
        "unapproved": 0,
        "chain": [],
    }
    assert figures["kills"] >= KILLS
    assert figures["done"] > ACTIONS * 0.8
