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


@pytest.mark.browser
def test_on_a_phone_the_head_says_how_many_cards_wait(desk: Desk, opens: Any):
    desk.cards(*(str(n) for n in range(12)))
    page = opens("anna", width=360, extra_http_headers={"Accept-Language": "de"})
    page.goto("/several")
    head = page.locator(".crumbs .move")
    assert "12 " in head.text_content()
    assert head.evaluate("e => e.scrollWidth <= e.clientWidth && e.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
