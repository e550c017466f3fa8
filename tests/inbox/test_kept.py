"""What a process keeps of the open cards is, after whatever happens, what it would read anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, event

from kontorist.core.clock import utcnow
from kontorist.inbox import kept, open_rows, open_words
from kontorist.inbox.listing import wish
from kontorist.inbox.queue import SORTS, open_cards
from kontorist.inbox.viewer import Viewer, viewer_of
from kontorist.store import people, tables
from tests.inbox.desks import Desk
from tests.inbox.test_list import set_columns


@contextmanager
def reading(desk: Desk, name: str) -> Iterator[tuple[Connection, Viewer]]:
    viewer = viewer_of(desk.app.state.desk, people.Session("", name, ""))
    assert viewer
    with desk.runtime.database.read() as connection:
        yield connection, viewer


def lists(desk: Desk) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """Everybody's list in every order."""
    found = {}
    for name in ("anna", "ole", "petra", "karl", "jens"):
        for sort in SORTS:
            with reading(desk, name) as (connection, viewer):
                cards = open_cards(connection, viewer, sort)
                found[name, sort] = [(c.id, c.place, c.why, c.given, c.rests, c.due_text) for c in cards]
    return found


def forget(desk: Desk) -> None:
    """As after a new start."""
    for known in (kept._LISTS, open_rows._OF, open_words._OF):
        known.pop(desk.runtime.database.engine, None)


def test_lists_are_the_same_as_after_a_new_start_whatever_happened(desk: Desk) -> None:
    first, second, third, fourth = desk.cards("one", "two", "three", "four")
    (both,) = desk.cards("five", flow="four-eyes")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    happenings = (
        lambda: anna.decide(first, "approve"),
        lambda: anna.decide(both, "approve"),
        lambda: ole.decide(second, "reject", reason="no"),
        lambda: ole.decide(third, "hand-over", to="petra", comment="yours"),
        lambda: set_columns(desk, fourth.id, risk=2, due=utcnow() + timedelta(minutes=1)),
        lambda: set_columns(desk, fourth.id, escalate="petra", due=utcnow() - timedelta(minutes=1)),
        lambda: desk.cards("six", "seven"),
    )
    before = lists(desk)
    for happens in happenings:
        happens()
        now = lists(desk)
        assert now != before
        forget(desk)
        assert lists(desk) == now
        before = now


def test_a_card_escalates_and_rests_no_more_when_its_time_has_come(desk: Desk, monkeypatch) -> None:
    late, resting = desk.cards("one", "two")
    soon = utcnow() + timedelta(minutes=1)
    set_columns(desk, late.id, escalate="petra", deciders="|anna|", due=soon)
    set_columns(desk, resting.id, not_before=soon)
    places = {c[0]: c[1] for c in lists(desk)["petra", "risk"]}
    assert places == {late.id: "others", resting.id: "asked"}
    monkeypatch.setattr("kontorist.inbox.queue.utcnow", lambda: soon + timedelta(seconds=1))
    places = {c[0]: c[1] for c in lists(desk)["petra", "risk"]}
    assert places == {late.id: "mine", resting.id: "others"}  # it waits for the service team


def test_open_cards_are_found_by_their_words_as_they_are_now(desk: Desk, monkeypatch) -> None:
    def found(said: str) -> list[int]:
        with reading(desk, "anna") as (connection, viewer):
            return [c.id for c in wish(q=said, tab="mine").of(connection, open_cards(connection, viewer))]

    first, second = desk.cards("Palette für Köln", "Karton für Köln")
    for room in (open_words._ROOM, 0):  # kept, or read at each search
        monkeypatch.setattr(open_words, "_ROOM", room)
        forget(desk)
        assert found("KOLN") == [first.id, second.id]
        assert found("koln pal") == [first.id]
        assert found("lette") == found("+") == found("palette karton") == []
    forget(desk)
    (third,) = desk.cards("Palette für Bonn")
    monkeypatch.setattr(open_words, "_ROOM", 64_000)
    assert found("palette") == [first.id, third.id]
    desk.browser("anna").decide(first, "approve")
    assert found("palette") == [third.id]
    (fourth,) = desk.cards("Palette für Ulm")
    assert found("palette") == [third.id, fourth.id]


def hiding(desk: Desk) -> int:
    """A card of the flow `keep` that anna may see and not decide, where `sort` is for accounting alone."""
    desk.runtime.office.flows["sort"].visible_to = ["accounting"]
    row = desk.card("for others")
    set_columns(desk, row.id, rule={"by": ["accounting"], "count": 1}, deciders="|accounting|")
    return row.id


def seen_by_anna(desk: Desk) -> list[int]:
    with reading(desk, "anna") as (connection, viewer):
        return [c.id for c in open_cards(connection, viewer)]


def test_a_list_is_kept_for_whoever_may_not_see_all_flows_until_a_case_on_it_is_handed_on(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "_LOOK", 0.0)
    number = hiding(desk)
    with reading(desk, "anna") as (connection, viewer):
        first = open_cards(connection, viewer)
        assert open_cards(connection, viewer) is first
    assert seen_by_anna(desk) == [number]
    entry = {"case_id": desk.row(number).case_id, "round": 0, "path": "-9", "seq": 99, "step": "topic", "kind": "agent", "flow": "sort",
             "output": {}, "evidence": {}, "info": {}, "model": "", "ms": 1.0, "voided": False, "at": utcnow()}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**entry))
    assert seen_by_anna(desk) == []


def test_whoever_may_not_see_all_flows_waits_no_longer_the_more_cases_lie_behind(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "_LOOK", 0.0)
    hiding(desk)
    anna, said = desk.browser("anna"), []

    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        said.append((statement, values))

    event.listen(desk.runtime.database.engine, "before_cursor_execute", listen)
    for path in ("/", "/", "/counts", "/?tab=done", "/?tab=unclear", "/?tab=failed"):
        assert anna.get(path).status_code == 200
    event.remove(desk.runtime.database.engine, "before_cursor_execute", listen)
    asked = [(s, v) for s, v in said if s.startswith("SELECT") and "journal" in s]
    assert asked
    with desk.runtime.database.read() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert [
                line[3] for line in plan if line[3].startswith("SCAN") and line[3].split()[1].startswith(("cases", "journal"))
            ] == []
