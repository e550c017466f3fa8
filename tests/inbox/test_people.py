"""Second factor, sessions that can be ended, tokens, and the company's own sign-in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import httpx
import pyotp
import pytest

from kontorist.core.clock import utcnow
from kontorist.core.office import Oidc
from kontorist.core.values import sha256
from kontorist.store import second_factor, tables, tokens
from tests.inbox.desks import PASSWORD, Desk, hidden


def sign_in(desk: Desk, name: str = "anna") -> Any:
    """A browser that gave the right password, and the answer."""
    client = desk.visitor()
    form = hidden(client.get("/sign-in").text)
    return client, client.post("/sign-in", data={**form, "name": name, "password": PASSWORD})


def give_code(client: Any, page: str, code: str) -> Any:
    return client.post("/sign-in/code", data={**hidden(page), "code": code})


@pytest.fixture
def phone(desk: Desk) -> pyotp.TOTP:
    """Anna's phone, set up through the pages."""
    anna = desk.browser("anna")
    page = anna.post("/account/second-factor").text
    assert 'src="data:image/svg+xml' in page
    app = pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", page)[1])
    assert anna.post("/account/second-factor/confirm", code="000000").status_code in (200, 422)
    before = utcnow() - timedelta(seconds=30)  # so that the next code is a new one
    assert anna.post("/account/second-factor/confirm", code=app.at(before)).status_code == 200
    return app


class TestCodeFromThePhone:
    def test_the_password_alone_lets_nobody_in(self, desk: Desk, phone: pyotp.TOTP):
        client, answer = sign_in(desk)
        assert "Code from your phone" in answer.text
        assert "kontorist_session" not in client.cookies
        assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"
        client.cookies.set("kontorist_session", client.cookies["kontorist_half"])
        assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"

    def test_with_the_code_it_does_and_once_only(self, desk: Desk, phone: pyotp.TOTP):
        client, answer = sign_in(desk)
        code = phone.now()
        assert "To decide" in give_code(client, answer.text, code).text
        again, answer = sign_in(desk)
        assert give_code(again, answer.text, code).status_code == 403

    def test_guessing_codes_is_slowed_down_as_guessing_passwords_is(self, desk: Desk, phone: pyotp.TOTP):
        client, answer = sign_in(desk)
        last = None
        for _ in range(6):
            last = give_code(client, answer.text, "123456")
        assert last.status_code == 403
        assert "Too many wrong" in last.text

    def test_it_goes_only_with_a_code(self, desk: Desk, phone: pyotp.TOTP):
        anna = desk.browser("anna")
        assert anna.post("/account/second-factor/remove", code="123456").status_code == 403
        anna.post("/account/second-factor/remove", code=phone.now())
        with desk.runtime.database.read() as connection:
            assert not second_factor.has(connection, "anna")

    def test_switching_it_on_ends_the_other_sessions_and_keeps_this_one(self, desk: Desk):
        thief, anna, ole = desk.browser("anna"), desk.browser("anna"), desk.browser("ole")
        app = pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", anna.post("/account/second-factor").text)[1])
        anna.post("/account/second-factor/confirm", code="000000")
        assert thief.get("/counts").status_code == 200
        anna.post("/account/second-factor/confirm", code=app.now())
        assert thief.client.get("/", follow_redirects=False).status_code == 303
        assert anna.get("/counts").status_code == ole.get("/counts").status_code == 200

    @pytest.mark.parametrize("where", ["remove", "confirm"])
    def test_guessing_on_ones_own_page_is_slowed_down_too(self, desk: Desk, where: str):
        anna = desk.browser("anna")
        app = pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", anna.post("/account/second-factor").text)[1])
        if where == "remove":
            anna.post("/account/second-factor/confirm", code=app.at(utcnow() - timedelta(seconds=30)))
        with desk.runtime.database.write() as connection:  # guesses of which one more locks for minutes
            connection.execute(tables.people.update().values(failures=11))
        assert "This code is wrong" in anna.post(f"/account/second-factor/{where}", code="12345").text
        answer = anna.post(f"/account/second-factor/{where}", code="12345")
        assert answer.status_code == 403
        assert "Too many wrong passwords or codes" in answer.text
        assert "Too many wrong" in anna.post(f"/account/second-factor/{where}", code=app.now()).text
        assert "Too many wrong" in sign_in(desk)[1].text


class TestSessions:
    def test_one_is_ended_from_another_browser(self, desk: Desk):
        here, there = desk.browser("anna"), desk.browser("anna")
        others = re.findall(r'name="session" value="(\w{64})"', here.get("/account").text)
        assert len(others) == 2
        for digest in others:
            desk.browser("ole").post("/account/sessions/end", session=digest)  # not theirs
        assert there.get("/counts").status_code == 200
        here.post("/account/sessions/end")
        for browser in (here, there):
            assert browser.client.get("/", follow_redirects=False).status_code == 303


class TestTokens:
    def test_a_token_is_shown_once_and_works_until_it_is_ended(self, desk: Desk):
        anna = desk.browser("anna")
        page = anna.post("/account/tokens", name="Import <b>").text
        token = re.search(r"<code>(kto_[\w-]+)</code>", page)[1]
        assert token not in anna.get("/account").text
        with desk.runtime.database.read() as connection:
            assert tokens.person_of(connection, token) == "anna"
            assert token not in str(connection.execute(tables.tokens.select()).all())
        number = re.search(r"/account/tokens/(\d+)/end", anna.get("/account").text)[1]
        desk.browser("ole").post(f"/account/tokens/{number}/end")
        with desk.runtime.database.read() as connection:
            assert tokens.person_of(connection, token) == "anna"
        anna.post(f"/account/tokens/{number}/end")
        with desk.runtime.database.read() as connection:
            assert tokens.person_of(connection, token) is None

    def test_signing_out_everywhere_ends_tokens_and_ending_one_session_does_not(self, desk: Desk):
        anna, other = desk.browser("anna"), desk.browser("anna")
        theirs, oles = made_token(desk, "anna"), made_token(desk, "ole")
        anna.post("/account/sessions/end", session=sha256(other.client.cookies["kontorist_session"].encode()))
        assert works(desk, theirs)
        anna.post("/account/sessions/end")
        assert not works(desk, theirs)
        assert works(desk, oles)

    def test_an_admin_sees_how_many_somebody_has_and_ends_them(self, desk: Desk):
        held, petra = [made_token(desk, "anna") for _ in range(2)], desk.browser("petra")
        assert "2 tokens for programs" in petra.get("/admin/people").text
        assert {p["name"]: p["tokens"] for p in petra.get("/api/v1/people").json()}["anna"] == 2
        petra.post("/admin/people/anna/end-sessions")
        assert not any(works(desk, token) for token in held)
        assert "tokens for programs</span>" not in petra.get("/admin/people").text


def made_token(desk: Desk, name: str) -> str:
    with desk.runtime.database.write() as connection:
        return tokens.make(connection, name, "import")


def works(desk: Desk, token: str) -> bool:
    client = desk.visitor()
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.fixture
def provider(desk: Desk) -> Iterator[str]:
    """A real OpenID provider on this machine, and an office that trusts it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock as mock

        people = [
            mock.User(sub="1", claims={"email": "Anna@muster.example"}),
            mock.User(sub="2", claims={"email": "stranger@muster.example"}),
            mock.User(sub="3", claims={"email": "anna@muster.example", "email_verified": False}),
            mock.User(sub="4", claims={"email": "anna@muster.example", "email_verified": "false"}),
        ]
        with mock.run_server_in_thread(user_claims=people) as server:
            issuer = f"http://localhost:{server.server_port}"
            settings = desk.runtime.office.settings
            settings.people["anna"].email = "anna@muster.example"
            settings.oidc = Oidc(issuer=issuer, client_id="kontorist", client_secret="s3cret")
            yield issuer


def company(desk: Desk, sub: str, client: Any = None) -> Any:
    """Sign in as this account of the company; the browser, and where the provider sends it back to."""
    client = client or desk.visitor()
    asked = client.get("/sign-in/oidc?to=/several", follow_redirects=False).headers["location"]
    answer = httpx.post(asked, data={"sub": sub}, follow_redirects=False)
    return client, urljoin(asked, answer.headers["location"]).replace("http://testserver", "")


class TestCompanyAccount:
    def test_who_is_known_by_address_is_let_in_and_led_to_the_page(self, desk: Desk, provider: str):
        assert "Firmenkonto" in desk.visitor().get("/sign-in").text
        client, back = company(desk, "1")
        answer = client.get(back, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/several")
        assert client.get("/counts").status_code == 200

    @pytest.mark.parametrize("sub", ["2", "3", "4"])
    def test_strangers_and_addresses_nobody_vouches_for_are_not(self, desk: Desk, provider: str, sub: str):
        client, back = company(desk, sub)
        answer = client.get(back)
        assert answer.status_code == 403
        assert "nobody in office.yaml has its address" in answer.text
        assert "kontorist_session" not in client.cookies

    def test_an_answer_that_this_browser_did_not_ask_for_is_refused(self, desk: Desk, provider: str):
        _, back = company(desk, "1")
        assert desk.visitor().get(back).status_code == 403
        other, _ = company(desk, "1")
        assert other.get(back).status_code == 403

    def test_a_code_works_once(self, desk: Desk, provider: str):
        client, back = company(desk, "1")
        cookie = client.cookies["kontorist_oidc"]
        client.get(back)
        again = desk.visitor()
        again.cookies.set("kontorist_oidc", cookie, path="/sign-in")
        assert again.get(back).status_code == 403

    def test_who_was_disabled_stays_out(self, desk: Desk, provider: str):
        with desk.runtime.database.write() as connection:
            connection.execute(tables.people.update().where(tables.people.c.name == "anna").values(disabled=True))
        client, back = company(desk, "1")
        assert client.get(back).status_code == 403

    def test_a_provider_that_is_away_is_said(self, desk: Desk):
        nowhere = "http://127.0.0.1:9"
        desk.runtime.office.settings.oidc = Oidc(issuer=nowhere, client_id="k", client_secret="s")
        answer = desk.visitor().get("/sign-in/oidc")
        assert answer.status_code == 503
        assert "sign in with your password" in answer.text
