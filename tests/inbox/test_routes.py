"""Every page says who may use it."""

from __future__ import annotations

import re
from typing import Any

from kontorist.inbox import api
from kontorist.inbox.api import caller
from kontorist.inbox.app import ROUTERS
from tests.inbox.desks import Desk

# /hooks takes what other systems sign (tests/connectors/test_webhook.py);
# /health says only whether the database answers; /metrics has rules of its own (tests/operations/test_metrics.py)
OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/code"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("POST", "/hooks/{name}"),
}


# the JSON API answers 401 instead of leading to the sign-in, and has tests of its own (tests/inbox/test_api.py)
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
    posts = [p for m, p in routes() if m == "POST" and (m, p) not in OPEN]
    assert len(posts) > 8
    for path in posts:
        answer = browser.client.post(re.sub(r"\{\w+\}", "1", path), data={"csrf": "wrong"}, follow_redirects=False)
        assert answer.status_code == 403, path


def test_nothing_is_reachable_that_is_not_among_the_pages_the_api_or_the_static_files(desk: Desk):
    known = {(m, r.path) for router in (*ROUTERS, *api.ROUTERS) for r in router.routes for m in r.methods}
    found = {(m, r.path) for r in all_routes(desk.app.routes) for m in r.methods}
    assert found == known


def all_routes(routes: Any) -> list[Any]:
    """Every route of an application; mounts (the static files) aside."""
    found = []
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        found += all_routes(inner) if inner is not None else [route] if hasattr(route, "methods") else []
    return found


def test_every_function_of_the_api_says_who_may_call_it():
    allowed = {caller.caller, caller.overseer, caller.head}
    for router in api.ROUTERS:
        for route in router.routes:
            assert allowed & {d.call for d in route.dependant.dependencies}, route.path


def test_a_page_either_shows_or_changes(desk: Desk):
    """What changes something has no GET, so that no scanner of links decides anything."""
    shows, changes = {p for m, p in routes() if m == "GET"}, {p for m, p in routes() if m == "POST"}
    assert shows & changes == {"/sign-in"}


def test_who_opens_an_address_that_only_takes_forms_is_told_so_and_led_back(desk: Desk):
    anna = desk.browser("anna")
    for path, back in {"/card/1/question": "/card/1", "/admin/stops": "/admin", "/filters/3/remove": "/"}.items():
        page = anna.get(path)
        assert page.status_code == 405
        assert "only takes what a form sends" in page.text
        assert f'<a class="button plain" href="{back}">Back</a>' in page.text
