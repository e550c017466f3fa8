"""The stop button takes effect within seconds, in the middle of the work of a real runner, and loses nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kontorist.store import deciding, office_state
from kontorist.store.office_state import Stops
from tests.flows.offices import ANNA
from tests.flows.test_runner import Running

NUMBER = 400


def press(running: Running, stops: Stops) -> None:
    with running.database.write() as connection:
        office_state.set_stops(connection, stops, "petra")


def test_stop_under_load_is_obeyed_within_five_seconds_and_release_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(tmp_path, monkeypatch)
    try:
        for n in range(NUMBER):
            (running.data / "scans" / f"{n}.txt").write_text(f"hello {n}")
        running.until(lambda: len(running.rows("proposed")) == NUMBER, 60)
        with running.database.write() as connection:
            deciding.approve(connection, [r.shown for r in running.rows("proposed")], ANNA, "")
        running.until(lambda: len(running.rows("done")) >= 5, 30)
        press(running, Stops(office=True))
        pressed = time.monotonic()
        done, last = running.rows("done"), 0.0
        while time.monotonic() - pressed < 6:
            if len(found := running.rows("done")) > len(done):
                done, last = found, time.monotonic() - pressed
            time.sleep(0.1)
        assert last < 5
        assert len(done) < NUMBER, "the button was pressed while there was work"
        press(running, Stops())
        running.until(lambda: not running.rows("claimed") and len(running.rows("done")) > len(done), 40)
        assert not running.rows("refused")
        assert not running.rows("uncertain")
    finally:
        running.runner.stopping.set()
        running.thread.join(20)
        running.database.close()
