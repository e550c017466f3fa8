"""Unclear and failed cases, and the stop button."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from kontorist.store import cases, office_state, tables
from tests.flows.offices import arrive, case, work
from tests.inbox.desks import Desk


def unclear(desk: Desk, text: str = "something odd") -> int:
    (case_id,) = arrive(desk.runtime, "sort", text)
    work(desk.runtime)
    assert case(desk.runtime, case_id).state == "unclear"
    return case_id


def test_an_unclear_case_shows_its_choices_and_goes_on_with_the_answer(desk: Desk):
    case_id = unclear(desk)
    browser = desk.browser("anna")
    page = browser.get(f"/case/{case_id}").text
    assert "somebody complains" in page
    assert f'href="/case/{case_id}"' in browser.get("/?tab=unclear").text
    browser.post(f"/case/{case_id}/answer", choice="complaint", path="topic")
    assert case(desk.runtime, case_id).journal["topic"].output["label"] == "complaint"
    assert case(desk.runtime, case_id).journal["topic"].model == "person:anna"
    work(desk.runtime)
    assert case(desk.runtime, case_id).state == "done"


def test_only_the_answers_that_were_offered_are_taken(desk: Desk):
    case_id = unclear(desk)
    browser = desk.browser("anna")
    assert browser.post(f"/case/{case_id}/answer", choice="nonsense", path="topic").status_code == 422
    assert browser.post(f"/case/{case_id}/answer", choice="order", path="another step").status_code == 409
    assert case(desk.runtime, case_id).state == "unclear"


def test_a_question_is_answered_once(desk: Desk):
    case_id = unclear(desk)
    anna, ole = desk.browser("anna"), desk.browser("ole")
    anna.post(f"/case/{case_id}/answer", choice="order", path="topic")
    assert ole.post(f"/case/{case_id}/answer", choice="complaint", path="topic").status_code == 409
    assert case(desk.runtime, case_id).journal["topic"].output["label"] == "order"


def test_missing_fields_are_filled_in_with_their_types(desk: Desk):
    case_id = unclear(desk)
    question = {"kind": "fields", "path": "topic", "step": "topic", "flow": "sort", "output": {},
                "fields": {"day": {"type": "date"}, "sum": {"type": "money"}}}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).where(tables.cases.c.id == case_id).values(question=question))
    browser = desk.browser("anna")
    assert browser.post(f"/case/{case_id}/answer", path="topic", **{"field.day": "3.11.2026"}).status_code == 422
    assert browser.post(f"/case/{case_id}/answer", path="topic", **{"field.day": "soon", "field.sum": "1"}).status_code == 422
    browser.post(f"/case/{case_id}/answer", path="topic", **{"field.day": "3.11.2026", "field.sum": "1.234,50"})
    output = case(desk.runtime, case_id).journal["topic"].output
    assert output["day"].isoformat() == "2026-11-03"
    assert str(output["sum"]["amount"]) == "1234.50"


@pytest.mark.parametrize(
    ("written", "amount"),
    [("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("1234", "1234"), ("12,5", "12.5"), ("12.50 €", "12.50"), ("1.234.567", "1234567"),
     ("1,234,567", "1234567"), ("-7,20 EUR", "-7.20"), ("−7,20", "-7.20"), ("0,125", "0.125"), ("1.234", None), ("1,234 €", None),
     ("1.2.3,4.5", None)],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it_and_never_guessed(desk: Desk, written: str, amount: str | None):
    case_id = unclear(desk)
    question = {
        "kind": "fields",
        "path": "topic",
        "step": "topic",
        "flow": "sort",
        "output": {},
        "fields": {"n": {"type": "number"}},
    }
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).where(tables.cases.c.id == case_id).values(question=question))
    answer = desk.browser("anna").post(f"/case/{case_id}/answer", path="topic", **{"field.n": written})
    if amount is None:
        assert answer.status_code == 422
        assert case(desk.runtime, case_id).state == "unclear"
    else:
        assert str(case(desk.runtime, case_id).journal["topic"].output["n"]) == amount


def test_a_failed_case_is_tried_again_or_closed_with_a_word(desk: Desk):
    first, second = unclear(desk), unclear(desk, "another odd thing")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(state="failed", error="The disk was full."))
    browser = desk.browser("anna")
    assert "The disk was full." in browser.get("/?tab=failed").text
    browser.post(f"/case/{first}/retry")
    assert case(desk.runtime, first).state == "runnable"
    assert browser.post(f"/case/{second}/close").status_code == 422
    assert case(desk.runtime, second).state == "failed"
    browser.post(f"/case/{second}/close", usual="Done by hand")
    assert case(desk.runtime, second).state == "closed"


def test_a_case_whose_proposal_is_for_others_is_not_closed(desk: Desk):
    row = desk.card()
    assert desk.browser("petra").post(f"/case/{row.case_id}/close", reason="mine").status_code == 403
    assert desk.row(row.id).state == "proposed"
    desk.browser("anna").post(f"/case/{row.case_id}/close", reason="mine")
    assert desk.row(row.id).state == "withdrawn"


def test_the_stop_button_is_for_admins_and_holds_everything_back(desk: Desk):
    row = desk.card()
    assert desk.browser("anna").get("/admin").status_code == 403
    assert desk.browser("anna").post("/admin/stops", office="1").status_code == 403
    petra = desk.browser("petra")
    petra.post("/admin/stops", office="1", flow="keep", connection="nonsense")
    with desk.runtime.database.read() as connection:
        stops = office_state.stops(connection)
    assert (stops.office, list(stops.flows), list(stops.connections)) == (True, ["keep"], [])
    anna = desk.browser("anna")
    assert "Stopped:" in anna.get("/").text
    anna.decide(row, "approve")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.actions).values(not_before=None))
    work(desk.runtime)
    assert desk.row(row.id).state == "approved"
    petra.post("/admin/stops")
    work(desk.runtime)
    assert desk.row(row.id).state == "done"


def test_a_page_that_is_not_there_says_so(desk: Desk):
    browser = desk.browser("anna")
    for path in ("/card/999", "/case/999", "/case/1/document/5", "/nothing"):
        assert browser.get(path).status_code == 404, path


def test_the_search_finds_sender_words_and_number(desk: Desk):
    first, second = desk.cards("cardboard 100% boxes", "tape")
    browser = desk.browser("anna")
    assert f"/card/{first.id}" in browser.get("/?q=cardboard").text
    assert f"/card/{second.id}" not in browser.get("/?q=cardboard").text
    assert f"/card/{first.id}" not in browser.get("/?q=cardboard+tape").text
    assert f"/card/{second.id}" not in browser.get("/?q=100%25").text
    assert f"/card/{second.id}" in browser.get(f"/?q=%23{second.id}").text
    with desk.runtime.database.read() as connection:
        assert cases.find(connection, state="waiting")
