"""A clerk's morning in a real browser: thirty cards by keyboard alone, and by touch on a phone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.inbox.conftest import Opens
from tests.inbox.desks import Desk

pytestmark = pytest.mark.browser
THINK = 4.0
"""Seconds a clerk thinks about a card; counted, not waited for."""
_WATCH = "for (const kind of ['mousedown', 'pointerdown', 'touchstart']) addEventListener(kind, () => sessionStorage.setItem('pointer', kind), true)"


def _decide(page: Any, desk: Desk, number: int) -> str:
    """Decide the card before us by keys, as a clerk would; says how."""
    if number % 10 == 3:
        page.keyboard.press("e")
        page.wait_for_selector("form.edit :focus")
        page.keyboard.press("Tab")  # from the name of the file to what stands in it
        page.keyboard.type("Dear customer")
        page.keyboard.press("Control+Enter")
        return "edited"
    if number % 10 == 6:
        page.keyboard.press("r")
        page.keyboard.press("Enter")  # the first of the usual reasons has the focus
        return "rejected"
    page.keyboard.press("a")
    return "approved"


def test_thirty_cards_by_keyboard_alone_in_three_minutes(desk: Desk, page: Any):
    rows = desk.cards(*[f"letter {i}" for i in range(30)])
    page.add_init_script(_WATCH)
    page.goto("/")
    page.evaluate("sessionStorage.removeItem('pointer')")
    started = time.monotonic()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    for i, row in enumerate(rows):
        page.wait_for_url(f"**/card/{row.id}*")
        how = _decide(page, desk, i)
        if i < 29:
            page.wait_for_url(f"**/card/{rows[i + 1].id}*")
            said = page.text_content(".toast")
            assert ("Rejected." if how == "rejected" else "Approved.") in said
    page.wait_for_selector(".empty")
    worked = time.monotonic() - started
    states = [desk.row(r.id).state for r in rows]
    assert (states.count("approved"), states.count("rejected")) == (27, 3)
    assert desk.row(rows[3].id).data["content"] == "Dear customer"
    assert page.evaluate("sessionStorage.getItem('pointer')") is None
    assert worked + 30 * THINK < 180, f"{worked:.1f} s without thinking"
    assert page.complaints == []


def test_thirty_cards_by_touch_on_a_phone_in_three_minutes(desk: Desk, opens: Opens):
    rows = desk.cards(*[f"letter {i}" for i in range(30)])
    phone = opens("anna", width=390, height=844, has_touch=True, is_mobile=True)
    phone.add_init_script("addEventListener('keydown', () => sessionStorage.setItem('key', 'yes'), true)")
    phone.goto("/")
    started = time.monotonic()
    phone.tap("[data-row] >> nth=0")
    for i, row in enumerate(rows):
        phone.wait_for_url(f"**/card/{row.id}*")
        if i % 10 == 6:
            phone.tap("summary:has-text('Reject')")
            phone.tap(".drop[open] button[name=usual] >> nth=0")
        else:
            phone.tap(".approve .primary")
    phone.wait_for_selector(".empty")
    worked = time.monotonic() - started
    states = [desk.row(r.id).state for r in rows]
    assert (states.count("approved"), states.count("rejected")) == (27, 3)
    assert phone.evaluate("sessionStorage.getItem('key')") is None
    assert worked + 30 * THINK < 180, f"{worked:.1f} s without thinking"
    assert phone.complaints == []


def test_two_people_at_one_card_see_each_other(desk: Desk, page: Any):
    row, note = desk.card(), desk.rows()[-1]
    ole = desk.browser("ole")
    seen = {"csrf": ole.csrf(), "shown": [f"{r.id}:{r.revision}:{r.sha256}" for r in (row, note)]}
    assert ole.client.post(f"/card/{row.id}/here", data=seen).json() == {"others": [], "changed": False}
    page.goto(f"/card/{row.id}")
    assert page.text_content(".looking b") == "Ole"
    assert ole.client.post(f"/card/{row.id}/here", data=seen).json()["others"] == ["Anna"]


def test_a_card_that_somebody_else_decided_says_so_and_does_nothing(desk: Desk, page: Any):
    row = desk.card()
    page.goto(f"/card/{row.id}")
    desk.browser("ole").decide(row, "reject", reason="wrong customer")
    page.evaluate("here()")
    page.wait_for_selector(".changed:not([hidden])")
    page.keyboard.press("a")
    page.wait_for_selector("p.alert[role=alert]:has-text('Ole has rejected this already')")
    assert desk.row(row.id).state == "rejected"


def test_a_form_with_an_old_version_shows_the_new_one_and_does_nothing(desk: Desk, page: Any):
    row = desk.card("first wording")
    page.goto(f"/card/{row.id}")
    desk.browser("ole").decide(row, "edit", save="1", **_fields(desk, row.id, "second wording"))
    page.keyboard.press("a")
    page.wait_for_selector("p.alert[role=alert]:has-text('Nothing was done')")
    assert "second wording" in page.text_content(".proposal")
    assert desk.row(row.id).state == "proposed"


def _fields(desk: Desk, number: int, text: str) -> dict[str, str]:
    return {f"a{number}.name": "0.txt", f"a{number}.name.is": "line", f"a{number}.content": text, f"a{number}.content.is": "text"}


def test_counts_on_a_list_that_stays_open_follow_what_others_do(desk: Desk, page: Any):
    first, _second = desk.cards("one", "two")
    page.goto("/")
    assert page.text_content("[data-count=mine]") == "2"
    desk.browser("ole").decide(first, "reject", reason="no")
    page.evaluate("count()")
    page.wait_for_function("document.querySelector('[data-count=mine]').textContent === '1'")
