"""Every page says who may use it."""

from __future__ import annotations

import re

from kontorist.inbox.app import ROUTERS
from tests.inbox.desks import Desk

# /health says only whether the database answers; /metrics has rules of its own (tests/operations/test_metrics.py)
OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/code"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
    ("GET", "/health"),
    ("GET", "/metrics"),
}


def routes() -> list[tuple[str, str]]:
    return [(m, r.path) for router in ROUTERS for r in router.routes for m in r.methods]


def test_only_the_sign_in_is_open_to_strangers(desk: Desk):
    assert len(routes()) > 20
    for method, path in routes():
        if (method, path) in OPEN:
            continue
        answer = desk.visitor().request(method, re.sub(r"\{\w+\}", "1", path), follow_redirects=False)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/sign-in"), (method, path)


def test_no_form_is_taken_without_the_token_of_the_session(desk: Desk):
    browser = desk.browser("petra")
    posts = [p for m, p in routes() if m == "POST" and not p.startswith("/sign-in")]
    assert len(posts) > 8
    for path in posts:
        answer = browser.client.post(re.sub(r"\{\w+\}", "1", path), data={"csrf": "wrong"}, follow_redirects=False)
        assert answer.status_code == 403, path


def test_a_page_either_shows_or_changes(desk: Desk):
    """What changes something has no GET, so that no scanner of links decides anything."""
    shows, changes = {p for m, p in routes() if m == "GET"}, {p for m, p in routes() if m == "POST"}
    assert shows & changes == {"/sign-in"}
