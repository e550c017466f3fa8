"""Asking back: a question leaves as a mail, the card rests, and the answer in the same conversation brings it back."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flows.advance import Tally
from flows.intake import intake
from kontorist.core.clock import utcnow
from kontorist.store import audit, tables
from kontorist.store.audit import Event
from tests.flows.offices import work
from tests.inbox.desks import Desk, make_desk

CONNECTIONS = """
mailbox: {connector: mail, transport: maildir, path: "data:box", outgoing: "data:out", from: service@muster.example}
scans: {connector: folder, path: "data:scans"}
shelf: {connector: folder, path: "data:shelf"}
"""
FLOW = """
    trigger: {mail: {connection: mailbox}}
    steps:
      - id: answer
        action: mailbox.reply
        with: {to: "{{ mail.from.address }}", body: "Thank you"}
        approve: {by: service}
"""
UNCLEAR = """
    trigger: {mail: {connection: mailbox}}
    steps: [{ask: "Which order is it about?"}]
"""


@pytest.fixture
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """An office with a mailbox, in which one mail has come."""
    made = make_desk(tmp_path, connections=CONNECTIONS, flows={"mails": textwrap.dedent(getattr(request, "param", FLOW))})
    arrive(made, "one", "Wo bleibt meine Bestellung?")
    yield made
    made.runtime.close()


def arrive(desk: Desk, number: str, text: str, answers: str = "") -> None:
    """A mail comes in, and passes run."""
    box = desk.runtime.data_dir / "box" / "new"
    box.mkdir(parents=True, exist_ok=True)
    reply = f"In-Reply-To: {answers}\nReferences: <one@kunde.example> {answers}\n" if answers else ""
    head = f"From: Karla Behrens <karla@kunde.example>\nTo: service@muster.example\nSubject: Bestellung\nMessage-ID: <{number}@kunde.example>\n"
    (box / f"{number}.eml").write_text(f"{head}{reply}Content-Type: text/plain; charset=utf-8\n\n{text}\n")
    intake(desk.runtime, "mails", Tally())
    work(desk.runtime)


def sent(desk: Desk) -> list:
    """The mails that have left."""
    out = desk.runtime.data_dir / "out"
    return [message_from_bytes(p.read_bytes(), policy=policy.default) for p in sorted(out.rglob("*")) if p.is_file()]


def tick(desk: Desk) -> None:
    """The undo window passes."""
    with desk.runtime.database.write() as connection:
        soon = tables.actions.c.state == "approved"
        connection.execute(tables.actions.update().where(soon).values(not_before=utcnow() - timedelta(seconds=1)))
    work(desk.runtime)


def test_the_question_leaves_the_card_rests_and_the_answer_brings_it_back(office: Desk):
    (row,), anna = office.rows(), office.browser("anna")
    form = anna.get(f"/card/{row.id}/ask").text
    assert "karla@kunde.example" in form
    assert "Guten Tag Karla Behrens," in form or "Hello Karla Behrens," in form
    answer = anna.decide(row, "question", body="Which order number, please?")
    assert "Asked." in answer.text
    assert anna.get("/counts").json() == {"mine": 0, "others": 0, "asked": 1, "unclear": 0, "failed": 0}
    tick(office)
    (mail,) = sent(office)
    assert mail["To"] == "karla@kunde.example"
    assert mail["In-Reply-To"] == "<one@kunde.example>"
    assert "Which order number, please?" in mail.get_body().get_content()
    assert office.row(row.id).state == "proposed"
    assert "Which order number" in anna.get(f"/card/{row.id}").text  # in the trace

    arrive(office, "two", "4711!", answers=mail["Message-ID"])
    back = office.row(row.id)
    assert (back.state, back.revision, back.not_before) == ("proposed", 2, None)
    assert "A new mail has come" in anna.get(f"/card/{row.id}").text
    assert anna.get("/counts").json()["asked"] == 0


def test_nothing_comes_and_after_a_week_the_card_is_there_again_undecided(office: Desk):
    (row,), anna = office.rows(), office.browser("anna")
    anna.decide(row, "question", body="Which order number, please?")
    with office.runtime.database.write() as connection:
        past = utcnow() - timedelta(seconds=1)
        connection.execute(tables.actions.update().where(tables.actions.c.id == row.id).values(not_before=past))
        audit.append(connection, [Event("action.changed", "test", f"action:{row.id}", {})])
    assert anna.get("/counts").json()["mine"] == 1
    assert office.row(row.id).state == "proposed"


def test_whoever_does_not_want_to_wait_decides_at_once(office: Desk):
    (row,), anna = office.rows(), office.browser("anna")
    anna.decide(row, "question", body="Which order number, please?")
    anna.post(f"/card/{row.id}/resume")
    assert anna.get("/counts").json()["mine"] == 1


def test_a_question_goes_to_who_wrote_whatever_the_form_says(office: Desk):
    (row,), anna = office.rows(), office.browser("anna")
    anna.decide(row, "question", body="Which one?", to="evil@evil.example")
    tick(office)
    assert [m["To"] for m in sent(office)] == ["karla@kunde.example"]


@pytest.mark.parametrize("text", ["", "Hello,\n– …\n"])
def test_an_empty_question_or_the_draft_as_it_is_asks_nothing(office: Desk, text: str):
    (row,) = office.rows()
    assert office.browser("anna").decide(row, "question", body=text).status_code == 422
    assert len(office.rows()) == 1


def test_auditors_and_other_groups_ask_nothing(office: Desk):
    (row,) = office.rows()
    for name in ("karl", "petra"):
        marks = f"{row.id}:{row.revision}:{row.sha256}"
        answer = office.browser(name).post(f"/card/{row.id}/question", body="Why?", shown=marks)
        assert answer.status_code == 403, name
    assert len(office.rows()) == 1


def test_with_four_eyes_somebody_else_approves_the_question(office: Desk):
    (row,), anna = office.rows(), office.browser("anna")
    with office.runtime.database.write() as connection:
        two = {"rule": {**row.rule, "count": 2}, "eyes": 2}
        connection.execute(tables.actions.update().where(tables.actions.c.id == row.id).values(two))
    anna.decide(row, "question", body="Which order number, please?")
    assert [r.state for r in office.rows()] == ["proposed", "proposed"]
    tick(office)
    assert sent(office) == []


@pytest.mark.parametrize("office", [UNCLEAR], indirect=True)
def test_an_unclear_case_rests_too_and_comes_back_with_the_answer(office: Desk):
    anna = office.browser("anna")
    anna.post("/case/1/question", body="Which order is it about?", path="")
    assert anna.get("/counts").json() == {"mine": 0, "others": 0, "asked": 1, "unclear": 0, "failed": 0}
    assert "Bestellung" in anna.get("/?tab=asked").text
    tick(office)
    (mail,) = sent(office)
    arrive(office, "two", "4711", answers=mail["Message-ID"])
    assert anna.get("/counts").json()["unclear"] == 2  # the first one again, and the answer, which this flow finds unclear too
    assert "A new mail has come" in anna.get("/case/1").text
