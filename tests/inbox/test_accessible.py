"""Every page for everybody: no barriers (WCAG 2.2 AA), light and dark, desk and phone, small, from here alone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

import kontorist.inbox
from kontorist.inbox.app import ROUTERS
from kontorist.store import tables
from tests.inbox.conftest import Opens
from tests.inbox.desks import Desk

pytestmark = pytest.mark.browser
TEMPLATES = Path(kontorist.inbox.__file__).parent / "templates"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
LOOKS = [("desk", False), ("phone", True), *([("desk", True), ("phone", False)] if os.environ.get("LONG_TESTS") else [])]
"""Every size and every theme once; all pairs of them with LONG_TESTS."""
STOP = [{"code": "iban", "text": "The IBAN is new", "stop": True}]
NOT_PAGES = ("/sign-in/oidc", "/health", "/metrics", "/counts")


def addresses(desk: Desk) -> list[str]:
    """Every page of the inbox that a GET shows, with cards and cases in all states behind them."""
    first, stopped, uncertain, refused, approved = desk.cards("one", "two", "three", "four", "five")
    desk.browser("anna").decide(approved, "approve")
    with desk.runtime.database.write() as connection:
        for row, values in (
            (stopped, {"warnings": STOP, "risk": 2}),
            (uncertain, {"state": "uncertain", "error": "The connection broke."}),
            (refused, {"state": "refused", "error": "Refused outside."}),
        ):
            connection.execute(tables.actions.update().where(tables.actions.c.id == row.id).values(values))
    desk.cards("We order ten, or complain", flow="sort")
    cards = [f"/card/{r.id}" for r in (first, stopped, uncertain, refused, approved)]
    case = first.case_id + 5
    fixed = {r.path for router in ROUTERS for r in router.routes if "GET" in r.methods and "{" not in r.path}
    pages = sorted(p for p in fixed if not p.startswith(NOT_PAGES) or p == "/sign-in")
    lists = [f"/?tab={t}" for t in ("others", "asked", "unclear", "failed", "done")] + ["/?by=who&risk=stop"]
    return [
        *pages,
        *lists,
        "/admin/flows/keep",
        *cards,
        f"{cards[0]}?edit=1",
        f"/case/{first.case_id}",
        f"/case/{first.case_id}/path",
        f"/case/{case}",
        "/nothing",
    ]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_no_page_has_a_barrier_hangs_over_the_edge_or_asks_anybody_else(desk: Desk, opens: Opens, size: str, dark: bool):
    paths, axe, barriers = addresses(desk), Axe(), []
    width, height = SIZES[size]
    page = opens("petra" if dark else "anna", width=width, height=height, color_scheme="dark" if dark else "light")
    admin = opens("petra", width=width, height=height, color_scheme="dark" if dark else "light")
    for path in paths:
        shown = admin if path.startswith("/admin") else page
        shown.goto(path)
        found = axe.run(shown, options={"runOnly": RULES, "iframes": False})
        barriers += [f"{path}: {v['id']}: {v['nodes'][0]['html'][:150]}" for v in found.response["violations"]]
        over = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        barriers += [f"{path}: {over} px over the edge"] if over > 0 else []
    assert "\n".join(barriers) == ""
    for shown in (page, admin):
        here = shown.url.split("/", 3)[2]
        assert [u for u in shown.requests if not re.match(rf"(https?://{here}/|data:)", u)] == []


def test_every_box_that_scrolls_sideways_is_reached_by_keyboard_and_has_a_name():
    boxes = [b for f in TEMPLATES.glob("*.html") for b in re.findall(r'<div class="wide"[^>]*>', f.read_text())]
    assert len(boxes) > 8
    assert [b for b in boxes if 'tabindex="0" role="region" aria-label=' not in b] == []


def test_what_has_the_focus_is_seen_to_have_it(desk: Desk, page: Any):
    row = desk.card("Order 4711 please")
    for path in ("/", f"/card/{row.id}"):
        page.goto(path)
        for _ in range(12):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth })()"
            )
            assert seen not in ("none0px", "none3px"), (path, page.evaluate("document.activeElement.outerHTML"))


def test_the_first_visit_costs_less_than_100_kb_of_ours(desk: Desk, opens: Opens):
    desk.cards(*[f"letter {i}" for i in range(30)])
    page = opens("", width=1280, height=800)
    sizes: dict[str, int] = {}
    page.on("response", lambda r: sizes.update({r.url: len(r.body())}) if r.status == 200 else None)
    page.goto("/sign-in")
    page.wait_for_load_state("networkidle")
    assert 5_000 < sum(sizes.values()) < 100_000, sizes


def test_all_keys_are_on_a_page_that_one_key_or_one_button_opens(desk: Desk, page: Any):
    desk.card()
    page.goto("/")
    page.click("button[data-key='?']")
    shown = page.locator("#help kbd").all_text_contents()
    assert {"j", "k", "a", "e", "r", "f", "h", "u", "?", "/", "s", "l"} <= set(shown)
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    page.keyboard.press("?")
    assert page.is_visible("#help")
