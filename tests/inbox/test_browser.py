"""The inbox in a real browser: a morning's work by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest

from connectors._saving import SaveFile
from kontorist.core.clock import utcnow
from kontorist.store import tables
from tests.inbox.desks import Desk

pytestmark = pytest.mark.browser


def test_three_cards_by_keyboard_alone(desk: Desk, page: Any):
    first, second, third = desk.cards("first letter", "second letter", "third letter")
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/card/{first.id}")
    page.keyboard.press("a")
    page.wait_for_url(f"**/card/{second.id}*")
    assert "Approved." in page.text_content(".toast")

    page.keyboard.press("e")
    page.wait_for_url("**edit=1*")
    page.fill(f"[name='a{second.id}.content']", "a better letter")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/card/{third.id}*")

    page.keyboard.press("r")
    page.keyboard.press("Enter")  # the first of the usual reasons has the focus
    page.wait_for_selector(".empty")

    assert [desk.row(r.id).state for r in (first, second, third)] == ["approved", "approved", "rejected"]
    assert desk.row(second.id).data["content"] == "a better letter"
    assert page.complaints == []


def test_an_approval_is_undone_by_one_key(desk: Desk, page: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SaveFile, "undo_window", 60.0)
    row, other = desk.cards("one", "two")
    page.goto(f"/card/{row.id}")
    page.keyboard.press("a")
    page.wait_for_url(f"**/card/{other.id}*")
    assert desk.row(row.id).state == "approved"
    page.keyboard.press("u")
    page.wait_for_url(f"**/card/{row.id}*")
    assert desk.row(row.id).state == "proposed"


def test_undo_after_its_time_says_that_it_is_over(desk: Desk, page: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SaveFile, "undo_window", 2.0)
    row, other = desk.cards("one", "two")
    page.goto(f"/card/{row.id}")
    page.keyboard.press("a")
    page.wait_for_url(f"**/card/{other.id}*")
    assert not page.is_visible("#late")
    page.wait_for_selector("[data-key=u]", state="detached")
    page.keyboard.press("u")
    page.wait_for_selector("#late:has-text('There is nothing to undo any more.')")
    page.click("#late a")
    page.wait_for_url("**/?tab=done")
    assert desk.row(row.id).state == "approved"
    assert page.complaints == []


def test_keys_mean_nothing_while_somebody_types(desk: Desk, page: Any):
    row = desk.card()
    page.goto(f"/card/{row.id}?edit=1")
    page.focus(f"[name='a{row.id}.content']")
    page.keyboard.type("raj")
    assert page.url.endswith("?edit=1")
    assert desk.row(row.id).state == "proposed"
    page.goto(f"/card/{row.id}")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("a")
    assert desk.row(row.id).state == "proposed"


def leaves(page: Any, how: Any) -> list[str]:
    """What the browser asks while somebody does this; they stay where they are."""
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    how()
    page.wait_for_timeout(300)
    page.remove_listener("dialog", answer)
    return asked


def test_what_was_typed_and_not_sent_is_not_left_without_a_question(desk: Desk, page: Any):
    row = desk.card()
    field, back = f"[name='a{row.id}.content']", ".crumbs a[data-key=l]"
    page.goto(f"/card/{row.id}?edit=1")
    page.fill(field, "a better letter")
    assert leaves(page, lambda: page.click(back, no_wait_after=True)) == ["beforeunload"]
    assert page.input_value(field) == "a better letter"
    assert leaves(page, lambda: page.click("[name=save]")) == []
    assert desk.row(row.id).data["content"] == "a better letter"

    page.goto(f"/card/{row.id}")
    page.keyboard.press("r")
    page.fill("[name=reason]", "not so")
    assert leaves(page, lambda: page.click(back, no_wait_after=True)) == ["beforeunload"]
    page.keyboard.press("r")  # the click has closed the panel
    page.fill("[name=reason]", "")
    assert leaves(page, lambda: page.click(back)) == []
    assert page.url.endswith("/")


def test_a_version_that_was_not_taken_is_not_left_without_a_question(desk: Desk, page: Any):
    row = desk.card()
    page.goto(f"/card/{row.id}?edit=1")
    page.click("[name=save]")  # nothing was changed
    assert page.is_visible("p.alert:not(.changed)")
    assert leaves(page, lambda: page.click(".crumbs a[data-key=l]", no_wait_after=True)) == ["beforeunload"]


def test_rejecting_without_a_reason_leaves_the_panel_open_and_the_field_chosen(desk: Desk, page: Any):
    row = desk.card()
    page.goto(f"/card/{row.id}")
    page.keyboard.press("r")
    page.click(".drop[open] button.danger")
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.is_visible(".drop[open] [name=reason]")
    page.click(".drop[open] [name=usual]")  # says why by itself
    page.wait_for_selector(".empty")
    assert desk.row(row.id).state == "rejected"


def test_the_html_of_a_mail_runs_nothing_and_asks_nobody(desk: Desk, page: Any, address: str):
    from connectors.base import NewDocument

    html = (
        "<script>parent.document.title='owned'</script><img src=https://evil.example/pixel.png onerror=alert(1)>"
        "<style>@import 'https://evil.example/x.css'</style><a href='https://evil.example'>click</a><p id=here>visible</p>"
    )
    body = f"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n{html}".encode()
    mail = {"subject": "x", "from": {"name": "", "address": "a@b.example"}, "text": "visible", "new_text": "visible"}
    row = desk.mail_card(mail, [NewDocument("x.eml", "message/rfc822", body)])
    page.goto(f"/card/{row.id}")
    page.click("summary:has-text('The mail as it was sent')")
    frame = page.frame_locator("iframe.cage")
    assert frame.locator("p").text_content() == "visible"
    frame.locator("a").click()
    page.wait_for_timeout(300)
    assert "owned" not in page.title()
    assert [url for url in page.requests if not url.startswith(address)] == []


def test_a_value_and_its_evidence_point_at_each_other(desk: Desk, page: Any):
    row = desk.card("Order 4711 please")
    found_in_text(desk, row.case_id, "Order 4711 please", order_number="4711")
    page.goto(f"/card/{row.id}")
    page.click(".rests mark")
    assert page.text_content(".original mark.on") == "4711"
    page.click(".original mark")
    assert page.text_content(".rests mark.on") == "4711"


def test_on_a_phone_the_names_of_values_are_words_and_not_letters_below_each_other(desk: Desk, page: Any):
    text = "Bestellung 4711 von somebody.with.a.long.name@a-company-of-ours.example"
    row = desk.card(text)
    found_in_text(desk, row.case_id, text, order_number="4711", customer_email=text.rsplit(maxsplit=1)[-1])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/card/{row.id}")
    names = page.evaluate("[...document.querySelectorAll('.inner th[scope=row]')].map(e => [e.innerText, e.clientWidth])")
    assert names
    assert [n for n in names if n[1] < 80] == []


def test_on_a_phone_a_line_of_the_list_says_what_a_mail_is_about_behind_a_long_address(desk: Desk, page: Any):
    mail = {"subject": "Status", "from": {"name": "Aino", "address": "aino@polar.example"}, "text": "?", "new_text": "?"}
    desk.mail_card(
        mail,
        sentence="Replies to aino.virtanen@polaroutfitters-helsinki.example: “Re: Missing items from FD-2218, your order 47026”.",
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    said = page.locator(".row .what").first
    assert said.evaluate("e => e.scrollHeight - e.clientHeight") <= 0


def test_on_a_phone_a_link_leads_down_to_the_original_and_back(desk: Desk, page: Any):
    page.goto(f"/card/{desk.card().id}")
    assert not page.is_visible(".jump >> nth=0")  # it stands beside the proposal
    page.set_viewport_size({"width": 390, "height": 500})
    page.click(".proposal .jump a")
    assert page.locator(".original").bounding_box()["y"] < 500
    page.click(".original .jump a")
    assert page.locator(".proposal").bounding_box()["y"] >= 0


def test_on_a_phone_the_name_of_a_file_and_its_download_do_not_overlap(desk: Desk, page: Any):
    from connectors.base import NewDocument

    mail = {"subject": "Invoice", "from": {"name": "Ann", "address": "ann@a.example"}, "text": "Here", "new_text": "Here"}
    row = desk.mail_card(mail, [NewDocument("Rechnung_FU-900127_November.pdf", "application/pdf", b"%PDF-1.4", "attachment")])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/card/{row.id}")
    page.click(".original details summary")
    name, get = (page.locator(f".original details {part}").first.bounding_box() for part in ("summary", ".get"))
    assert get["y"] >= name["y"] + name["height"]


def test_on_a_phone_nothing_hangs_over_the_edge(desk: Desk, page: Any):
    row = desk.card("x" * 300)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", f"/card/{row.id}", f"/card/{row.id}?edit=1", f"/case/{row.case_id}", "/?tab=done"):
        page.goto(path)
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 390).map(e => e.outerHTML.slice(0, 90))"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, (path, page.evaluate(wide))
    page.goto(f"/card/{row.id}")
    box = page.locator(".approve .primary").bounding_box()
    assert box["y"] + box["height"] <= 844
    assert box["height"] >= 36


def test_rows_come_and_go_by_themselves_and_the_chosen_one_stays_chosen(desk: Desk, page: Any):
    first, second, third = desk.cards("one", "two", "three")
    page.goto("/")
    for _ in range(2):
        page.keyboard.press("j")
    chosen = "document.activeElement.getAttribute('href')"
    assert page.evaluate(chosen) == f"/card/{second.id}"
    (fourth, fifth) = desk.cards("four", "five")
    desk.browser("ole").decide(first, "reject", reason="no")
    page.evaluate("count()")  # what the page does every fifteen seconds
    rows = [r.get_attribute("href") for r in page.query_selector_all("[data-row]")]
    assert rows == [f"/card/{r.id}" for r in (second, third, fourth, fifth)]
    assert page.is_visible(f"a[href='/card/{fourth.id}']")
    assert page.evaluate(chosen) == f"/card/{second.id}"
    desk.browser("ole").decide(second, "reject", reason="no")
    page.evaluate("count()")
    assert page.evaluate(chosen) == f"/card/{third.id}"
    assert page.complaints == []


def test_the_reason_for_a_rejection_looks_like_any_field(desk: Desk, page: Any):
    page.goto(f"/card/{desk.card().id}")
    page.keyboard.press("r")
    style = "getComputedStyle(document.querySelector('.drop[open] [name=reason]')).borderTopStyle"
    assert page.evaluate(style) == "solid"  # and not like the place where files are dropped


def test_enter_opens_the_first_card_where_none_is_chosen_yet(desk: Desk, page: Any) -> None:
    first, _ = desk.cards("first letter", "second letter")
    page.goto("/")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/card/{first.id}")
    page.keyboard.press("Enter")  # on a card it decides nothing
    assert desk.row(first.id).state == "proposed"
    assert page.complaints == []


def found_in_text(desk: Desk, case_id: int, text: str, **found: str) -> None:
    """A step that found these values in the text of a case."""
    evidence = {n: [{"quote": v, "part": "text", "start": (at := text.index(v)), "end": at + len(v)}] for n, v in found.items()}
    entry = {"case_id": case_id, "round": 0, "path": "-1", "seq": 90, "step": "wanted", "kind": "agent", "flow": "keep",
             "output": found, "evidence": evidence, "info": {"origins": ["document"], "confidence": 0.9},
             "model": "built-in", "ms": 1.0, "voided": False, "at": utcnow()}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**entry))
