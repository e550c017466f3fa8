"""Facts about the office as a whole, and what a step of a case may see."""

from __future__ import annotations

import threading
from dataclasses import replace

from kontorist.store import corrections, office_state
from kontorist.store.cases import Case, Entry
from kontorist.store.context import arrived, origins_of, scope_of, values_of
from kontorist.store.office_state import Stops
from tests.store.offices import ANNA, case, edit, kinds, propose, reject, take_in


def test_facts_are_stored_and_replaced(database) -> None:
    with database.write() as connection:
        assert office_state.get(connection, "x") is None
        for value in (1, {"a": [None]}, None):
            office_state.put(connection, "x", value)
            assert office_state.get(connection, "x") == value


def test_the_same_fact_at_the_same_moment(database) -> None:
    together = threading.Barrier(3)

    def put(value: int) -> None:
        together.wait()
        with database.write() as connection:
            office_state.put(connection, "x", value)

    writers = [threading.Thread(target=put, args=(i,)) for i in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with database.read() as connection:
        assert office_state.get(connection, "x") in (0, 1, 2)


def test_the_stop_button_is_remembered_and_in_the_audit_chain(database) -> None:
    with database.read() as connection:
        assert office_state.stops(connection) == Stops()
    pressed = Stops(False, ("orders",), ("bank",))
    with database.write() as connection:
        office_state.set_stops(connection, pressed, "petra")
        assert office_state.stops(connection) == pressed
    assert (pressed.hits("orders", "x"), pressed.hits("x", "bank"), pressed.hits("x", "y")) == (True, True, False)
    assert kinds(database, "office") == ["office.stops"]


def test_a_heartbeat_keeps_when_it_last_went_well(database) -> None:
    with database.write() as connection:
        office_state.beat(connection, "mail")
        well = office_state.heartbeats(connection)["mail"]
        office_state.beat(connection, "mail", "The password is wrong.")
        ill = office_state.heartbeats(connection)["mail"]
    assert (well["ok"], well["problem"]) == (well["at"], "")
    assert (ill["ok"], ill["problem"]) == (well["ok"], "The password is wrong.")


def test_passes_are_noted_with_their_page(database) -> None:
    with database.write() as connection:
        office_state.begin_pass(connection, "run-1", "http://127.0.0.1/run-1")
        office_state.end_pass(connection, "run-1", {"taken_in": 3})
        assert office_state.pass_url(connection, "run-1") == "http://127.0.0.1/run-1"
        assert office_state.pass_url(connection, "other") == ""


def test_corrections_are_kept_for_the_agents(database) -> None:
    row = propose(database)
    edit(database, row, {"text": "better"})
    other = propose(database)
    reject(database, other)
    with database.write() as connection:
        corrections.keep(connection, row.case_id, "f" * 100 + "/" + "p" * 200, "edit", {"a": "\0"}, {}, ANNA.name)
        found = corrections.newest(connection)
    (kept,) = found[f"orders/{row.path}"]
    expected = {
        "kind": "edit",
        "given": {"text": "Dear customer"},
        "corrected": {"text": "better"},
        "customer": "",
        "case": row.case_id,
    }
    assert kept == expected | {"id": kept["id"]}
    assert found[f"orders/{other.path}"][0]["kind"] == "reject"
    assert len(found) == 3


def journalled(database, *entries: Entry) -> Case:
    (case_id,) = take_in(database, "k", data={"mail": {"text": "hello"}})
    return replace(case(database, case_id), journal={e.path: e for e in entries})


def entry(path: str, output: object, kind: str = "agent", **info: object) -> Entry:
    return Entry(path, 0, path.rsplit("/", 1)[-1].rsplit("#", 1)[-1], kind, "orders", output, info=info)


def test_a_step_sees_what_arrived_and_what_came_before(sqlite) -> None:
    found = journalled(sqlite, entry("topic", "order"), entry("names", {"a": 1, "b": 2}, "set"))
    values = values_of(found, "next")
    assert (values["mail"], values["topic"], values["a"], values["b"]) == ({"text": "hello"}, "order", 1, 2)
    assert values["case"]["id"] == found.id
    assert {"documents", "now", "today"} <= set(arrived(found))


def test_names_in_one_round_of_a_list_are_not_seen_in_the_next(sqlite) -> None:
    found = journalled(sqlite, entry("topic", "order"), entry("lines#0/price", 1), entry("lines#1/price", 2))
    assert values_of(found, "lines#0/post")["price"] == 1
    assert values_of(found, "lines#1/post")["price"] == 2
    assert values_of(found, "lines#1/post")["topic"] == "order"
    assert "price" not in values_of(found, "after")


def test_a_used_flow_sees_only_what_it_was_given(sqlite) -> None:
    given = entry("hand>/", {"number": "4711"}, "use")
    found = journalled(sqlite, entry("secret", "x"), given, entry("hand>/order", "row"))
    values = values_of(found, "hand>/reply")
    assert (values["number"], values["order"]) == ("4711", "row")
    assert "secret" not in values
    assert scope_of("hand>/order") == "hand>/"
    assert scope_of("a#3/b#1/c") == "a#3/b#1/"
    assert scope_of("plain") == ""


def test_origins_follow_the_names(sqlite) -> None:
    found = journalled(
        sqlite, entry("topic", "order", origins=["model"]), entry("names", {"a": 1}, "set", origins={"a": ["erp"], "b": ["x"]})
    )
    origins = origins_of(found, "next")
    assert (origins["mail"], origins["topic"], origins["a"]) == (["sender"], ["model"], ["erp"])
