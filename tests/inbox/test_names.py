"""The inbox answers under its own names only: one that was made to point to this machine reads nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontorist.core.callers import HOSTS
from kontorist.inbox.app import create_app
from tests.inbox.desks import Desk, make_desk

EVIL = "evil.example:8765"
PAGES = ("/", "/sign-in", "/static/inbox.css", "/health", "/metrics", "/api/v1/cards", "/no/such/page")


def status(desk: Desk, host: str, path: str = "/health") -> int:
    return desk.visitor().get(path, headers={"host": host}, follow_redirects=False).status_code


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_under_a_foreign_name(desk: Desk, path: str):
    assert status(desk, EVIL, path) == 421


def test_the_demo_signs_nobody_in_under_a_foreign_name(tmp_path: Path):
    desk = make_desk(tmp_path, demo=True)
    page = desk.visitor()
    answer = page.post("/sign-in", data={"name": "anna", "password": "x"}, headers={"host": EVIL, "origin": f"http://{EVIL}"})
    desk.runtime.close()
    assert (answer.status_code, page.cookies.get("kontorist_session")) == (421, None)


def test_the_refusal_says_what_to_do_in_the_readers_language(desk: Desk):
    english, german = (desk.visitor().get("/", headers={"host": EVIL, "accept-language": language}) for language in ("en", "de"))
    assert "KONTORIST_HOSTS" in english.text
    assert "not known under the name" in english.text
    assert "unter dem Namen" in german.text
    assert "evil" not in english.text
    api = desk.visitor().get("/api/v1/cards", headers={"host": EVIL})
    assert api.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "192.168.1.5:8765", "inbox", "office.lan"])
def test_this_machine_its_network_and_monitoring_by_address_are_answered(desk: Desk, host: str):
    assert status(desk, host) == 200


def test_a_program_that_sends_no_name_is_no_browser(desk: Desk):
    visitor = desk.visitor()
    request = visitor.build_request("GET", "/health")
    del request.headers["host"]
    assert visitor.send(request).status_code == 200


SETTINGS = """
notify: {link: "https://kontorist.muster.de/"}
oidc: {issuer: "https://id.muster.de", client_id: a, client_secret: "${HOME}", back: "https://inbox.muster.de/sign-in/oidc/back"}
"""


def test_the_names_that_the_office_gives_are_answered_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(HOSTS, "alias.muster.de")
    desk = make_desk(tmp_path, settings=SETTINGS)
    desk.app = create_app(desk.runtime.office, desk.runtime.database, bound="Bound.muster.de")
    names = ("kontorist.muster.de", "inbox.muster.de", "alias.muster.de", "bound.muster.de:8765", "other.muster.de")
    found = [status(desk, name) for name in names]
    desk.runtime.close()
    assert found == [200, 200, 200, 200, 421]
