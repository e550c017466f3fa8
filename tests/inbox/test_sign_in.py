"""Who gets in, how, and for how long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from kontorist.core.clock import utcnow
from kontorist.store import tables
from tests.inbox.desks import PASSWORD, Desk, hidden, make_desk


def try_to_sign_in(client, name: str, password: str):
    form = hidden(client.get("/sign-in").text)
    return client.post("/sign-in", data={**form, "name": name, "password": password})


def sessions(desk: Desk) -> int:
    with desk.runtime.database.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one()


def test_without_a_session_every_page_leads_to_the_sign_in(desk: Desk):
    for path in ("/", "/card/1", "/case/1", "/admin", "/counts", "/case/1/document/0", "/case/1/document/0/html"):
        answer = desk.visitor().get(path, follow_redirects=False)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in"), path


def test_the_right_password_opens_the_inbox_and_the_cookie_is_closed_to_scripts(desk: Desk):
    client = desk.visitor()
    answer = try_to_sign_in(client, "anna", PASSWORD)
    assert answer.url.path == "/"
    cookie = next(h for h in answer.history[0].headers.get_list("set-cookie") if h.startswith("kontorist_session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(desk: Desk):
    wrong, unknown = try_to_sign_in(desk.visitor(), "anna", "guess"), try_to_sign_in(desk.visitor(), "nobody", "guess")
    assert (wrong.status_code, unknown.status_code) == (403, 403)
    assert wrong.text.replace('value="anna"', "").count("wrong") == unknown.text.replace('value="nobody"', "").count("wrong") == 1
    assert sessions(desk) == 0


def test_after_many_wrong_guesses_even_the_right_password_has_to_wait(desk: Desk):
    client = desk.visitor()
    for _ in range(6):
        try_to_sign_in(client, "anna", "guess")
    answer = try_to_sign_in(client, "anna", PASSWORD)
    assert answer.status_code == 403
    assert "Too many wrong passwords" in answer.text


def test_signing_in_again_gives_a_new_session_and_ends_the_old_one(desk: Desk):
    client = desk.visitor()
    try_to_sign_in(client, "anna", PASSWORD)
    old = client.cookies["kontorist_session"]
    try_to_sign_in(client, "anna", PASSWORD)
    assert client.cookies["kontorist_session"] != old
    assert sessions(desk) == 1


def test_signing_out_ends_the_session_on_the_server(desk: Desk):
    browser = desk.browser("anna")
    token = browser.client.cookies["kontorist_session"]
    browser.post("/sign-out")
    thief = desk.visitor()
    thief.cookies.set("kontorist_session", token)
    assert thief.get("/", follow_redirects=False).status_code == 303
    assert sessions(desk) == 0


def test_an_idle_session_is_over(desk: Desk):
    browser = desk.browser("anna")
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.sessions).values(seen=utcnow() - timedelta(hours=3)))
    assert browser.client.get("/", follow_redirects=False).status_code == 303


def test_a_sign_in_form_of_another_site_is_refused(desk: Desk):
    client = desk.visitor()
    form = hidden(client.get("/sign-in").text)
    fields = {**form, "name": "anna", "password": PASSWORD}
    assert desk.visitor().post("/sign-in", data=fields).status_code == 403  # no cookie of ours
    assert client.post("/sign-in", data=fields, headers={"origin": "https://evil.example"}).status_code == 403
    assert sessions(desk) == 0


def test_after_signing_in_only_pages_of_ours_follow(desk: Desk):
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        client = desk.visitor()
        form = hidden(client.get("/sign-in").text)
        fields = {**form, "to": to, "name": "anna", "password": PASSWORD}
        assert client.post("/sign-in", data=fields, follow_redirects=False).headers["location"] == "/"


def test_the_sample_office_offers_its_people_and_no_other_office_does(desk: Desk, tmp_path: Path):
    assert "sample" not in desk.visitor().get("/sign-in").text
    client = desk.visitor()
    form = hidden(client.get("/sign-in").text)
    assert client.post("/sign-in", data={**form, "sample": "anna"}).status_code == 403
    demo = make_desk(tmp_path / "demo", demo=True)
    visitor = demo.visitor()
    page = visitor.get("/sign-in").text
    assert PASSWORD in page
    assert visitor.post("/sign-in", data={**hidden(page), "sample": "anna"}).url.path == "/"
    demo.runtime.close()
