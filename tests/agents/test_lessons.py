"""What people correct is learnt from, can be seen and taken back, and stays with the customer it came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.base import Result, Setting, Task
from agents.classify import Classify, ClassifyOptions
from agents.model import Endpoint
from kontorist.cli import app
from kontorist.core.errors import KontoristError
from kontorist.store import actions, audit, corrections, deciding, privacy
from tests.agents.scripted_server import ScriptedServer
from tests.flows.offices import ANNA, NOTES, arrive, make_office, work

LABELS = {"order-status": "asks where an order is", "invoice": "sends us an invoice"}
LESSONS = [
    {"text": "Wo bleibt Nr. 4711, Frau Meier wartet?", "label": "order-status", "customer": "meier@kunde.example"},
    {"text": "Krankmeldung von Herrn Meier", "label": "order-status", "customer": "meier@kunde.example"},
    {"text": "Rechnung der Firma Geheim", "label": "invoice", "customer": "geheim@andere.example"},
]


def sent(server: ScriptedServer, setting: Setting, sender: str) -> str:
    options = ClassifyOptions(text="", labels=LABELS, ask_model="always")
    mail = {"mail": {"from": {"address": sender}}}
    (result,) = Classify().run([Task(options, {"text": "Was ist mit dem Paket?"}, mail)], setting)
    assert isinstance(result, Result)
    return server.sent()


def test_an_example_of_one_customer_never_enters_the_prompt_of_another(
    server: ScriptedServer, endpoint: Callable[..., Endpoint], setting: Setting
) -> None:
    server.will({"label": "order-status", "confidence": 0.9, "quote": ""})
    learnt = replace(setting, model=endpoint(remember=False), examples={"mailroom/topic": LESSONS})
    learnt = replace(learnt, settings={"never_to_a_model": {"words": ["Krankmeldung"]}})
    own = sent(server, learnt, "Meier@kunde.example")
    assert "Nr. 4711" in own
    assert "Geheim" not in own
    assert "Krankmeldung" not in own, "the office's rules hold for examples, too"
    for stranger in ("geheim@andere.example.org", "", "x@kunde.example"):
        prompt = sent(server, learnt, stranger)
        assert not any(lesson["text"][:12] in prompt for lesson in LESSONS)


def test_names_in_examples_are_replaced_for_a_model_outside(
    server: ScriptedServer, endpoint: Callable[..., Endpoint], setting: Setting
) -> None:
    server.will({"label": "order-status", "confidence": 0.9, "quote": ""})
    lessons = [{**LESSONS[0], "text": "Bitte an meier@kunde.example antworten"}]
    learnt = replace(setting, model=endpoint(trusted=False, remember=False), examples={"mailroom/topic": lessons})
    prompt = sent(server, learnt, "meier@kunde.example")
    assert "antworten" in prompt
    assert "meier@kunde.example" not in prompt


def test_nothing_is_learnt_from_a_case_that_is_kept_for_the_law_alone(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {"notes": NOTES})
    (number,) = arrive(runtime, "notes", "x")
    work(runtime)
    with runtime.database.write() as connection:
        corrections.keep(connection, number, "notes/topic", "answer", {"text": "Wo ist es?"}, {"label": "b"}, "anna")
        deciding.approve(connection, [row.shown for row in actions.find(connection)], ANNA)
    work(runtime)
    assert runtime.setting(None).examples != {}
    privacy.erase(runtime.database, [number], lambda _c: "§ 147 AO", "petra")

    assert runtime.setting(None).examples == {"notes/topic": []}
    runtime.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """`kontorist agents examples …` in an office with one correction."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    runtime = make_office(tmp_path, {"notes": "trigger: {file: {connection: scans}}\nsteps:\n  - stop: done"})
    (number,) = arrive(runtime, "notes", "x")
    with runtime.database.write() as connection:
        corrections.keep(
            connection, number, "notes/topic", "answer", {"text": "Wo ist es?", "label": "a"}, {"label": "b"}, "anna"
        )
    assert runtime.setting(None).examples == {"notes/topic": [{"text": "Wo ist es?", "customer": "", "label": "b"}]}
    made = [runtime]

    def invoke(*words: str) -> list[Any]:
        where = ["--office", str(tmp_path / "office"), "--data", str(tmp_path / "data"), "--json"]
        result = CliRunner().invoke(app, ["agents", "examples", *words, *where])
        if isinstance(result.exception, KontoristError):
            raise result.exception
        return [json.loads(line) for line in result.stdout.splitlines()] + made[1:]

    invoke.runtime = runtime  # type: ignore[attr-defined]
    return invoke


def test_what_was_learnt_is_listed_and_taken_back_by_an_admin(run: Callable[..., list[Any]]) -> None:
    (row,) = run()
    assert (row["step"], row["given"], row["corrected"], row["by"]) == ("notes/topic", {"label": "a"}, {"label": "b"}, "anna")
    with pytest.raises(KontoristError, match="anna is no admin"):
        run("--remove", str(row["id"]), "--as", "anna")
    assert run("--remove", str(row["id"]), "--as", "petra") == [{"removed": row["id"]}]
    assert run() == []
    runtime = run.runtime  # type: ignore[attr-defined]
    assert runtime.setting(None).examples == {}
    with runtime.database.read() as connection:
        assert [e["kind"] for e in audit.read(connection)][-1] == "example.removed"
    with pytest.raises(KontoristError, match="There is no example 99"):
        run("--remove", "99", "--as", "petra")
    runtime.close()
