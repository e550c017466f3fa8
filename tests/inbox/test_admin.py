"""Administration: what an office manager sees and does, and what auditors only see."""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from flows.advance import Tally
from flows.again import process_again
from flows.intake import intake
from kontorist.core.clock import utcnow
from kontorist.inbox.app import create_app
from kontorist.store import office_state, tables
from kontorist.store.health import cause
from kontorist.store.model_calls import Memory
from tests.inbox.desks import Desk, make_desk

PAGES = (
    "/admin",
    "/admin/figures",
    "/admin/flows",
    "/admin/flows/keep",
    "/admin/connections",
    "/admin/ledger",
    "/admin/stuck",
    "/admin/models",
    "/admin/people",
    "/admin/audit",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_for_admins_and_auditors_in_both_languages(desk: Desk, path: str):
    desk.cards("hello", "good day")
    assert desk.browser("anna").get(path).status_code == 403
    assert desk.browser("karl").get(path).status_code == 200
    petra = desk.browser("petra")
    assert petra.get(path).status_code == 200
    german = petra.client.get(path, headers={"accept-language": "de"})
    assert 'lang="de"' in german.text
    assert "Überblick" in german.text


def test_an_auditor_has_no_button_there_and_no_form_of_theirs_is_taken(desk: Desk):
    desk.cards("hello")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(state="failed", error="away"))
    karl, before = desk.browser("karl"), desk.snapshot()
    for path in PAGES:
        assert not re.search(r'<form method="post" action="/admin/(?!stops)', karl.get(path).text), path
    assert karl.get("/admin").text.count("<fieldset") == len(re.findall(r"<fieldset[^>]*disabled", karl.get("/admin").text)) == 3
    for path in (
        "/admin/stops",
        "/admin/stuck/1/retry",
        "/admin/ledger/1/again",
        "/admin/people/anna/disable",
        "/admin/people/anna/end-sessions",
    ):
        assert karl.post(path).status_code == 403, path
    assert desk.snapshot() == before


def test_what_came_is_found_and_processed_again_as_a_new_case(desk: Desk):
    row = desk.card("hello")
    desk.app = create_app(
        desk.runtime.office, desk.runtime.database, again=lambda case, who: process_again(desk.runtime, case, who)
    )
    petra = desk.browser("petra")
    assert "File 0" in petra.get("/admin/ledger?q=file").text
    assert "Nothing found" in petra.get("/admin/ledger?q=nowhere").text
    answer = petra.post(f"/admin/ledger/{row.case_id}/again")
    made = int(re.search(r"made=(\d+)", str(answer.url))[1])
    assert made != row.case_id
    assert "processed again" in answer.text
    (event,) = [e for e in desk.snapshot()["events"] if e[2] == "case.again"]
    assert event[3] == "petra"


def test_an_inbox_that_runs_alone_offers_no_button_to_process_again(desk: Desk):
    row = desk.card("hello")
    petra = desk.browser("petra")
    assert "/again" not in petra.get("/admin/ledger").text
    answer = petra.post(f"/admin/ledger/{row.case_id}/again")
    assert answer.status_code == 503
    assert "kontorist mail again" in answer.text


def test_all_that_is_stuck_for_one_reason_is_tried_again_with_one_button(desk: Desk):
    desk.cards("one", "two", "three")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(state="failed", error="The price list is missing."))
        connection.execute(update(tables.cases).where(tables.cases.c.id == 3).values(error="Something else."))
    petra = desk.browser("petra")
    page = petra.get("/admin/stuck").text
    assert page.count("Try all again") == 1
    assert petra.post("/admin/stuck/2/retry").status_code == 200
    with desk.runtime.database.read() as connection:
        states = dict(connection.execute(tables.cases.select().with_only_columns(tables.cases.c.id, tables.cases.c.state)).all())
    assert states == {1: "runnable", 2: "runnable", 3: "failed"}


def test_reasons_that_differ_in_their_values_only_are_one_line_with_the_newest_as_example(desk: Desk):
    desk.cards("one", "two", "three", "four")
    table = tables.cases
    told = [
        "In erp.orders steht nichts zu 47001, anna@example.org.",
        "In erp.orders steht nichts zu 47037.",
        "Kein offener Posten passt.",
        "am ehesten „Bestellung“ (31 %) oder „etwas anderes“ (9 %).",
    ]
    with desk.runtime.database.write() as connection:
        for number, error in enumerate(told, 1):
            connection.execute(update(table).where(table.c.id == number).values(state="unclear", error=error))
    page = desk.browser("petra").get("/admin/stuck").text
    assert page.count("Try all again") == 1
    assert page.count("for example:") == 1
    assert "There is nothing in erp.orders for 47037." in page
    assert "47001" not in page
    assert desk.browser("petra").post("/admin/stuck/2/retry").status_code == 200
    with desk.runtime.database.read() as connection:
        states = dict(connection.execute(table.select().with_only_columns(table.c.id, table.c.state)).all())
    assert states == {1: "runnable", 2: "runnable", 3: "unclear", 4: "unclear"}


def test_what_makes_reasons_one_cause():
    assert cause("am ehesten „Bestellung“ (31 %) oder „etwas anderes“ (9 %).") == "am ehesten … %) oder … %)."
    assert cause("PDF fehlt: 47008, 47038.") == cause("PDF fehlt: 1, 2, 3.")
    assert cause("Kein offener Posten passt.") != cause("Der Text ist leer.")


def test_the_ledger_is_red_only_where_a_case_failed(desk: Desk):
    desk.cards("one", "two", "three")
    table = tables.cases
    with desk.runtime.database.write() as connection:
        for number, state in enumerate(("failed", "unclear", "closed"), 1):
            connection.execute(update(table).where(table.c.id == number).values(state=state, error=f"It is {state}."))
    page = desk.browser("petra").get("/admin/ledger").text
    assert re.findall(r'class="under late">(It is \w+\.)', page) == ["It is failed."]
    assert page.count('class="under dim">It is') == 2


def test_a_silent_and_a_broken_connection_are_said_on_the_first_page(desk: Desk):
    with desk.runtime.database.write() as connection:
        office_state.beat(connection, "scans", "The folder is gone.")
        office_state.put(
            connection, "heartbeat.scans", {"at": utcnow(), "ok": utcnow() - timedelta(hours=2), "problem": "The folder is gone."}
        )
    petra = desk.browser("petra")
    assert "The folder is gone." in petra.get("/admin").text
    page = petra.get("/admin/connections").text
    assert "not reachable" in page
    assert re.search(r"scans is down since \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}", page)


def test_what_could_not_be_read_of_a_connection_is_said_until_it_is_gone(tmp_path: Path):
    connections = "scans: {connector: folder, path: 'data:scans', max_size: 10}\nshelf: {connector: folder, path: 'data:shelf'}"
    desk = make_desk(tmp_path, connections=connections)
    large = tmp_path / "data" / "scans" / "large.txt"
    large.parent.mkdir(parents=True)
    large.write_text("x" * 100)
    os.utime(large, (time.time() - 60, time.time() - 60))
    petra = desk.browser("petra")
    intake(desk.runtime, "keep", Tally())
    assert "large.txt: larger than" in petra.get("/admin/connections").text
    assert "something could not be read" in petra.get("/admin").text
    with desk.runtime.database.write() as connection:
        office_state.beat(connection, "scans")  # of a watcher, who reads nothing
    assert "large.txt" in petra.get("/admin/connections").text
    large.unlink()
    intake(desk.runtime, "keep", Tally())
    assert "large.txt" not in petra.get("/admin/connections").text
    desk.runtime.close()


def test_the_page_of_a_flow_shows_how_it_is_doing_its_picture_and_its_versions_in_the_readers_language(desk: Desk):
    desk.card()
    petra = desk.browser("petra")
    page = petra.get("/admin/flows/keep").text
    assert "Came in today" in page
    assert '<tspan class="k">Start</tspan> File · scans' in page
    german = petra.client.get("/admin/flows/keep", headers={"accept-language": "de"}).text
    assert '<tspan class="k">Beginn</tspan> Datei · scans' in german
    assert '<tspan class="k">Aktion</tspan>' in german
    assert petra.get("/admin/flows/nothing").status_code == 404
    assert petra.get("/admin/flows/keep?version=0123456789ab").status_code == 404


def test_models_show_what_they_cost_today_and_of_which_budget(desk: Desk):
    from kontorist.core.office import Model

    desk.runtime.office.settings.models["big"] = Model(model="m", base_url="http://x/v1", budget_per_day="2.00", price_in=1)
    Memory(desk.runtime.database).note("big", "q", "", {"prompt_tokens": 10, "completion_tokens": 5, "cost": "1.50", "ms": 9})
    page = desk.browser("petra").get("/admin/models").text
    assert "€1.50" in page
    assert "75 %" in page


def test_a_person_is_locked_out_and_their_sessions_end_at_once(desk: Desk):
    anna, petra = desk.browser("anna"), desk.browser("petra")
    assert petra.post("/admin/people/petra/disable").status_code == 422
    assert petra.post("/admin/people/anna/disable").status_code == 200
    assert anna.client.get("/", follow_redirects=False).status_code == 303
    ole = desk.browser("ole")
    petra.post("/admin/people/ole/end-sessions")
    assert ole.client.get("/", follow_redirects=False).status_code == 303
    kinds = [(e[2], e[3]) for e in desk.snapshot()["events"]]
    assert ("person.disabled", "petra") in kinds
    assert ("person.sessions-ended", "petra") in kinds


def test_the_audit_log_is_searched_by_what_whom_and_words(desk: Desk):
    row = desk.card("hello")
    desk.browser("anna").decide(row, "reject", reason="Order was cancelled")
    petra = desk.browser("petra")
    page = petra.get("/admin/audit?kind=action.rejected&actor=anna&q=cancelled").text
    assert "rejected the action" in page
    assert f'href="/card/{row.id}"' in page
    assert "Nothing found" in petra.get("/admin/audit?actor=ole").text
    assert petra.get(f"/admin/audit?subject=case:{row.case_id}").text.count("<tr>") >= 2


@pytest.mark.parametrize("odd", ["%00", "x" * 500, "-1", "9" * 40, "%F0%9F%92%A3", "'; drop table cases"])
def test_odd_addresses_find_nothing_and_break_nothing(desk: Desk, odd: str):
    petra = desk.browser("petra")
    for path in (
        f"/admin/ledger?q={odd}&connection={odd}&skip={odd}&made={odd}",
        f"/admin/audit?q={odd}&kind={odd}&actor={odd}&subject={odd}&before={odd}",
        f"/admin/figures?period={odd}",
    ):
        assert petra.get(path).status_code == 200, path


def test_clerks_see_no_way_to_pages_that_are_not_for_them(desk: Desk):
    assert "/admin" not in desk.browser("anna").get("/").text
    assert desk.browser("petra").get("/").text.count('href="/admin') == 1  # one entry, not nine
