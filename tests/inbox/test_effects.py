"""Each decision in a real browser, up to what it does outside: at a real mail server, and in the file for DATEV."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from connectors.accounting.extf import read
from flows.advance import Tally
from flows.intake import intake
from kontorist.core.clock import utcnow
from kontorist.store import tables
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import COMPANY, INVOICE, VENDOR
from tests.connectors.mail.servers import PASSWORD, USER, Mailserver, smtp_server, start_pymap
from tests.flows.offices import work
from tests.inbox.desks import OFFICE, Desk, make_desk

pytestmark = pytest.mark.browser
CONNECTIONS = """
mailbox:
  connector: mail
  transport: imap
  imap: {{host: 127.0.0.1, port: {imap}, user: "{user}", password: "${{MAIL_PASSWORD}}", tls: none}}
  smtp: {{host: 127.0.0.1, port: {smtp}, tls: none}}
  from: Muster <{user}>
scans: {{connector: folder, path: "data:scans"}}
shelf: {{connector: folder, path: "data:shelf"}}
books: {{connector: accounting, consultant_number: 1001, client_number: 456, vendors: vendors.csv, output: "data:books"}}
"""
FLOW = """
    trigger: {mail: {connection: mailbox}}
    steps:
      - id: read
        agent: invoice
        documents: "{{ documents }}"
      - when: read.found
        steps:
          - id: posting
            action: books.post
            with: {invoice: "{{ read.invoice }}", document: "{{ read.source_document }}"}
            approve: {by: service}
        otherwise:
          - id: letter
            agent: draft
            template: "We have your letter: {{ mail.subject }}"
          - id: answer
            action: mailbox.reply
            with: {to: "{{ mail.from.address }}", body: "{{ letter.text }}", quote: false}
            approve: {by: service}
"""
VENDORS = f"""Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle
70001;Wellpappe Nord GmbH;{VENDOR.vat_id};;{VENDOR.iban};wellpappe-nord.example;3200;14;
"""


class Post:
    """The two mail servers of the office: what is put into its mailbox, and what has left it."""

    def __init__(self, imap_port: int, server: Mailserver) -> None:
        self.imap_port, self.server = imap_port, server

    def put(self, mail: EmailMessage) -> None:
        client = imaplib.IMAP4("127.0.0.1", self.imap_port)
        client.login(USER, PASSWORD)
        client.append("INBOX", "", None, bytes(mail))
        client.logout()

    @property
    def sent(self) -> list[EmailMessage]:
        return [message_from_bytes(e.content, policy=policy.default) for e in self.server.taken]

    @property
    def texts(self) -> list[str]:
        return [m.get_body().get_content().strip() for m in self.sent]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    (tmp_path / "imap").mkdir()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(smtp_server())
        imap = start_pymap(tmp_path / "imap")
        stack.callback(imap.stop)
        yield Post(imap.port, server)


@pytest.fixture
def desk(tmp_path: Path, post: Post) -> Iterator[Desk]:
    """An office with a mailbox on real servers, and books."""
    connections = CONNECTIONS.format(imap=post.imap_port, smtp=post.server.port, user=USER)
    files = {
        ".env": f"MAIL_PASSWORD={PASSWORD}\n",
        "vendors.csv": VENDORS,
        "office.yaml": OFFICE.replace("Muster GmbH", COMPANY["name"]),
    }
    made = make_desk(tmp_path, connections=connections, flows={"mails": FLOW}, files=files)
    yield made
    made.runtime.close()


def letter(number: str = "one", text: str = "Where is my order?", answers: str = "", invoice: bytes = b"") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"Karla Behrens <karla@{'wellpappe-nord' if invoice else 'kunde'}.example>"
    mail["To"], mail["Subject"], mail["Message-ID"] = USER, f"Letter {number}", f"<{number}@kunde.example>"
    if answers:
        mail["In-Reply-To"] = answers  # nothing else, as some phones do
    mail.set_content(text)
    if invoice:
        mail.add_attachment(invoice, maintype="application", subtype="xml", filename="invoice.xml")
    return mail


def arrive(desk: Desk, post: Post, *mails: EmailMessage) -> list[int]:
    """Mails come in and a pass runs: the cards that there are now."""
    for mail in mails:
        post.put(mail)
    intake(desk.runtime, "mails", Tally())
    work(desk.runtime)
    return [r.id for r in desk.rows() if r.state == "proposed"]


def later(desk: Desk) -> None:
    """The undo window passes, and a pass runs."""
    with desk.runtime.database.write() as connection:
        approved = tables.actions.c.state == "approved"
        connection.execute(tables.actions.update().where(approved).values(not_before=utcnow() - timedelta(seconds=1)))
    work(desk.runtime)


def postings(desk: Desk) -> list[dict[str, str]]:
    """The rows in the files for DATEV."""
    files = sorted((desk.runtime.data_dir / "books").glob("EXTF_*.csv"))
    return [row for f in files for row in read(f.read_bytes()).rows]


def test_approve_and_the_reply_leaves_once_the_window_has_passed(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    work(desk.runtime)
    assert post.sent == []  # the window is open
    later(desk)
    later(desk)
    (mail,) = post.sent
    assert (mail["To"], mail["In-Reply-To"]) == ("karla@kunde.example", "<one@kunde.example>")
    assert post.texts == ["We have your letter: Letter one"]
    assert post.server.taken[0].rcpt_tos == ["karla@kunde.example"]
    page.goto(f"/card/{card}")
    assert "Receipt" in page.text_content(".proposal")


def test_approve_and_the_invoice_is_in_the_file_for_datev(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter(invoice=cii(INVOICE)))
    page.goto(f"/card/{card}")
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    rows = postings(desk)
    assert [(r["Umsatz (ohne Soll/Haben-Kz)"], r["Konto"], r["Belegfeld 1"]) for r in rows] == [
        ("119,00", "3200", "RE-1/2026"),
        ("21,40", "3200", "RE-1/2026"),
    ]
    assert post.sent == []


def test_edit_and_approve_and_the_edited_text_leaves(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("e")
    page.wait_for_selector("form.edit :focus")
    page.fill(f"[name='a{card}.body']", "It left yesterday.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    assert post.texts == ["It left yesterday."]
    page.goto(f"/card/{card}")
    assert "yesterday." in " ".join(page.locator(".history ins").all_text_contents())


def test_edit_and_approve_and_the_account_in_the_file_for_datev_is_the_edited_one(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter(invoice=cii(INVOICE)))
    page.goto(f"/card/{card}?edit=1")
    page.fill(f"[name='a{card}.account']", "4930")
    page.keyboard.press("Control+Enter")
    # the postings follow from the account: they are shown before anybody approves them
    page.wait_for_selector(".toast:has-text('Your version is saved')")
    assert "4930" in page.text_content(".proposal .grid")
    page.wait_for_load_state()  # keys are heard once the script of the page has come
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    assert {r["Konto"] for r in postings(desk)} == {"4930"}


def test_an_edit_that_the_action_does_not_allow_is_not_saved_and_nothing_leaves(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}?edit=1")
    page.fill(f"[name='a{card}.body']", "   ")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("p.alert:has-text('the text is empty')")
    assert page.locator("form.edit").count() == 1
    assert desk.row(card).revision == 1
    later(desk)
    assert post.sent == []


def test_reject_and_nothing_leaves(desk: Desk, page: Any, post: Post):
    reply, posting = arrive(desk, post, letter(), letter("two", invoice=cii(INVOICE)))
    page.goto(f"/card/{reply}")
    page.keyboard.press("r")
    page.keyboard.press("Enter")  # the first of the usual reasons
    page.wait_for_url(f"**/card/{posting}*")
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty")
    later(desk)
    assert [desk.row(i).state for i in (reply, posting)] == ["rejected", "rejected"]
    assert post.sent == []
    assert postings(desk) == []


def test_ask_back_and_the_question_leaves_and_the_answer_brings_the_card_back(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("f")
    page.wait_for_selector("form.edit textarea:focus")
    page.fill("[name=body]", "Which order number, please?")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast:has-text('Asked.')")
    later(desk)
    (question,) = post.sent
    assert question["To"] == "karla@kunde.example"
    assert post.texts[0].startswith("Which order number, please?")
    page.goto("/")
    assert page.text_content("[data-count=mine]") == "0"
    assert page.text_content("[data-count=asked]") == "1"
    arrive(desk, post, letter("answer", "It is 4711.", answers=question["Message-ID"]))
    page.goto(f"/card/{card}")
    assert "A new mail has come" in page.text_content(".proposal")
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    assert (desk.row(card).state, desk.row(card).error) == ("done", None)
    assert post.texts[1:] == ["We have your letter: Letter one"]


def test_hand_over_and_only_what_the_other_approves_leaves(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("h")
    page.keyboard.type("Acc")  # the focus is on the list of groups and people
    page.keyboard.press("Tab")
    page.keyboard.type("please look at this")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast:has-text('Handed over.')")
    later(desk)
    assert post.sent == []
    petra = desk.browser("petra")
    assert "please look at this" in petra.get(f"/card/{card}").text
    petra.decide(desk.row(card), "approve")
    later(desk)
    assert len(post.sent) == 1


def test_undo_and_nothing_leaves_until_it_is_approved_again(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("a")
    page.wait_for_selector(".toast [data-countdown]")
    left = int(page.text_content("[data-countdown]"))
    assert 0 < left <= 15
    expect(page.locator("[data-countdown]")).not_to_have_text(str(left))  # it is seen to run
    page.keyboard.press("u")
    page.wait_for_url(f"**/card/{card}*")
    later(desk)
    assert post.sent == []
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    assert len(post.sent) == 1


def test_several_at_once_and_each_leaves_once(desk: Desk, page: Any, post: Post):
    cards = arrive(desk, post, *[letter(n) for n in ("one", "two", "three")])
    page.goto("/several")
    for i in (0, 2):
        page.locator("input[name=card]").nth(i).focus()
        page.keyboard.press("x")
    page.keyboard.press("Enter")
    page.wait_for_selector(".done-note")
    later(desk)
    assert sorted(post.texts) == ["We have your letter: Letter one", "We have your letter: Letter three"]
    assert [desk.row(c).state for c in cards] == ["done", "proposed", "done"]
    with desk.runtime.database.read() as connection:
        assert len(connection.execute(tables.approvals.select()).all()) == 2


def test_reject_with_a_new_draft_and_the_new_one_can_leave_and_the_old_one_never(desk: Desk, page: Any, post: Post):
    (card,) = arrive(desk, post, letter())
    page.goto(f"/card/{card}")
    page.keyboard.press("r")
    page.check("[name=redraft]")
    page.fill("[name=reason]", "too short")
    page.press("[name=reason]", "Enter")
    page.wait_for_selector(".toast:has-text('A new draft comes')")
    later(desk)
    assert (desk.row(card).state, post.sent) == ("rejected", [])
    (new,) = [r for r in desk.rows() if r.state == "proposed"]
    page.goto(f"/card/{card}")
    page.click(f"a:has-text('Open card {new.id}')")
    page.wait_for_url(f"**/card/{new.id}")
    assert "drafted anew" not in page.text_content(".proposal")
    page.click("summary:has-text('Why it took this path')")
    assert "too short" in page.text_content(".trace")
    page.keyboard.press("a")
    page.wait_for_selector(".toast:has-text('Approved.')")
    later(desk)
    later(desk)
    assert post.texts == ["We have your letter: Letter one"]
    assert [desk.row(i).state for i in (card, new.id)] == ["rejected", "done"]
    with desk.runtime.database.read() as connection:
        assert connection.execute(tables.cases.select()).one().state == "done"
