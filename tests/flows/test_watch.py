"""A watcher outlives what its source does, and is blind no longer than it has to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows import watch
from flows.watch import Watcher
from kontorist.core.errors import Unavailable
from tests.flows.offices import NOTES, make_office


def pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> list[float]:
    """How long a watcher waits after each failure of a source; of its looks those with an x fail, the others find nothing."""
    runtime = make_office(tmp_path, {"notes": NOTES})
    watcher = Watcher(runtime.office, runtime.data_dir, runtime.database, "notes", lambda _: None)
    looks, waited = iter(fails), list[float]()

    def changed(*_: Any) -> bool:
        look = next(looks, None)
        if look is None:
            watcher.stop()
        if look == "x":
            raise Unavailable("the line broke")
        return False

    monkeypatch.setattr("connectors.folder.Folder.changed", changed)
    monkeypatch.setattr(watcher._stopping, "wait", waited.append)
    watcher.run()
    runtime.close()
    return waited[: fails.count("x")]


def test_pauses_grow_as_long_as_a_source_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pauses(tmp_path, monkeypatch, "x" * 8) == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]


def test_a_hiccup_once_in_a_while_is_never_more_than_the_first_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After six of them in the life of the program each further one had made a mailbox unwatched for five minutes."""
    assert pauses(tmp_path, monkeypatch, "x...." * 8 + "xx.x") == [watch.FIRST_PAUSE] * 9 + [10.0, watch.FIRST_PAUSE]
