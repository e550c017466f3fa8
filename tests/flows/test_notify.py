"""Staff are told what waits for them: once, in their language, not at night, and never more than the office wants to leave the house."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from flows import notify
from flows.runtime import Runtime
from kontorist.cli import app
from kontorist.core.notify import Notify, Quiet
from kontorist.core.office import load_office
from kontorist.store import case_decisions, office_state
from kontorist.store.tables import actions, cases
from tests.connectors.mail.servers import smtp_server
from tests.flows.offices import approve, arrive, make_office, proposals, work

FLOW = """
    title: Notes
    trigger: {file: {connection: scans}}
    steps:
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service, due: 4h, escalate: petra}
"""
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


class Webhook:
    """A service that takes messages, or refuses them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.messages.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/"

    def titles(self) -> list[str]:
        titles, self.messages = [m["title"] for m in self.messages], []
        return titles


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, {"notes": FLOW})
    yield made
    made.close()


def told(runtime: Runtime, notify_settings: dict[str, Any], now: datetime = NOON) -> list[str]:
    """Tell, and what went wrong."""
    runtime.office.settings.notify = Notify.model_validate(notify_settings)
    return notify.tell(runtime.office, runtime.database, now)


def propose(runtime: Runtime, *texts: str) -> None:
    """New cards, due at 15:00 UTC."""
    arrive(runtime, "notes", *texts)
    work(runtime)
    with runtime.database.write() as connection:
        connection.execute(update(actions).values(due=NOON + timedelta(hours=4)))


def channel(webhook: Webhook, **more: Any) -> dict[str, Any]:
    return {"link": "https://inbox.example", "channels": {"team": {"url": webhook.url, "for": ["service"], **more}}}


def test_new_cards_are_told_once_and_without_their_content(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "Frau Meier", "Herr Schulze")
    assert told(runtime, channel(webhook)) == []
    (message,) = webhook.messages
    assert message["title"] == "Kontorist: 2 neue Karten"
    assert "2 × Notes" in message["message"]
    assert "https://inbox.example" in message["message"]
    assert "Meier" not in str(message)
    assert "0.txt" not in str(message)
    propose(runtime, "one more")
    told(runtime, channel(webhook, language="en"))
    told(runtime, channel(webhook))
    assert webhook.titles()[1:] == ["Kontorist: 1 new card"]


def test_details_are_named_where_the_office_wants_them(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, *map(str, range(7)))
    told(runtime, channel(webhook, details=True))
    body = webhook.messages[0]["message"]
    assert "• " in body
    assert "0.txt" in body
    assert "… und 2 weitere" in body


def test_cards_of_others_are_not_told(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "x")
    settings = channel(webhook)
    settings["channels"]["team"]["for"] = ["accounting", "petra"]
    told(runtime, settings)
    assert webhook.titles() == []
    told(runtime, settings, NOON + timedelta(hours=5))  # now it is petra's: escalated
    assert webhook.titles() == ["Kontorist: 1 neue Karte", "Kontorist: 1 Karte ist überfällig"]


def test_what_is_due_soon_and_overdue_is_told_and_what_was_decided_is_not(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a", "b")
    settings = channel(webhook, on=["due", "escalated"])
    told(runtime, settings)
    told(runtime, settings, NOON + timedelta(hours=3, minutes=30))
    assert webhook.titles() == ["Kontorist: 2 Karten sind bald fällig"]
    approve(runtime, proposals(runtime)[0])
    told(runtime, settings, NOON + timedelta(hours=5))
    told(runtime, settings, NOON + timedelta(hours=6))
    assert webhook.titles() == ["Kontorist: 1 Karte ist überfällig"]


def test_the_digest_comes_once_a_day_at_its_hour(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a")
    settings = channel(webhook, on=["digest"], at="12:30")
    for minutes in (0, 29, 30, 60, 24 * 60 + 29):
        told(runtime, settings, NOON + timedelta(minutes=minutes))
    assert webhook.titles() == ["Kontorist: 1 Karte wartet"]
    told(runtime, settings, NOON + timedelta(days=1, minutes=30))
    assert webhook.titles() == ["Kontorist: 1 Karte wartet"]


ASKED = """
    title: Quotes
    trigger: {file: {connection: scans}}
    steps:
      - {ask: "Please send {{ file.text }} a quote.", by: service, due: 4h, escalate: petra}
"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Runtime]:
    made = make_office(tmp_path, {"quotes": ASKED, "notes": FLOW})
    yield made
    made.close()


def ask(runtime: Runtime, *texts: str) -> list[int]:
    """Questions to the service team, due at 15:00 UTC."""
    ids = arrive(runtime, "quotes", *texts)
    work(runtime)
    with runtime.database.write() as connection:
        connection.execute(update(cases).values(due=NOON + timedelta(hours=4)))
    return ids


def test_questions_are_told_to_those_they_are_for_beside_cards(asking: Runtime, webhook: Webhook) -> None:
    ask(asking, "Frau Meier")
    told(asking, channel(webhook))
    (message,) = webhook.messages
    assert message["title"] == "Kontorist: 1 neuer unklarer Vorgang"
    assert "1 × Quotes" in message["message"]
    assert "Meier" not in str(message)
    told(asking, channel(webhook))
    ask(asking, "Herr Schulze", "Frau Lange")
    propose(asking, "x")
    told(asking, channel(webhook, language="en", details=True))
    (_, second) = webhook.messages
    assert second["title"] == "Kontorist: 1 new card, 2 new unclear cases"
    assert "• Please send Frau Lange a quote." in second["message"]


def test_a_question_is_reminded_of_and_escalates_as_a_card_does(asking: Runtime, webhook: Webhook) -> None:
    first, _ = ask(asking, "a", "b")
    settings = channel(webhook, on=["due", "escalated"])
    settings["channels"]["lead"] = {"url": webhook.url, "for": ["petra"], "on": ["escalated"], "language": "en"}
    told(asking, settings)
    assert webhook.titles() == []
    told(asking, settings, NOON + timedelta(hours=3, minutes=30))
    assert webhook.titles() == ["Kontorist: 2 unklare Vorgänge sind bald fällig"]
    with asking.database.write() as connection:
        case_decisions.close(connection, first, "anna", "done")
    for hours in (5, 6):
        told(asking, settings, NOON + timedelta(hours=hours))
    assert webhook.titles() == ["Kontorist: 1 unklarer Vorgang ist überfällig", "Kontorist: 1 unclear case is overdue"]


def test_the_digest_names_questions_too(asking: Runtime, webhook: Webhook) -> None:
    ask(asking, "a")
    propose(asking, "b", "c")
    told(asking, channel(webhook, on=["digest"], at="12:00"))
    assert webhook.titles() == ["Kontorist: 2 Karten warten, 1 unklarer Vorgang wartet"]


def test_what_an_older_version_told_is_not_told_again(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a")
    (row,) = proposals(runtime)
    with runtime.database.write() as connection:
        office_state.put(connection, "notify.team", {"new": [row.id], "due": [], "escalated": [], "digest": ""})
    told(runtime, channel(webhook))
    assert webhook.titles() == []


def test_nobody_is_told_in_quiet_hours_and_nothing_is_lost_by_that(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a")
    settings = channel(webhook) | {"quiet": {"from": "18:00", "to": "07:00"}}
    told(runtime, settings, NOON + timedelta(hours=8))
    assert webhook.titles() == []
    told(runtime, settings, NOON + timedelta(hours=20))
    assert "Kontorist: 1 neue Karte" in webhook.titles()


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [("2026-11-24T18:00", True), ("2026-11-24T17:59", False), ("2026-11-25T06:59", True), ("2026-11-25T07:00", False)],
)
def test_quiet_hours_go_over_midnight(moment: str, quiet: bool) -> None:
    assert Quiet.model_validate({"weekends": False}).holds(datetime.fromisoformat(moment)) is quiet


def test_weekends_are_quiet_unless_the_office_works_then() -> None:
    saturday = datetime(2026, 11, 28, 12)
    assert Quiet.model_validate({}).holds(saturday)
    assert not Quiet.model_validate({"weekends": False}).holds(saturday)


def test_a_service_that_refuses_is_tried_again_and_its_address_is_not_named(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a")
    webhook.status = 500
    (problem,) = told(runtime, channel(webhook))
    assert "channel 'team'" in problem
    assert str(webhook.server.server_port) not in problem
    webhook.status = 200
    assert told(runtime, channel(webhook)) == []
    assert webhook.titles() == ["Kontorist: 1 neue Karte"]


def test_a_broken_channel_does_not_silence_the_others(runtime: Runtime, webhook: Webhook) -> None:
    propose(runtime, "a")
    settings = channel(webhook)
    settings["channels"] = {"broken": {"url": "nonsense://", "for": ["service"]}} | settings["channels"]
    assert [p.partition(":")[0] for p in told(runtime, settings)] == ["channel 'broken'"]
    assert webhook.titles() == ["Kontorist: 1 neue Karte"]


def test_each_person_gets_a_mail_of_their_own(runtime: Runtime) -> None:
    propose(runtime, "a")
    for name, person in runtime.office.settings.people.items():
        person.email = f"{name}@firma.example"
    with smtp_server() as server:
        url = f"mailto://127.0.0.1:{server.port}?from=kontorist@firma.example&to={{email}}"
        assert told(runtime, {"channels": {"mail": {"url": url, "for": ["service"]}}}) == []
        to = sorted(address for mail in server.taken for address in mail.rcpt_tos)
    assert to == ["anna@firma.example", "ole@firma.example"]


def test_a_password_in_an_address_is_not_written_in_clear(tmp_path: Path) -> None:
    make_office(tmp_path, {}).close()
    file = tmp_path / "office" / "office.yaml"
    file.write_text(file.read_text() + "notify: {channels: {a: {url: 'mailto://me:secret@firma.example', for: [service]}}}\n")
    (problem,) = load_office(tmp_path / "office").problems
    assert "a password in clear" in problem.message
    assert problem.line == 9


def test_a_channel_can_be_tried_from_a_shell(tmp_path: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    make_office(tmp_path, {}).close()
    monkeypatch.setenv("CHANNEL", webhook.url)
    file = tmp_path / "office" / "office.yaml"
    file.write_text(file.read_text() + "notify: {channels: {team: {url: '${CHANNEL}', for: [service]}}}\n")
    where = ["--office", str(tmp_path / "office"), "--json"]
    result = CliRunner().invoke(app, ["notify", *where])
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"channel": "team", "ok": True, "message": "sent to 1 address"}
    ]
    assert webhook.titles() == ["Kontorist: Test"]
    assert CliRunner().invoke(app, ["notify", "tem", *where]).exception is not None
