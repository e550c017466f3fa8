"""Several at once: what is alike and harmless, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kontorist.store import tables
from tests.inbox.desks import Browser, Desk
from tests.inbox.test_list import set_columns


def marks(browser: Browser) -> list[str]:
    return re.findall(r'name="of" value="([^"]+)"', browser.get("/several").text)


def offered(browser: Browser) -> list[int]:
    return [int(n) for n in re.findall(r'name="card" value="(\d+)" aria', browser.get("/several").text)]


def approve(browser: Browser, *numbers: int, of: list[str] | None = None) -> str:
    return browser.post("/several/approve", card=[str(n) for n in numbers], of=marks(browser) if of is None else of).text


def test_three_alike_are_approved_with_three_records(desk: Desk):
    rows = desk.cards("one", "two", "three")
    anna = desk.browser("anna")
    assert offered(anna) == [r.id for r in rows]
    assert "3 cards approved." in approve(anna, *offered(anna))
    assert [desk.row(r.id).state for r in rows] == ["approved"] * 3
    with desk.runtime.database.read() as connection:
        records = connection.execute(tables.approvals.select()).all()
    assert len(records) == 6  # each card has two actions
    assert all(r.sha256 == desk.row(r.action_id).sha256 for r in records)


def test_only_what_is_ticked(desk: Desk):
    first, second, third = desk.cards("one", "two", "three")
    approve(desk.browser("anna"), first.id, third.id)
    assert [desk.row(r.id).state for r in (first, second, third)] == ["approved", "proposed", "approved"]


def test_nothing_ticked_is_said_on_the_same_page(desk: Desk):
    rows = desk.cards("one", "two")
    answer = desk.browser("anna").post("/several/approve", of=[])
    assert answer.status_code == 200
    assert "Tick the cards that you have looked at." in answer.text
    assert [desk.row(r.id).state for r in rows] == ["proposed"] * 2


def test_what_warns_or_needs_two_or_is_dear_is_never_among_them(desk: Desk):
    one, two, warned, eyes, dear = (r.id for r in desk.cards("1", "2", "3", "4", "5"))
    anna = desk.browser("anna")
    before = marks(anna)
    set_columns(desk, warned, risk=1, warnings=[{"code": "x", "text": "Look", "stop": False}])
    set_columns(desk, eyes, eyes=2, rule={"by": ["service"], "count": 2})
    set_columns(desk, dear, amount=1000.01, payload=b'{"amount":"1000.01"}')
    assert offered(anna) == [one, two]
    answer = approve(anna, warned, eyes, dear, of=before)  # a form sent by hand
    assert "3 had changed and were left." in answer
    assert {desk.row(n).state for n in (warned, eyes, dear)} == {"proposed"}


def test_one_that_changed_meanwhile_is_left_and_the_others_are_approved(desk: Desk):
    first, second = desk.cards("one", "two")
    anna = desk.browser("anna")
    before = marks(anna)
    desk.browser("ole").decide(first, "reject", reason="no")
    assert "1 card approved." in approve(anna, first.id, second.id, of=before)
    assert (desk.row(first.id).state, desk.row(second.id).state) == ("rejected", "approved")


def test_what_was_not_shown_is_not_approved(desk: Desk):
    first, second = desk.cards("one", "two")
    anna = desk.browser("anna")
    assert anna.post("/several/approve", card=[str(first.id)], of=[]).status_code == 409
    wrong = [m.replace(f"{first.id}:{first.id}:1", f"{first.id}:{second.id}:1") for m in marks(anna)]
    approve(anna, first.id, of=wrong)
    assert desk.row(first.id).state == "proposed"


def test_all_of_them_are_undone_by_one_button(desk: Desk):
    rows = desk.cards("one", "two")
    anna = desk.browser("anna")
    approve(anna, *[r.id for r in rows])
    anna.post("/several/take-back", card=[str(r.id) for r in rows])
    assert [desk.row(r.id).state for r in rows] == ["proposed"] * 2


def test_auditors_and_other_groups_approve_nothing_together(desk: Desk):
    rows = desk.cards("one", "two")
    of = marks(desk.browser("anna"))
    assert desk.browser("karl").post("/several/approve", card=[str(rows[0].id)], of=of).status_code == 403
    desk.browser("petra").post("/several/approve", card=[str(rows[0].id)], of=of)
    assert desk.row(rows[0].id).state == "proposed"


def test_the_table_shows_what_differs_and_says_once_what_is_the_same(desk: Desk):
    desk.cards("one", "two")
    page = desk.browser("anna").get("/several").text
    assert re.search(r"<td data-label=\"Content\">one</td>", page)
    assert re.search(r"<td data-label=\"Content\">two</td>", page)


def test_a_letter_can_be_read_to_its_end_and_every_action_is_named(desk: Desk):
    letter = "Dear customer,\n\nthank you for your message.\n\n" + "We look into it. " * 40 + "\n\nDelivery is on 26 November."
    rows = [desk.mail_card({"subject": f"Order {n}"}, payload={"name": f"{n}.txt", "content": f"{letter} {n}"}) for n in (1, 2)]
    page = desk.browser("anna").get("/several").text
    assert page.count("Delivery is on 26 November.") == len(rows)
    assert re.search(r"<details><summary>Dear customer, thank you", page)
    assert "<b>Order 1</b>" in page  # the sentence is the same on both: only the mail tells them apart
    assert page.count(rows[0].sentence) >= 2


def test_numbers_and_days_are_written_as_on_the_card(desk: Desk):
    for n in (1, 2):
        entry = {"counterparty": "Nordwind Versand GmbH", "amount": f"14{n}.00", "booking_date": "2026-11-20", "currency": "EUR"}
        items = [{"number": f"R26-310{n}", "open": f"14{n}.00", "discount": "4.47"}]
        desk.mail_card({"subject": "Payment"}, payload={"entry": entry, "items": items, "party": f"1000{n}"})
    anna = desk.browser("anna")
    anna.client.cookies.set("kontorist_language", "de")
    page = anna.get("/several").text
    assert ">Nordwind Versand GmbH · 20.11.2026 · 141,00\xa0€</td>" in page
    assert ">R26-3101 · 141,00\xa0€</td>" in page
    assert "4,47" in page
    assert not re.search(r"141\.00|4\.47|2026-11-20", page)


@pytest.mark.browser
def test_on_a_phone_the_head_says_how_many_cards_wait(desk: Desk, opens: Any):
    desk.cards(*(str(n) for n in range(12)))
    page = opens("anna", width=360, extra_http_headers={"Accept-Language": "de"})
    page.goto("/several")
    head = page.locator(".crumbs .move")
    assert "12 " in head.text_content()
    assert head.evaluate("e => e.scrollWidth <= e.clientWidth && e.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
def test_no_word_is_broken_and_the_whole_letter_opens_without_a_script(desk: Desk, opens: Any):
    for n in (1, 2):
        payload = {"account": f"498{n}", "vendor": f"7000{n}", "vendor_name": f"Hosting Havenweg {n} GmbH", "cost_center": f"20{n}",
                   "text": f"Hosting HH-8821{n}", "body": "Dear customer,\n" + "a long letter " * 40}  # fmt: skip
        desk.mail_card({"subject": "Invoice"}, payload=payload)
    page = opens("anna", width=1366)
    page.goto("/several")
    for text in ("Creditor", "4981", "70001", "201"):
        cell = page.get_by_text(text, exact=True).first
        assert (
            cell.evaluate("e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length }")
            == 1
        )
    assert page.locator(".several .wide").first.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.locator(".covers summary").first.click()
    assert page.locator(".covers .long").first.is_visible()
