"""What a case is found by is noted with what comes of it; nobody has to wait for that to find it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from flows import advance as advancing
from flows.advance import Tally, advance
from flows.runner import direct_pass
from flows.runtime import Runtime
from kontorist.core.clock import utcnow
from kontorist.store import words
from kontorist.store.tables import case_words, cases
from tests.agents.scripted_server import Reply, ScriptedServer
from tests.flows.offices import ASKS, NOTES, arrive, make_office, work

WAITS = """
    trigger: {file: {connection: scans}}
    steps:
      - id: later
        wait: 3d
"""
FAILS = """
    trigger: {file: {connection: scans}}
    steps:
      - id: order
        lookup: erp.nothing
        where: {number: "{{ file.text }}"}
"""


def found(runtime: Runtime, said: str) -> list[int]:
    with runtime.database.read() as connection:
        return sorted(connection.execute(words.matching(connection, said)).scalars())


def noted(runtime: Runtime) -> int:
    with runtime.database.read() as connection:
        return len(connection.execute(select(case_words.c.case_id)).all())


def test_a_case_is_found_by_itself_and_by_its_proposal(tmp_path: Path) -> None:
    made = make_office(tmp_path, {"n": NOTES})
    ids = arrive(made, "n", "Palette für Köln", "Kiste")
    assert noted(made) == 0
    advance(made, Tally())
    assert found(made, "palette koln") == [ids[0]]
    assert found(made, "kiste") == [ids[1]], "the text that is to be saved"
    assert found(made, "scans 0 txt") == [ids[0]], "where it came from"
    made.close()


@pytest.mark.parametrize("flow", [FAILS, WAITS, NOTES.replace("{{ file.text }}", "{{ nobody.knows }}")])
def test_a_case_without_a_proposal_is_found_as_well(tmp_path: Path, flow: str) -> None:
    made = make_office(tmp_path, {"n": flow})
    ids = arrive(made, "n", "Palette")
    work(made)
    assert found(made, "palette") == ids
    made.close()


def test_long_texts_hide_nothing_of_the_proposal(tmp_path: Path) -> None:
    made = make_office(tmp_path, {"n": NOTES.replace('content: "{{ file.text }}"', "content: Eilauftrag")})
    ids = arrive(made, "n", "wort " * 20_000)
    advance(made, Tally())
    assert found(made, "wort eilauftrag") == ids
    made.close()


def test_what_nobody_works_on_is_found_when_the_pass_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that has no more time, or a worker that died behind the intake."""
    made = make_office(tmp_path, {"n": NOTES})
    monkeypatch.setattr(advancing, "LARGEST", 2)
    ids = arrive(made, "n", *(f"Palette {i}" for i in range(5)))
    monkeypatch.setattr(advancing, "advance", lambda *_, **__: 0)
    direct_pass(made)
    assert found(made, "palette") == ids
    monkeypatch.undo()
    work(made)
    assert noted(made) == 5
    made.close()


def test_what_somebody_else_works_on_is_left_to_them(tmp_path: Path) -> None:
    made = make_office(tmp_path, {"n": NOTES})
    arrive(made, "n", "Palette")
    with made.database.write() as connection:
        connection.execute(cases.update().values(lease_owner="other", lease_until=utcnow().replace(year=2999)))
    advancing.note_words(made)
    assert noted(made) == 0
    made.close()


def test_a_case_is_found_while_a_model_is_asked_and_so_are_those_behind_it(tmp_path: Path) -> None:
    made = make_office(tmp_path, {"slow": ASKS, "n": NOTES})
    (tmp_path / "data" / "scans").mkdir(parents=True)
    with ScriptedServer().will(Reply({"label": "order", "quote": ""}, delay=3.0)) as model:
        settings = made.office.directory / "office.yaml"
        settings.write_text(settings.read_text() + f'models: {{ours: {{base_url: "{model.url}", model: test}}}}\n')
        again = _opened(made, tmp_path)
        asked = arrive(again, "slow", "Palette eins")
        behind = arrive(again, "n", "Palette zwei")
        worker = threading.Thread(target=advance, args=(again, Tally()))
        worker.start()
        end = time.monotonic() + 20
        while not model.requests and time.monotonic() < end:
            time.sleep(0.02)
        assert found(again, "palette") == [*asked, *behind]
        worker.join()
    assert noted(again) == 2
    again.close()
    made.close()


def _opened(made: Runtime, folder: Path) -> Runtime:
    from flows.runtime import open_runtime

    return open_runtime(made.office.directory, folder / "data", url=made.database.url)
