"""A mail that comes back is noted on the case that sent it, and a person looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.advance import Tally
from flows.intake import intake
from flows.runtime import Runtime
from kontorist.reading.mail import parse_mail
from tests.connectors.mail.conftest import letter
from tests.flows.offices import approve, case, make_office, proposals, work
from tests.flows.test_again import CONNECTIONS, FLOW

REPORT = """From: Mail Delivery System <mailer-daemon@mx.example.com>
To: service@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <{number}@mx.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Mon, 23 Nov 2026 09:00:00 +0100

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: no such user

--b
Content-Type: text/rfc822-headers

From: service@example.com
{original}Subject: Re: Wo bleibt 47001?

--b--
"""


@pytest.fixture
def office(tmp_path: Path) -> Runtime:
    """An office that has sent one reply; its case is done."""
    for part in ("cur", "new", "tmp"):
        (tmp_path / "data" / "box" / part).mkdir(parents=True)
    (tmp_path / "data" / "box" / "new" / "1.mail").write_bytes(letter(message_id="<frage@kunde.example>"))
    runtime = make_office(tmp_path, {"mails": FLOW}, connections=CONNECTIONS)
    intake(runtime, "mails", Tally())
    work(runtime)
    approve(runtime, *proposals(runtime, "proposed"))
    work(runtime)
    assert case(runtime, 1).state == "done"
    return runtime


def _comes_back(runtime: Runtime, message_id: str = "", recipient: str = "karla@kunde.example", action: str = "failed") -> None:
    original = f"Message-ID: <{message_id}>\n" if message_id else ""
    text = REPORT.format(number=abs(hash((message_id, recipient))), recipient=recipient, action=action, original=original)
    (runtime.data_dir / "box" / "new" / f"{abs(hash(text))}.mail").write_text(text)
    assert intake(runtime, "mails", Tally()) == 1


def _sent_id(runtime: Runtime) -> str:
    sent = next(p for p in (runtime.data_dir / "box" / ".Sent").rglob("*") if p.is_file() and p.stat().st_size)
    return parse_mail(sent.read_bytes()).message_id


def test_a_mail_that_comes_back_reopens_its_case_for_a_person(office: Runtime) -> None:
    _comes_back(office, _sent_id(office))
    found = case(office, 1)
    assert found.state == "unclear"
    assert found.error == "Die Mail an karla@kunde.example kam zurück: 550 5.1.1 <karla@kunde.example>: no such user"
    assert found.error in found.warnings


def test_without_the_message_id_the_recipient_tells(office: Runtime) -> None:
    _comes_back(office, recipient="Karla@kunde.example")
    assert case(office, 1).state == "unclear"


@pytest.mark.parametrize(
    ("message_id", "recipient", "action"),
    [
        ("somebody-elses@example.com", "karla@kunde.example", "failed"),
        ("", "nobody@kunde.example", "failed"),
        ("", "karla@kunde.example", "delayed"),
    ],
)
def test_reports_about_other_mails_and_mere_delays_reopen_nothing(
    office: Runtime, message_id: str, recipient: str, action: str
) -> None:
    _comes_back(office, message_id, recipient, action)
    assert case(office, 1).state == "done"


def test_it_stands_in_the_audit_log(office: Runtime) -> None:
    from kontorist.store import audit

    _comes_back(office, _sent_id(office))
    with office.database.read() as connection:
        (event,) = [e for e in audit.read(connection, "action:1") if e["kind"] == "action.undelivered"]
        assert audit.verify(connection).problem is None or audit.verify(connection).problem == ""
    assert event["data"]["failures"][0]["recipient"] == "karla@kunde.example"
