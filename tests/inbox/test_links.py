"""What a mail scanner or a curious browser does to every link there is: nothing changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import select

from kontorist.store import tables
from tests.inbox.desks import Desk
from tests.inbox.test_originals import MAIL

TIMES = 10
NOTED = {"sessions", "tokens"}
"""When a session or token was last used is noted at most once a minute."""
GUESSES = 1000


def dump(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with desk.runtime.database.read() as connection:
        return {
            t.name: [tuple(r) for r in connection.execute(select(t))]
            for t in tables.metadata.sorted_tables
            if t.name not in NOTED
        }


def links(page: str, base: str) -> Iterator[str]:
    """Where a page leads or takes something from: links, pictures, frames, and forms that only look something up."""
    for found in re.findall(r'(?:href|src)="([^"#]+)"', page):
        url = urlsplit(urljoin(f"http://testserver{base}", unescape(found)))
        if url.netloc == "testserver":
            yield url.path + (f"?{url.query}" if url.query else "")


def crawl(client, start: list[str]) -> list[str]:
    """Every page that can be reached from these by links, with at most three of its queries."""
    known, todo, queries = dict.fromkeys(start), list(start), Counter(p.partition("?")[0] for p in start)
    while todo:
        path = todo.pop()
        answer = client.get(path)
        assert answer.status_code < 500, path
        if "text/html" in answer.headers.get("content-type", ""):
            for link in links(answer.text, path):
                page = link.partition("?")[0]
                if link not in known and queries[page] < 3:
                    known[link] = None
                    queries[page] += 1
                    todo.append(link)
    return list(known)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A card in every state that has one, an unclear and a failed case, a mail with a PDF."""
    first, second, _ = desk.cards("one", "two", "three")
    desk.cards("what is this", flow="sort")
    desk.mail_card(MAIL)
    anna = desk.browser("anna")
    anna.decide(first, "approve")
    anna.decide(second, "reject", reason="no")
    anna.post("/filters", name="Mine", query="/?sort=amount")
    return desk


@pytest.mark.parametrize("person", ["", "petra"])
def test_every_link_may_be_called_ten_times_and_nothing_changes(busy: Desk, person: str):
    client = busy.browser(person).client if person else busy.visitor()
    decided = busy.rows()[0].id
    found = crawl(client, [f"/card/{decided}?did=approved&of={decided}", "/", "/sign-in", "/?tab=done", "/account", "/several"])
    assert len(found) > (40 if person else 3)
    before = dump(busy)
    for path in found:
        answers = {getattr(client, method)(path).status_code for method in ("get", "head") for _ in range(TIMES // 2)}
        assert not {c for c in answers if c >= 500}, path
    assert dump(busy) == before


def test_addresses_of_decisions_decide_nothing_when_they_are_only_called(busy: Desk):
    from kontorist.inbox.app import ROUTERS

    posts = [r.path for router in ROUTERS for r in router.routes if "POST" in r.methods and not r.path.startswith("/hooks")]
    anna, before = busy.browser("petra").client, dump(busy)
    for path in posts:
        for method in ("get", "head"):
            answer = getattr(anna, method)(re.sub(r"\{\w+\}", "1", path))
            assert answer.status_code in (200, 405, 404) or answer.status_code < 400, path
    assert dump(busy) == before


def test_a_form_that_is_sent_again_decides_nothing_more(busy: Desk):
    row = next(r for r in busy.rows() if r.state == "proposed" and r.flow == "keep" and r.id == r.card)
    anna = busy.browser("anna")
    page = anna.get(f"/card/{row.id}").text
    form = {"csrf": anna.csrf(), "shown": sorted(set(re.findall(r'name="shown" value="([^"]+)"', page)))}
    assert anna.client.post(f"/card/{row.id}/approve", data=form, follow_redirects=False).status_code == 303
    before = dump(busy)
    for _ in range(3):
        answer = anna.client.post(f"/card/{row.id}/approve", data=form, follow_redirects=False)
        assert answer.status_code == 409
        assert "has approved this already" in answer.text
    assert dump(busy) == before


def test_a_thousand_guesses_lock_the_name_are_logged_and_never_get_in(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """A name that there is and one that there is not get answers of the same shape; hashing is slow on purpose, so it is counted, not timed."""
    hashed: list[str] = []
    monkeypatch.setattr("kontorist.store.people.fits", lambda stored, guess: bool(hashed.append(guess)))
    client = desk.visitor()
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', client.get("/sign-in").text)[:2])
    codes = [client.post("/sign-in", data={**form, "name": "anna", "password": f"guess {i}"}).status_code for i in range(GUESSES)]
    assert set(codes) == {403}
    assert len(hashed) < 20  # after that the name is locked, and nothing is even tried
    answer = client.post("/sign-in", data={**form, "name": "anna", "password": "a long enough password"})
    assert answer.status_code == 403
    assert "Too many wrong passwords" in answer.text
    with desk.runtime.database.read() as connection:
        logged = connection.execute(select(tables.events.c.actor).where(tables.events.c.kind == "person.locked")).scalars().all()
        assert connection.execute(select(tables.sessions)).all() == []
    assert set(logged) == {"anna"}


def test_an_unknown_name_costs_as_much_work_as_a_known_one(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    hashed: list[str] = []
    monkeypatch.setattr("kontorist.store.people.fits", lambda stored, guess: bool(hashed.append(stored)))
    client = desk.visitor()
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', client.get("/sign-in").text)[:2])
    for name in ("anna", "nobody"):
        client.post("/sign-in", data={**form, "name": name, "password": "guess"})
    assert len(hashed) == 2
    assert hashed[0].split("$")[1:4] == hashed[1].split("$")[1:4]  # the same kind of hash, with the same cost


def test_whether_a_name_exists_cannot_be_told_from_when_it_is_locked(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kontorist.store.people.fits", lambda stored, guess: False)
    client = desk.visitor()
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', client.get("/sign-in").text)[:2])
    said = {
        name: ["Too many" in client.post("/sign-in", data={**form, "name": name, "password": "guess"}).text for _ in range(8)]
        for name in ("anna", "nobody")
    }
    assert said["anna"] == said["nobody"]
    assert any(said["anna"])
