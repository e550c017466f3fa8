"""A source that fails in a way that nobody expected stops no other: it is noted as a failure of that connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.folder import Folder
from flows.advance import Tally, advance
from flows.intake import intake
from flows.runner import direct_pass
from flows.runtime import Runtime
from kontorist.core.errors import Unavailable
from kontorist.store import office_state
from tests.flows.offices import CONNECTIONS, NOTES, arrive, make_office, proposals

POST = 'post: {connector: folder, path: "data:post"}\n'


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """An office of two folders, `post` before `scans`, with a file in each of them."""
    flows = {"a_post": NOTES.replace("scans", "post"), "notes": NOTES}
    made = make_office(tmp_path, flows, connections=CONNECTIONS + POST)
    for folder in ("post", "scans"):
        (made.data_dir / folder).mkdir(parents=True)
        (made.data_dir / folder / "a.txt").write_text(folder)
    yield made
    made.close()


def breaks(monkeypatch: pytest.MonkeyPatch, error: Exception, *, after: int = 0) -> None:
    """Let the folder `post` raise that, once it has given so many items."""
    usual = Folder.read

    def read(self: Folder, *given: Any) -> Iterator[Any]:
        for number, item in enumerate(usual(self, *given)):
            if self.surroundings.name == "post" and number == after:
                raise error
            yield item

    monkeypatch.setattr(Folder, "read", read)


def problem(runtime: Runtime, connection: str) -> str:
    with runtime.database.read() as database:
        return str(office_state.get(database, f"heartbeat.{connection}")["problem"])


@pytest.mark.parametrize("error", [OSError(116, "Stale file handle"), RecursionError("maximum recursion depth exceeded")])
def test_the_other_flows_are_taken_in_and_moved_on(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: Exception
) -> None:
    breaks(monkeypatch, error)
    arrive(runtime, "notes", "there already")
    lines = {line["flow"]: line for line in direct_pass(runtime)}
    assert (lines["a_post"]["failed"], lines["notes"]["taken_in"], lines["notes"]["proposed"]) == (1, 1, 2)
    assert problem(runtime, "post") == f"post cannot be read: {type(error).__name__}: {error}. It is tried again later."
    assert problem(runtime, "scans") == ""
    assert "Traceback" in capfd.readouterr().err
    assert len(proposals(runtime)) == 2


def test_what_came_before_it_broke_is_taken_in(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    (runtime.data_dir / "post" / "b.txt").write_text("another")
    breaks(monkeypatch, ValueError("something odd"), after=1)
    with pytest.raises(Unavailable, match="ValueError: something odd"):
        intake(runtime, "a_post", Tally())
    advance(runtime, Tally())
    assert len(proposals(runtime)) == 1
