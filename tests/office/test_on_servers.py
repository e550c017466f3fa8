"""The sample office against a real IMAP server and a real SMTP server: nothing but connections.yaml is changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from flows.advance import Tally, advance
from flows.gate import gate
from flows.intake import intake
from flows.runtime import Runtime, open_runtime
from kontorist.reading.mail import parse_mail
from kontorist.store import actions, audit, cases, deciding
from kontorist.store.authority import Who
from tests.connectors.mail.servers import DOVECOT, PASSWORD, USER, Imap, Mailserver, client_context, smtp_server, start_dovecot

CONFIG = Path(__file__).resolve().parents[2] / "config"
ANNA = Who("anna", frozenset({"service", "sales"}))
PETRA = Who("petra", frozenset({"accounting"}))
MAILS = ("status-behrens-47001", "invoice-wellpappe-1187", "newsletter", "status-roth-other-address")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Imap, Mailserver]]:
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    imap = start_dovecot(tmp_path)
    try:
        with smtp_server() as smtp:
            yield imap, smtp
    finally:
        imap.stop()


@pytest.fixture
def office(tmp_path: Path, servers: tuple[Imap, Mailserver]) -> Iterator[Runtime]:
    imap, smtp = servers
    folder = tmp_path / "office"
    shutil.copytree(CONFIG, folder)
    text = (folder / "connections.yaml").read_text()
    mailbox = f"""mailbox:
  connector: mail
  transport: imap
  imap: {{host: 127.0.0.1, port: {imap.tls_port}, user: {USER}, password: "${{MAIL_PASSWORD}}", ca_file: "{imap.ca_file}"}}
  smtp: {{host: 127.0.0.1, port: {smtp.port}, tls: none}}
  from: Hansen & Brandt Kundenservice <service@hansen-brandt.example>

"""
    changed, count = re.subn(r"(?ms)^mailbox:.*?(?=^# The same)", mailbox, text)
    assert count == 1
    (folder / "connections.yaml").write_text(changed)
    (folder / "office.yaml").write_text((folder / "office.yaml").read_text().replace("undo_window: 15s", "undo_window: 0s"))
    (folder / ".env").write_text(f"MAIL_PASSWORD={PASSWORD}\n")
    runtime = open_runtime(folder, tmp_path / "data", url=f"sqlite:///{tmp_path}/store.sqlite")
    yield runtime
    runtime.close()


def _client(imap: Imap) -> IMAPClient:
    client = IMAPClient("127.0.0.1", port=imap.tls_port, ssl_context=client_context(imap.ca_file))  # type: ignore[arg-type]
    client.login(USER, PASSWORD)
    return client


def _put_mails(imap: Imap) -> None:
    client = _client(imap)
    for path in sorted((CONFIG / "mails").glob("*.eml")):
        if any(name in path.name for name in MAILS):
            client.append("INBOX", path.read_bytes())
    client.logout()


def _pass(runtime: Runtime) -> Tally:
    tally = Tally()
    gate(runtime, tally)
    intake(runtime, "mailroom", tally)
    while advance(runtime, tally) + gate(runtime, tally):
        pass
    return tally


def _open(runtime: Runtime) -> list[actions.ActionRow]:
    with runtime.database.read() as connection:
        return actions.find(connection, state="proposed")


def _approve(runtime: Runtime, who: Who, *rows: Any) -> None:
    with runtime.database.write() as connection:
        deciding.approve(connection, [r.shown for r in rows], who, "")


def _subjects(imap: Imap, folder: str) -> list[str]:
    client = _client(imap)
    try:
        client.select_folder(folder, readonly=True)
        rows = client.fetch(client.search(["ALL"]), ["BODY.PEEK[]", "FLAGS"])
        return sorted(parse_mail(row[b"BODY[]"]).subject for row in rows.values())
    finally:
        client.logout()


def test_replies_leave_once_bookings_stand_in_a_batch_and_mails_are_filed(
    office: Runtime, servers: tuple[Imap, Mailserver]
) -> None:
    imap, smtp = servers
    _put_mails(imap)
    before = len(_subjects(imap, "INBOX"))
    assert _pass(office).of("mailroom", "taken_in") == before
    assert smtp.taken == []  # nothing without an approval
    cards = _open(office)
    reply = next(r for r in cards if r.action == "reply")
    posting = next(r for r in cards if r.action == "post")
    _approve(office, ANNA, *[r for r in cards if r.card == reply.card])
    _approve(office, PETRA, *[r for r in cards if r.card == posting.card])
    _pass(office)

    (envelope,) = smtp.taken
    sent = parse_mail(envelope.content)
    assert envelope.rcpt_tos == ["behrens@nordwind-versand.example"]
    assert sent.in_reply_to == "status-behrens-47001.2026@nordwind-versand.example"
    assert "47001" in sent.text
    assert _subjects(imap, "Sent") == ["Re: Wo bleibt unsere Lieferung? Auftrag 47001"]
    assert _subjects(imap, "Erledigt") == ["Wo bleibt unsere Lieferung? Auftrag 47001"]
    assert _subjects(imap, "Rechnungen") == ["Rechnung RE-2026-1187"]
    assert len(_subjects(imap, "INBOX")) == before - 2
    assert len(list((office.data_dir / "books").glob("EXTF_*.csv"))) == 1

    assert _pass(office).of("mailroom", "taken_in") == 0
    assert len(smtp.taken) == 1
    with office.database.read() as connection:
        assert audit.verify(connection).problem == ""


def test_a_stranger_who_asks_for_an_order_gets_no_answer_prepared(office: Runtime, servers: tuple[Imap, Mailserver]) -> None:
    _put_mails(servers[0])
    _pass(office)
    with office.database.read() as connection:
        unclear = [c.title for c in cases.find(connection, state="unclear")]
    assert any("47037" in title for title in unclear)
    assert all("sabine.roth" not in str(r.data) for r in _open(office))
