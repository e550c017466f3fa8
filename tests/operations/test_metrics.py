"""Monitoring sees numbers, and nobody sees more than numbers."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kontorist.core.clock import utcnow
from kontorist.core.office import load_office
from kontorist.inbox.app import create_app
from kontorist.store import office_state
from kontorist.store.database import Database
from tests.flows.offices import make_office
from tests.store.offices import approve, propose, take_in


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    """The inbox of an office with two cases, one approved action and two connections."""
    make_office(tmp_path / "made", {}).close()
    take_in(database, "canary-key", title="Canary Müller", data={"text": "canary@example.org"})
    approve(database, propose(database, sentence="Canary reply", payload={"to": "canary@example.org"}))
    with database.write() as connection:
        office_state.begin_pass(connection, "run-1", "")
        office_state.end_pass(connection, "run-1", {})
        office_state.beat(connection, "scans")
        office_state.beat(connection, "mail", "canary@example.org: access denied")
        old = {"at": utcnow(), "ok": utcnow() - timedelta(seconds=901), "problem": ""}
        office_state.put(connection, "heartbeat.old", old)
    return create_app(load_office(tmp_path / "made" / "office"), database)


def here(app: FastAPI) -> TestClient:
    return TestClient(app, client=("127.0.0.1", 5000))


def values(text: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_the_figures_of_an_office(app: FastAPI) -> None:
    answer = here(app).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(answer.text)
    assert found['kontorist_cases{flow="orders",state="runnable"}'] == 2
    assert found['kontorist_actions{state="approved"}'] == 1
    assert found["kontorist_actions_uncertain"] == 0
    assert 0 <= found["kontorist_oldest_approved_seconds"] < 60
    assert 0 <= found["kontorist_last_pass_seconds"] < 60
    assert found['kontorist_connection_silent{connection="scans"}'] == 0
    assert found['kontorist_connection_silent{connection="mail"}'] == 1
    assert found['kontorist_connection_silent{connection="old"}'] == 1
    assert found["kontorist_connections_silent"] == 2
    assert found['kontorist_connection_heartbeat_seconds{connection="old"}'] >= 901


def test_every_line_is_prometheus_text(app: FastAPI) -> None:
    label = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
    shape = rf"# (HELP|TYPE) kontorist_\w+ .+|kontorist_\w+(\{{{label}(,{label})*\}})? [0-9.e+]+"
    for line in here(app).get("/metrics").text.splitlines():
        assert re.fullmatch(shape, line), line


def test_no_figure_names_a_person_or_what_they_wrote(app: FastAPI) -> None:
    text = here(app).get("/metrics").text.lower()
    assert not [word for word in ("canary", "anna", "müller", "@", "order?") if word in text]


def test_metrics_are_for_this_machine_or_with_the_token(app: FastAPI) -> None:
    away = TestClient(app, client=("192.0.2.7", 5000))
    assert away.get("/metrics").status_code == 403
    assert here(app).get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403, "through a proxy"
    os.environ["KONTORIST_METRICS_TOKEN"] = "s3cret"
    assert away.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    for wrong in ("Bearer no", "Bearer ", "Bearer s3cre\u00ef", ""):
        assert away.get("/metrics", headers={"Authorization": wrong.encode("latin-1")}).status_code == 403


def test_no_token_in_the_environment_lets_nobody_in(app: FastAPI) -> None:
    away = TestClient(app, client=("192.0.2.7", 5000))
    for given in ("Bearer", "Bearer ", ""):
        assert away.get("/metrics", headers={"Authorization": given}).status_code == 403


def test_health_says_when_the_database_is_gone(sqlite: Database, tmp_path: Path) -> None:
    make_office(tmp_path / "made", {}).close()
    visitor = TestClient(create_app(load_office(tmp_path / "made" / "office"), sqlite))
    assert visitor.get("/health").json() == {"ok": True}
    sqlite.close()
    for file in tmp_path.glob("kontorist.sqlite*"):
        file.unlink()
    (tmp_path / "kontorist.sqlite").mkdir()
    answer = visitor.get("/health")
    assert answer.status_code == 503
    assert "kontorist doctor" in answer.json()["problem"]
    assert str(tmp_path) not in answer.text
