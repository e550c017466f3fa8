"""An unclear case that is for somebody stands in their list, as a card does: with its due time, with deputies, and with escalation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.inbox.app import create_app
from kontorist.store import cases, tables
from tests.flows.offices import arrive, case, work
from tests.inbox.desks import FLOWS, Browser, Desk, make_desk
from tests.inbox.test_api import Program
from tests.postgres import Postgres

QUOTE = """
    title: Quotes
    steps:
      - ask: "Please send a quote for {{ file.text }}."
        by: service
        due: 2d
        escalate: petra
"""
SECRET = """
    visible_to: [accounting]
    steps: [{ask: "Please look at {{ file.text }}.", by: anna}]
"""
PETRAS = """
    steps: [{ask: "Please call back {{ file.text }}.", by: petra}]
"""
OPEN = """
    steps: [{ask: "Who takes {{ file.text }}?"}]
"""
SORT = FLOWS["sort"].replace("steps:", "unclear: {by: [accounting], due: 4h}\n        steps:", 1)
ASKING = {**FLOWS, "quote": QUOTE, "secret": SECRET, "petras": PETRAS, "open": OPEN, "sort": SORT}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office whose questions are for somebody."""
    made = make_desk(tmp_path, flows=ASKING)
    yield made
    made.runtime.close()


def ask(desk: Desk, *texts: str, flow: str = "quote", late: bool = False) -> list[int]:
    """A question for each text; the cases."""
    ids = arrive(desk.runtime, flow, *texts)
    work(desk.runtime)
    assert {case(desk.runtime, i).state for i in ids} == {"unclear"}
    if late:
        overdue(desk, *ids)
    return ids


def overdue(desk: Desk, *ids: int) -> None:
    """These should have been answered an hour ago."""
    due = utcnow() - timedelta(hours=1)
    with desk.runtime.database.write() as connection:
        for found in cases.load(connection, ids):
            changed = {"question": {**found.question, "due": due}, "due": due}
            connection.execute(update(tables.cases).where(tables.cases.c.id == found.id).values(changed))


def listed(browser: Browser, path: str) -> list[int]:
    """The cases on a list, in order."""
    return [int(n) for n in re.findall(r'href="/case/(\d+)" data-row', browser.get(path).text)]


def test_a_question_stands_with_those_it_is_for_and_nowhere_else(desk: Desk):
    (number,) = ask(desk, "tape")
    anna, petra, karl = desk.browser("anna"), desk.browser("petra"), desk.browser("karl")
    assert {tab: listed(anna, f"/?tab={tab}") for tab in ("mine", "others", "unclear", "asked")} == {
        "mine": [number], "others": [], "unclear": [], "asked": [],
    }  # fmt: skip
    assert listed(petra, "/") == listed(petra, "/?tab=unclear") == []
    assert listed(petra, "/?tab=others") == [number]
    assert "Service team" in petra.get("/?tab=others").text
    assert listed(karl, "/?tab=others") == [number], "auditors decide nothing"
    assert (anna.get("/counts").json()["mine"], anna.get("/counts").json()["unclear"]) == (1, 0)
    assert (petra.get("/counts").json()["others"], petra.get("/counts").json()["unclear"]) == (1, 0)


def test_a_question_to_nobody_stays_where_everybody_finds_it(desk: Desk):
    (number,) = ask(desk, "boxes", flow="open")
    for name in ("anna", "petra"):
        assert listed(desk.browser(name), "/?tab=unclear") == [number]
        assert listed(desk.browser(name), "/") == []
    assert desk.browser("petra").post(f"/case/{number}/close", reason="done").status_code == 200
    assert case(desk.runtime, number).state == "closed"


def test_a_question_of_an_older_version_is_answered_by_anybody(desk: Desk):
    (number,) = ask(desk, "x", flow="open")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(question={"kind": "look", "text": "Look"}))
    page = desk.browser("petra").get(f"/case/{number}").text
    assert f'action="/case/{number}/close"' in page
    assert "overdue" not in page


def test_only_those_whom_it_is_for_answer_close_retry_or_ask_back(desk: Desk):
    (number,) = ask(desk, "We order, or complain", flow="sort")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    page = anna.get(f"/case/{number}").text
    assert "This is for others to decide; you can read it." in page
    assert f'action="/case/{number}' not in page
    for what, fields in (
        ("answer", {"path": "topic", "choice": "order"}),
        ("close", {"reason": "mine"}),
        ("retry", {}),
        ("question", {"path": "topic", "body": "What do you mean?"}),
    ):
        assert anna.post(f"/case/{number}/{what}", **fields).status_code == 403, what
    assert case(desk.runtime, number).state == "unclear"
    assert ole.post(f"/case/{number}/answer", path="topic", choice="order").status_code == 200
    assert case(desk.runtime, number).state == "runnable"


def test_the_page_says_whom_it_is_for_and_until_when(desk: Desk):
    (number,) = ask(desk, "tape")
    browser = desk.browser("anna")
    page = " ".join(browser.get(f"/case/{number}").text.replace("&nbsp;", " ").split())
    assert re.search(r"for Service team ?· due [^<]+ ?· after that also for Petra", page)
    overdue(desk, number)
    browser.post("/language", language="de", to="/")
    page = " ".join(browser.get(f"/case/{number}").text.replace("&nbsp;", " ").split())
    assert re.search(r'für Service team ?· <span class="late">überfällig seit [^<]+</span> ?· jetzt auch für Petra', page)


def test_what_is_overdue_says_so_and_comes_first(desk: Desk):
    second, first, third = ask(desk, "tape", "boxes", "film")
    overdue(desk, first)
    page = desk.browser("anna").get("/").text
    assert listed(desk.browser("anna"), "/") == [first, second, third]
    assert re.search(r'class="due late">overdue <time', page)
    assert re.search(r'class="due">due <time', page)


def test_an_overdue_question_escalates(desk: Desk):
    (number,) = ask(desk, "tape")
    petra = desk.browser("petra")
    assert petra.post(f"/case/{number}/close", reason="done").status_code == 403
    overdue(desk, number)
    assert listed(petra, "/") == [number]
    assert listed(desk.browser("anna"), "/") == [number], "it stays theirs, too"
    assert petra.post(f"/case/{number}/close", reason="done").status_code == 200
    assert case(desk.runtime, number).state == "closed"


def test_a_deputy_answers_for_who_is_away(desk: Desk):
    (number,) = ask(desk, "tape")
    days = [(utcnow() + timedelta(days=n)).date().isoformat() for n in (-1, 1)]
    desk.runtime.office.settings.people["jens"].away = ["..".join(days)]
    desk.app = create_app(desk.runtime.office, desk.runtime.database)
    petra = desk.browser("petra")
    assert listed(petra, "/") == [number]
    assert "as deputy" in petra.get("/").text
    assert "as deputy" not in desk.browser("anna").get("/").text
    assert petra.post(f"/case/{number}/close", reason="done").status_code == 200


def test_whoever_is_asked_sees_a_case_of_a_flow_that_is_hidden_from_them(desk: Desk):
    (number,) = ask(desk, "the books", flow="secret")
    anna, jens = desk.browser("anna"), desk.browser("jens")
    assert listed(anna, "/") == [number]
    assert anna.get("/counts").json()["mine"] == 1
    assert anna.get(f"/case/{number}").status_code == 200
    assert jens.get(f"/case/{number}").status_code == 404
    assert listed(jens, "/?tab=others") == []
    assert anna.post(f"/case/{number}/close", reason="done").status_code == 200


def test_one_question_leads_to_the_next_on_the_same_list(desk: Desk):
    first, second, third = ask(desk, "a", "b", "c")
    ask(desk, "d", flow="petras")
    ask(desk, "e", flow="open")
    overdue(desk, third)
    browser = desk.browser("anna")
    for here, after in ((third, f"/case/{first}"), (first, f"/case/{second}"), (second, "/?tab=mine")):
        browser.client.follow_redirects = False
        where = browser.post(f"/case/{here}/close", reason="done").headers["location"]
        assert where.startswith(after)


def test_cards_and_questions_share_a_list_and_its_search_and_filter(desk: Desk):
    row = desk.card("tape again")
    first, second = ask(desk, "tape", "boxes", late=True)
    browser = desk.browser("anna")
    page = browser.get("/").text
    assert f'href="/card/{row.id}"' in page
    assert "2 unclear cases below" in page
    assert "2 overdue" in page
    assert browser.get("/counts").json()["mine"] == 3
    assert listed(browser, "/?q=boxes") == [second]
    assert browser.get("/counts?q=tape").json()["mine"] == 2
    assert listed(browser, "/?flow=keep") == listed(browser, "/?risk=stop") == []
    assert listed(browser, "/?flow=quote&sort=new") == [second, first]


def test_who_has_only_questions_is_not_told_that_nothing_waits(desk: Desk):
    ask(desk, "tape")
    assert "Nothing waits for you" not in desk.browser("anna").get("/").text
    page = desk.browser("petra").get("/").text
    assert "Nothing waits for you" in page
    assert "With others: 1" in page
    assert "Nothing waits for others" not in desk.browser("petra").get("/?tab=others").text


def test_a_question_that_was_asked_back_rests_and_comes_again_to_the_same_people(desk: Desk):
    (number,) = ask(desk, "tape")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(not_before=utcnow() + timedelta(days=7)))
    anna = desk.browser("anna")
    assert (listed(anna, "/"), listed(anna, "/?tab=asked")) == ([], [number])
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(not_before=None))
    assert listed(anna, "/") == [number]


def test_more_questions_than_a_page_holds_are_all_reached_and_counted(desk: Desk):
    ids = ask(desk, *map(str, range(130)))
    overdue(desk, *ids[:101])
    browser = desk.browser("anna")
    assert [*listed(browser, "/"), *listed(browser, "/?skip=100")] == [*ids[:101], *ids[101:]]
    desk.card()
    page = browser.get("/").text
    assert "130 unclear cases below" in page
    assert "101 overdue" in page


def test_programs_see_whom_a_question_is_for(desk: Desk):
    mine, other = ask(desk, "tape") + ask(desk, "boxes", flow="petras")
    anna = Program(desk, "anna")
    assert {k: anna.get("/counts").json()[k] for k in ("mine", "unclear", "unclear_mine", "unclear_others")} == {
        "mine": 0, "unclear": 2, "unclear_mine": 1, "unclear_others": 1,
    }  # fmt: skip
    (line,) = anna.get("/cases", mine=True).json()["cases"]
    assert (line["id"], line["by"], line["escalate"], line["overdue"]) == (mine, ["service"], "petra", False)
    assert line["due"]
    body = anna.get(f"/cases/{other}").json()
    assert (body["may"], body["by"], body["question"]["by"]) == (False, ["petra"], ["petra"])
    assert anna.post(f"/cases/{other}/close", reason="done").status_code == 403
    assert anna.post(f"/cases/{mine}/close", reason="done").status_code == 200


def test_the_same_on_postgresql(tmp_path: Path, postgres: Postgres):
    desk = make_desk(tmp_path, flows=ASKING, url=postgres.new_database())
    (number,) = ask(desk, "tape")
    (hidden,) = ask(desk, "books", flow="secret")
    anna, petra, ole = desk.browser("anna"), desk.browser("petra"), desk.browser("ole")
    assert set(listed(anna, "/")) == {number, hidden}
    assert (listed(petra, "/"), set(listed(petra, "/?tab=others"))) == ([], {number, hidden})
    assert ole.get("/counts").json() == {"mine": 1, "others": 1, "asked": 0, "unclear": 0, "failed": 0}
    assert listed(anna, "/?q=tape") == [number]
    overdue(desk, number)
    assert listed(petra, "/") == [number]
    assert petra.post(f"/case/{number}/close", reason="done").status_code == 200
    desk.runtime.close()


@pytest.mark.browser
def test_a_question_is_found_read_and_closed_by_keyboard(desk: Desk, page: Any):
    desk.cards("a letter")
    late, other = ask(desk, "tape", "boxes")
    overdue(desk, late)
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/case/{late}")
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/case/{other}*")
    assert case(desk.runtime, late).state == "closed"
    assert page.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_eighty_questions_fit_on_a_desk_and_on_a_phone(desk: Desk, opens: Any, width: int):
    desk.cards(*(f"letter {i}" for i in range(5)))
    ids = ask(desk, *(f"{i} rolls of tape and as many cardboard boxes with our name on them" for i in range(80)))
    overdue(desk, *ids[:3])
    page = opens("anna", width=width)
    page.goto("/")
    assert page.locator(".late time:visible").count() == 3
    for path in ("/", f"/case/{ids[0]}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
