"""The ledger of everything seen, and processing again: a new case from the kept original, and no effect twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.advance import Tally
from flows.again import process_again
from flows.intake import intake
from flows.runtime import Runtime
from kontorist.core.errors import NotFound, Rejected
from kontorist.store import cases, documents, seen
from tests.connectors.mail.conftest import letter
from tests.flows.offices import approve, make_office, proposals, work

CONNECTIONS = 'mailbox: {connector: mail, transport: maildir, path: "data:box", from: service@example.com}\n'
FLOW = """
trigger:
  mail: {connection: mailbox}
steps:
  - id: reply
    action: mailbox.reply
    with: {to: "{{ mail.from.address }}", body: "Ihre Bestellung kommt am Dienstag."}
    approve: {by: service}
"""


@pytest.fixture
def office(tmp_path: Path) -> Runtime:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "data" / "box" / part).mkdir(parents=True)
    (tmp_path / "data" / "box" / "new" / "1.mail").write_bytes(letter(message_id="<frage@kunde.example>"))
    runtime = make_office(tmp_path, {"mails": FLOW}, connections=CONNECTIONS)
    intake(runtime, "mails", Tally())
    return runtime


def _entries(runtime: Runtime, **which: str) -> list[seen.Entry]:
    with runtime.database.read() as connection:
        return seen.entries(connection, **which)  # type: ignore[arg-type]


def test_what_was_seen_is_found_by_subject_place_and_message_id(office: Runtime) -> None:
    for words in ("47001", "mailbox/INBOX", "<frage@kunde.example>", "frage@kunde.example"):
        (entry,) = _entries(office, search=words)
        assert (entry.case, entry.attempt, entry.connection) == (1, 1, "mailbox")
    assert _entries(office, search="100%") == []
    assert _entries(office, name="other") == []


def test_an_open_case_is_closed_and_begins_again_from_the_original(office: Runtime) -> None:
    work(office)
    assert process_again(office, 1, "anna") == 2
    work(office)
    assert [(e.case, e.attempt, e.state) for e in _entries(office)] == [(2, 2, "waiting"), (1, 1, "closed")]
    assert len({e.key for e in _entries(office)}) == 1
    assert sorted((p.case_id, p.state) for p in proposals(office)) == [(1, "withdrawn"), (2, "proposed")]


def test_the_source_does_not_bring_it_a_third_time(office: Runtime) -> None:
    process_again(office, 1, "anna")
    assert intake(office, "mails", Tally()) == 0
    assert process_again(office, 2, "anna") == 3
    assert [e.attempt for e in _entries(office)] == [3, 2, 1]


def test_a_reply_that_left_does_not_leave_again(office: Runtime) -> None:
    work(office)
    approve(office, *proposals(office, "proposed"))
    work(office)
    assert process_again(office, 1, "anna") == 2
    work(office)
    assert [(p.state, p.error) for p in proposals(office) if p.case_id == 2] == [
        ("withdrawn", "Dasselbe ist schon vorbereitet oder erledigt: Karte 1.")
    ]
    assert len([p for p in (office.data_dir / "box" / ".Sent").rglob("*") if p.is_file() and p.stat().st_size]) == 1


def test_an_original_that_is_gone_is_said(office: Runtime) -> None:
    with office.database.read() as connection:
        (case,) = cases.load(connection, [1])
    documents.place(office.database, case.documents[0].sha256).unlink()
    with pytest.raises(NotFound):
        process_again(office, 1, "anna")
    with pytest.raises(Rejected, match="no flow"):
        process_again(office, 1, "anna", flow="nope")
