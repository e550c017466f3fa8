"""The inbox on PostgreSQL: every page is there, and a decision is one."""

from __future__ import annotations

from pathlib import Path

from kontorist.inbox.app import ROUTERS
from tests.inbox.desks import make_desk
from tests.postgres import Postgres

NOT_PAGES = ("/sign-in/oidc", "/metrics", "/hand-in")  # the last needs a flow for files that somebody hands in


def test_every_page_and_search_answers_and_a_card_is_decided(tmp_path: Path, postgres: Postgres) -> None:
    desk = make_desk(tmp_path, url=postgres.new_database())
    first, second = desk.cards("Order 4711 please", "another one")
    desk.cards("two", flow="four-eyes")
    desk.cards("We order ten, or complain", flow="sort")
    anna, petra = desk.browser("anna"), desk.browser("petra")
    fixed = {r.path for router in ROUTERS for r in router.routes if "GET" in r.methods and "{" not in r.path}
    lists = [f"/?tab={t}" for t in ("mine", "others", "asked", "unclear", "failed", "done")]
    searched = [f"{path}&q={word}" for path in lists for word in ("order", "4711", "or")]
    of_one = [
        f"/card/{first.id}",
        f"/card/{first.id}?edit=1",
        f"/case/{first.case_id}",
        f"/case/{first.case_id}/path",
        "/admin/flows/keep",
    ]
    for path in [*(p for p in fixed if not p.startswith(NOT_PAGES)), *lists, *searched, "/?by=who&sort=amount", *of_one]:
        answer = petra.get(path)
        assert answer.status_code == 200, path
    assert f'href="/card/{first.id}"' in anna.get("/?q=order+4711").text
    assert f'href="/card/{second.id}"' not in anna.get("/?q=order+4711").text
    assert anna.decide(first, "approve").status_code == 200
    assert desk.row(first.id).state == "approved"
    assert f'href="/card/{first.id}"' in anna.get("/?tab=done&q=4711").text
    assert anna.get("/counts").json()["mine"] == 2
    desk.runtime.close()
