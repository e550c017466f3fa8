"""What was refused outside, is held back, blocked, or was decided by somebody else: the card says so and lets go on."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from kontorist.core.clock import utcnow
from kontorist.store import audit, office_state, tables
from kontorist.store.actions import ActionRow
from kontorist.store.audit import Event
from kontorist.store.office_state import Stops
from tests.flows.offices import work
from tests.inbox.desks import Desk
from tests.inbox.test_list import set_columns

GERMAN = {"Accept-Language": "de"}
BLOCKS = [{"code": "unknown-vendor", "text": "Nobody knows this vendor.", "stop": True, "blocks": True}]


def refuse(desk: Desk, row: ActionRow) -> None:
    """The outside says no to this action; what stands behind it on its card waits."""
    with desk.runtime.database.write() as connection:
        mine = tables.actions.update().where(tables.actions.c.id == row.id)
        connection.execute(mine.values(state="refused", error="Refused outside."))
        audit.append(connection, [Event("action.refused", "test", f"action:{row.id}", {})])


def refused(desk: Desk) -> ActionRow:
    """A card that two people have approved and the outside has refused."""
    (row,) = desk.cards("hello", flow="four-eyes")
    for name in ("anna", "ole"):
        desk.browser(name).decide(row, "approve")
    assert desk.row(row.id).state == "approved"
    refuse(desk, row)
    return desk.row(row.id)


def tab(desk: Desk, name: str, which: str = "") -> str:
    return desk.browser(name).get(f"/?tab={which}" if which else "/").text


@pytest.mark.parametrize("name", ["anna", "ole"])
def test_what_was_refused_comes_back_to_those_who_had_approved_it(desk: Desk, name: str):
    row = refused(desk)
    assert f'href="/card/{row.id}"' in tab(desk, name)
    page = desk.browser(name).get(f"/card/{row.id}").text
    assert "You have approved this version" not in page
    assert f"/card/{row.id}/approve" in page
    assert f"/card/{row.id}?edit=1" in page
    desk.browser(name).decide(row, "approve")
    assert desk.row(row.id).state == "proposed", "again two have to agree"


def test_what_stands_behind_a_refused_action_can_be_taken_back(desk: Desk):
    row = desk.card()
    anna = desk.browser("anna")
    anna.decide(row, "approve")
    refuse(desk, row)
    (behind,) = (r for r in desk.rows() if r.card == row.id and r.id != row.id)
    assert anna.post(f"/card/{row.id}/take-back").status_code == 200
    assert [desk.row(r.id).state for r in (row, behind)] == ["refused", "proposed"]


def test_what_lacks_something_is_edited_before_it_is_approved(desk: Desk):
    row = desk.card(warnings=BLOCKS)
    anna = desk.browser("anna")
    page = anna.get(f"/card/{row.id}").text
    assert f"/card/{row.id}/approve" not in page
    assert f"/card/{row.id}?edit=1" in page
    answer = anna.decide(row, "approve", shown=[r for r in desk.rows() if r.card == row.id], checked="1", comment="called them")
    assert answer.status_code == 403
    assert "Something is missing here, as the red warning says" in answer.text
    assert desk.row(row.id).state == "proposed"


def test_whoever_comes_second_reads_who_was_faster(desk: Desk):
    approved, rejected = desk.cards("one", "two")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    shown = {row.id: [r for r in desk.rows() if r.card == row.id] for row in (approved, rejected)}
    anna.decide(approved, "approve")
    anna.decide(rejected, "reject", reason="no")
    for row, said in ((approved, "Anna has approved this already."), (rejected, "Anna has rejected this already.")):
        answer = ole.decide(row, "approve", shown=shown[row.id])
        assert answer.status_code == 409
        assert said in answer.text


def test_a_card_that_is_held_back_says_so_and_promises_no_time(desk: Desk):
    row = desk.card()
    with desk.runtime.database.write() as connection:
        office_state.set_stops(connection, Stops(office=True), "petra")
    anna = desk.browser("anna")
    assert "what is approved is held back" in anna.get(f"/card/{row.id}").text
    said = anna.decide(row, "approve").text
    assert "It waits until the stop is released." in said
    assert "Leaves in" not in said.partition("toast")[2]
    assert f"/card/{row.id}/take-back" in said


def leaves(desk: Desk, row: ActionRow, *, seconds: int) -> None:
    """What was approved on a card leaves in so many seconds."""
    set_columns(desk, row.card, not_before=utcnow() + timedelta(seconds=seconds))


def test_undo_is_offered_only_where_there_is_time_for_it(desk: Desk):
    first, second, third = desk.cards("one", "two", "three")
    anna = desk.browser("anna")
    for row, seconds in ((first, 60), (second, -1)):
        anna.decide(row, "approve")
        leaves(desk, row, seconds=seconds)
        page = anna.get(f"/card/{third.id}?did=approved&of={row.id}").text
        assert (f"/card/{row.id}/take-back" in page) is (seconds > 0)


def test_several_say_how_many_could_be_taken_back(desk: Desk):
    first, second = desk.cards("one", "two")
    anna = desk.browser("anna")
    for row in (first, second):
        anna.decide(row, "approve")
    leaves(desk, first, seconds=-1)
    leaves(desk, second, seconds=60)
    page = anna.get(f"/several?did={first.id},{second.id}").text
    assert f'name="card" value="{second.id}"' in page
    assert f'name="card" value="{first.id}"' not in page
    work(desk.runtime)
    assert desk.row(first.id).state == "done"
    answer = anna.post("/several/take-back", card=[str(first.id), str(second.id)]).text
    assert "1 taken back. 1 was done already." in html.unescape(answer)
    assert desk.row(second.id).state == "proposed"


def test_a_german_clerk_reads_all_this_in_german(desk: Desk):
    row = desk.card(warnings=BLOCKS)
    page = desk.browser("anna").client.get(f"/card/{row.id}", headers=GERMAN).text
    assert "Hier fehlt etwas: Ändern Sie es, dann lässt es sich freigeben." in html.unescape(page)
