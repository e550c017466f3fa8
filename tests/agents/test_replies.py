"""Replies that were approved as they were drafted, and sent, help with the next mail of the same customer, and of nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from connectors.base import Item
from flows.intake import take_in
from flows.runtime import Runtime, open_runtime
from kontorist.cli import app
from kontorist.core.errors import KontoristError
from kontorist.store import actions, audit, corrections, deciding, editing, people, privacy, replies, tables
from kontorist.store.actions import ActionRow
from kontorist.store.editing import Edit
from tests.agents.scripted_server import ScriptedServer
from tests.flows.offices import ANNA, case, make_office, work
from tests.inbox.desks import PASSWORD, Desk

MAILBOX = """
mailbox: {connector: mail, transport: maildir, path: "data:mailbox", outgoing: "data:outgoing", from: Service <service@muster.example>}
"""
FLOW = """
    description: Answers from the pages
    trigger: {mail: {connection: mailbox, folder: INBOX}}
    steps:
      - id: answer
        agent: draft
        knowledge: true
        write: true
        language: de
      - id: reply
        action: mailbox.reply
        with: {to: "{{ mail.from.address }}", body: "{{ answer.text }}"}
        approve: {by: service}
"""
PAGE = "---\ntitle: Versand\nlanguage: de\n---\n## Versandkosten\nBis 150 EUR Warenwert berechnen wir 6,90 EUR Versand.\n"
IDA, EVE = ("Ida Berg", "ida@berg.example"), ("Eve Fremd", "eve@fremd.example")


@pytest.fixture
def runtime(tmp_path: Path, server: ScriptedServer) -> Iterator[Runtime]:
    """An office that answers mails with a language model."""
    made = make_office(tmp_path, {"service": FLOW, "other": FLOW.replace("INBOX", "Other")}, connections=MAILBOX)
    office = tmp_path / "office"
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "data/mailbox" / folder).mkdir(parents=True)
    (office / "knowledge").mkdir()
    (office / "knowledge" / "versand.de.md").write_text(PAGE, encoding="utf-8")
    settings = (office / "office.yaml").read_text()
    model = f"models: {{small: {{base_url: '{server.url}', model: test-model, trusted: true, remember: false}}}}\nmodel: small\n"
    (office / "office.yaml").write_text(settings + model)
    made.close()
    opened = open_runtime(office, tmp_path / "data", url=f"sqlite:///{tmp_path}/store.sqlite")
    yield opened
    opened.close()


def mail(
    runtime: Runtime, who: tuple[str, str], text: str = "Was kostet der Versand?", flow: str = "service", check: str = "aligned"
) -> int:
    """A case of a mail, worked on until it waits."""
    with runtime.database.read() as connection:
        number = len(connection.execute(select(tables.cases.c.id)).all())
    data = {"subject": "Versand", "text": text, "new_text": text, "message_id": f"<{number}@x.example>", "key": str(number),
            "folder": "INBOX", "from": {"name": who[0], "address": who[1]}, "to": [], "cc": [], "references": [], "language": "de",
            "reply_to": [], "automatic": False, "bulk": False, "sender_check": check, "answered": False, "date": None, "warnings": [], "attachments": []}  # fmt: skip
    (made,) = take_in(runtime, flow, "mailbox", [Item(f"m{number}", f"mailbox/INBOX {number}", "Versand", {"mail": data})])
    work(runtime)
    found = case(runtime, made)
    assert found.state == "waiting", (found.state, found.error, found.question)
    return made


def proposed(runtime: Runtime, case_id: int) -> ActionRow:
    """The reply that waits for a decision."""
    with runtime.database.read() as connection:
        return next(r for r in actions.find(connection, state="all") if r.case_id == case_id)


def approve(runtime: Runtime, row: ActionRow) -> ActionRow:
    """Anna approves it as it is, and it goes out."""
    with runtime.database.write() as connection:
        deciding.approve(connection, [row.shown], ANNA)
    work(runtime)
    return proposed(runtime, row.case_id)


def answered(runtime: Runtime, server: ScriptedServer, who: tuple[str, str], text: str) -> ActionRow:
    server.replies.clear()
    server.will({"text": text, "used": [1]})
    done = approve(runtime, proposed(runtime, mail(runtime, who)))
    assert done.state == "done", (done.state, done.error)
    return done


def prompt(
    runtime: Runtime, server: ScriptedServer, who: tuple[str, str], flow: str = "service", check: str = "aligned"
) -> tuple[str, list[Any]]:
    """What the model is sent for the next mail, and what the draft cites."""
    made = mail(runtime, who, "Und was kostet der Versand heute?", flow, check)
    entry = next(e for e in case(runtime, made).journal.values() if e.step == "answer")
    return server.sent(), [c for c in entry.output["citations"] if c.get("case")]


def test_a_reply_sent_unchanged_reaches_the_next_draft_for_the_same_customer_alone(
    runtime: Runtime, server: ScriptedServer
) -> None:
    done = answered(runtime, server, IDA, "Liebe Frau Berg, wie immer 6,90 EUR.")
    sent, cited = prompt(runtime, server, IDA)
    assert "wie immer 6,90" in sent
    assert cited == [{"case": done.case_id, "quote": "Liebe Frau Berg, wie immer 6,90 EUR."}]
    for stranger in (EVE, (IDA[0], "ida@other.example")):
        sent, cited = prompt(runtime, server, stranger)
        assert "wie immer" not in sent
        assert cited == []
    sent, cited = prompt(runtime, server, IDA, "other")
    assert "wie immer" not in sent, "another flow may be for other eyes"
    sent, cited = prompt(runtime, server, IDA, check="forged")
    assert "wie immer" not in sent, "who only says to be the customer gets nothing of theirs"


def test_what_was_only_proposed_or_went_to_several_or_is_restricted_is_no_example(
    runtime: Runtime, server: ScriptedServer
) -> None:
    server.will({"text": "Nie gesendet, 6,90 EUR.", "used": [1]})
    waiting = proposed(runtime, mail(runtime, IDA))
    assert "Nie gesendet" not in prompt(runtime, server, IDA)[0]
    several = {**waiting.data, "body": "An alle 6,90 EUR", "cc": [EVE[1]]}
    with runtime.database.write() as connection:
        edit = Edit(several, "x", [], waiting.rests_on)
        shown = editing.edit(connection, waiting.shown, edit, ANNA)
        deciding.approve(connection, [shown], ANNA)
    work(runtime)
    done = answered(runtime, server, IDA, "Gehalten, 6,90 EUR.")
    with runtime.database.read() as connection:
        assert [r["body"] for r in replies.sent_to(connection, IDA[1], [IDA[0]], "service")] == ["Gehalten, 6,90 EUR."]
        assert replies.sent_to(connection, EVE[1], [EVE[0]], "service") == []
    privacy.erase(runtime.database, [done.case_id], lambda _c: "§ 147 AO", "petra")
    assert "Gehalten" not in prompt(runtime, server, IDA)[0]


def edited(runtime: Runtime, server: ScriptedServer, text: str, **changed: Any) -> ActionRow:
    """A draft for Ida that Anna writes anew; it waits for its approval."""
    server.replies.clear()
    server.will({"text": "Entwurf, 6,90 EUR.", "used": [1]})
    row = proposed(runtime, mail(runtime, IDA))
    with runtime.database.write() as connection:
        editing.edit(connection, row.shown, Edit({**row.data, "body": text, **changed}, "x", [], row.rests_on), ANNA)
    return proposed(runtime, row.case_id)


def test_an_edited_reply_reaches_the_next_draft_of_its_flow_for_its_customer_alone(
    runtime: Runtime, server: ScriptedServer
) -> None:
    done = approve(runtime, edited(runtime, server, "Von Hand, 6,90 EUR."))
    assert done.state == "done", (done.state, done.error)
    sent, cited = prompt(runtime, server, IDA)
    assert "Von Hand" in sent
    assert cited == [{"case": done.case_id, "quote": "Von Hand, 6,90 EUR."}]
    assert "Von Hand" not in prompt(runtime, server, EVE)[0]
    assert "Von Hand" not in prompt(runtime, server, IDA, "other")[0], "another flow may be for other eyes"
    assert "Von Hand" not in prompt(runtime, server, IDA, check="forged")[0]


def test_an_edited_reply_to_other_addresses_or_not_sent_is_no_example(runtime: Runtime, server: ScriptedServer) -> None:
    edited(runtime, server, "Nie gesendet, 6,90 EUR.")
    approve(runtime, edited(runtime, server, "An Eve, 6,90 EUR.", to=EVE[1]))
    approve(runtime, edited(runtime, server, "An beide, 6,90 EUR.", cc=[EVE[1]]))
    for who in (IDA, EVE):
        sent, cited = prompt(runtime, server, who)
        assert not [text for text in ("Nie gesendet", "An Eve", "An beide") if text in sent]
        assert cited == []


def test_an_edited_reply_of_a_restricted_case_is_no_example(runtime: Runtime, server: ScriptedServer) -> None:
    done = approve(runtime, edited(runtime, server, "Von Hand, 6,90 EUR."))
    assert "Von Hand" in prompt(runtime, server, IDA)[0]
    privacy.erase(runtime.database, [done.case_id], lambda _c: "§ 147 AO", "petra")
    assert "Von Hand" not in prompt(runtime, server, IDA)[0]


def test_an_edited_reply_is_taken_out_with_its_correction(runtime: Runtime, server: ScriptedServer) -> None:
    approve(runtime, edited(runtime, server, "Von Hand, 6,90 EUR."))
    with runtime.database.write() as connection:
        (row,) = corrections.listing(connection)
        corrections.remove(connection, row.id, "petra")
    assert "Von Hand" not in prompt(runtime, server, IDA)[0]


def test_it_is_forgotten_with_its_case(runtime: Runtime, server: ScriptedServer) -> None:
    done = answered(runtime, server, IDA, "Liebe Frau Berg, wie immer 6,90 EUR.")
    privacy.erase(runtime.database, [done.case_id], lambda _c: "", "petra")
    sent, cited = prompt(runtime, server, IDA)
    assert "wie immer" not in sent
    assert cited == []


def test_it_is_listed_and_taken_out_by_an_admin(
    runtime: Runtime, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = answered(runtime, server, IDA, "Liebe Frau Berg, wie immer 6,90 EUR.")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    where = ["--office", str(tmp_path / "office"), "--data", str(tmp_path / "data"), "--json"]
    run: Callable[..., Any] = lambda *words: CliRunner().invoke(app, ["agents", "examples", *words, *where])  # noqa: E731
    (row,) = [json.loads(line) for line in run().stdout.splitlines()]
    assert (row["id"], row["kind"], row["by"], row["case"]) == (f"reply-{done.id}", "sent", "anna", done.case_id)
    assert row["corrected"] == {"body": "Liebe Frau Berg, wie immer 6,90 EUR."}
    for wrong in ("reply-999", "reply-x", "999"):
        assert isinstance(run("--remove", wrong, "--as", "petra").exception, KontoristError)
    assert json.loads(run("--remove", row["id"], "--as", "petra").stdout) == {"removed": row["id"]}
    assert run().stdout == ""
    assert "wie immer" not in prompt(runtime, server, IDA)[0]
    with runtime.database.read() as connection:
        assert "example.removed" in [e["kind"] for e in audit.read(connection)]
        assert proposed(runtime, done.case_id).state == "done", "what was sent stays in its case"


def test_the_card_shows_the_earlier_reply_and_leads_to_its_case(runtime: Runtime, server: ScriptedServer) -> None:
    answered(runtime, server, IDA, "Liebe Frau <b>Berg</b>, wie immer 6,90 EUR.")
    row = proposed(runtime, mail(runtime, IDA))
    with runtime.database.write() as connection:
        people.add(connection, "anna", PASSWORD, "test")
    desk = Desk(runtime)
    browser = desk.browser("anna")
    page = browser.get(f"/card/{row.id}").text
    assert "Frühere Antworten an diesen Kunden" in page or "Earlier replies to the same customer" in page
    assert "wie immer 6,90 EUR" in page
    assert "<b>Berg</b>" not in page
    assert 'href="/case/1"' in page
    assert browser.get("/case/1").status_code == 200


def test_the_card_shows_no_percentage_for_a_passage_that_was_found(runtime: Runtime, server: ScriptedServer) -> None:
    server.will({"text": "Guten Tag, der Versand kostet 6,90 EUR.", "used": [1]})
    row = proposed(runtime, mail(runtime, IDA))
    with runtime.database.write() as connection:
        people.add(connection, "anna", PASSWORD, "test")

    page = Desk(runtime).browser("anna").get(f"/card/{row.id}").text

    assert "knowledge/versand.de.md" in page or "Versandkosten" in page
    assert "100 %" not in page
