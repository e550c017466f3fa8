"""Decisions: each about exactly what was shown, by those who may, and by POST only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.offices import ANNA, approve, arrive, reject, work
from tests.inbox.desks import FLOWS, Desk, make_desk
from tests.inbox.test_list import set_columns


def states(desk: Desk, row) -> list[str]:
    return [r.state for r in desk.rows() if r.card == row.card]


def unclear_case(desk: Desk) -> int:
    (case_id,) = arrive(desk.runtime, "sort", "something odd")
    work(desk.runtime)
    return case_id


def test_one_approval_is_about_everything_on_the_card(desk: Desk):
    row = desk.card()
    answer = desk.browser("anna").decide(row, "approve")
    assert answer.status_code == 200
    assert states(desk, row) == ["approved", "approved"]


def test_after_a_decision_the_next_card_comes(desk: Desk):
    first, second, third = desk.cards("one", "two", "three")
    browser = desk.browser("anna")
    assert browser.decide(second, "approve").url.path == f"/card/{third.id}"
    assert browser.decide(third, "reject", reason="no").url.path == f"/card/{first.id}"
    assert browser.decide(first, "approve").url.path == "/"


def test_a_form_without_the_token_of_the_session_is_refused(desk: Desk):
    row = desk.card()
    browser, before = desk.browser("anna"), desk.snapshot()
    mark = f"{row.id}:{row.revision}:{row.sha256}"
    for token in ({}, {"csrf": ""}, {"csrf": desk.browser("ole").csrf()}):
        answer = browser.client.post(f"/card/{row.id}/approve", data={"shown": mark, **token})
        assert answer.status_code == 403
    assert desk.row(row.id).state == "proposed"
    assert desk.snapshot()["approvals"] == before["approvals"]


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_form_from_another_site_is_refused_even_with_the_token(desk: Desk, header: dict[str, str]):
    row = desk.card()
    browser = desk.browser("anna")
    fields = {"csrf": browser.csrf(), "shown": f"{row.id}:{row.revision}:{row.sha256}"}
    assert browser.client.post(f"/card/{row.id}/approve", data=fields, headers=header).status_code == 403
    assert desk.row(row.id).state == "proposed"


@pytest.mark.parametrize("what", ["approve", "reject", "edit", "hand-over"])
def test_a_stale_version_is_not_decided_and_the_new_one_is_shown(desk: Desk, what: str):
    row = desk.card()
    ole, anna = desk.browser("ole"), desk.browser("anna")
    old = [r for r in desk.rows() if r.card == row.card]
    ole.decide(row, "edit", **{f"a{row.id}.content": "the new text", f"a{row.id}.content.is": "line", "save": "1"})
    assert desk.row(row.id).revision == 2
    answer = anna.decide(
        row, what, shown=old, reason="no", to="ole", **{f"a{row.id}.content": "mine", f"a{row.id}.content.is": "line"}
    )
    assert answer.status_code == 409
    assert "the new text" in answer.text
    assert desk.row(row.id).state == "proposed"
    assert desk.row(row.id).revision == 2


def test_a_decision_that_came_first_wins(desk: Desk):
    row = desk.card()
    shown = [r for r in desk.rows() if r.card == row.card]
    reject(desk.runtime, *shown)
    assert desk.browser("anna").decide(row, "approve", shown=shown).status_code == 409
    assert states(desk, row) == ["rejected", "rejected"]


def test_a_part_of_a_card_cannot_be_approved_alone(desk: Desk):
    row = desk.card()
    assert desk.browser("anna").decide(row, "approve", shown=[row]).status_code == 409
    assert states(desk, row) == ["proposed", "proposed"]


def test_looking_changes_nothing(desk: Desk):
    rows = [*desk.cards("one", "two"), *desk.cards("We order", flow="sort")]
    approve(desk.runtime, *[r for r in desk.rows() if r.card == rows[0].card])
    browsers = [desk.browser(n) for n in ("anna", "petra")]
    before = desk.snapshot()
    paths = [
        "/",
        "/?tab=others",
        "/?tab=unclear",
        "/?tab=failed",
        "/?tab=done",
        "/?q=one",
        "/counts",
        "/health",
        "/admin",
        "/sign-in",
    ]
    for number in (1, 2, 3):
        paths += [f"/case/{number}", f"/case/{number}/document/0", f"/card/{number}", f"/card/{number}?edit=1"]
        paths += [f"/card/{number}/{w}" for w in ("approve", "reject", "edit", "hand-over", "take-back", "resolve")]
        paths += [f"/case/{number}/{w}" for w in ("answer", "retry", "close")]
    for browser in browsers:
        for path in [*paths, "/sign-out", "/language", "/admin/stops"]:
            browser.get(path)
            browser.client.head(path)
        assert browser.get("/").status_code == 200  # still signed in
    assert desk.snapshot() == before


def test_people_who_may_not_decide_are_refused(desk: Desk):
    row = desk.card()
    for name in ("petra", "karl"):
        browser = desk.browser(name)
        shown = [r for r in desk.rows() if r.card == row.card]
        fields = {"reason": "no", "to": "ole", f"a{row.id}.content": "mine", f"a{row.id}.content.is": "line", "shown": shown}
        for what in ("approve", "reject", "edit", "hand-over"):
            answer = browser.decide(row, what, **fields)
            assert answer.status_code == 403, (name, what)
    assert states(desk, row) == ["proposed", "proposed"]
    assert desk.row(row.id).revision == 1


def test_an_auditor_sees_everything_and_changes_nothing(desk: Desk):
    row = desk.card()
    unclear = unclear_case(desk)
    browser = desk.browser("karl")
    before = desk.snapshot()
    assert browser.get(f"/card/{row.id}").status_code == 200
    assert browser.get("/admin").status_code == 200
    for path, fields in [(f"/case/{unclear}/answer", {"choice": "order", "path": "topic"}), (f"/case/{unclear}/retry", {}),
                         (f"/case/{unclear}/close", {"reason": "x"}), ("/admin/stops", {"office": "1"})]:  # fmt: skip
        assert browser.post(path, **fields).status_code == 403, path
    assert desk.snapshot() == before


def test_a_deputy_decides_while_the_other_is_away(desk: Desk):
    assert "Jens" not in desk.browser("petra").get("/").text
    desk.runtime.office.settings.people["jens"].away = ["2000-01-01..2100-01-01"]
    row = desk.card()
    browser = desk.browser("petra")
    assert "Jens" in browser.get("/").text
    browser.decide(row, "approve")
    assert states(desk, row) == ["approved", "approved"]


def test_four_eyes_are_two_people(desk: Desk):
    (row,) = desk.cards("big", flow="four-eyes")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    anna.decide(row, "approve")
    assert desk.row(row.id).state == "proposed"
    assert f"/card/{row.id}" not in anna.get("/").text  # not hers any more
    assert anna.decide(row, "approve", shown=[row]).status_code == 409
    ole.decide(row, "approve")
    assert desk.row(row.id).state == "approved"


def test_who_composed_a_version_does_not_approve_it_where_four_eyes_are_asked_for(desk: Desk):
    (row,) = desk.cards("big", flow="four-eyes")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    anna.decide(row, "edit", approve="1", **{f"a{row.id}.content": "mine", f"a{row.id}.content.is": "line"})
    new = desk.row(row.id)
    assert (new.data["content"], new.state) == ("mine", "proposed")
    assert anna.decide(new, "approve", shown=[new]).status_code == 403
    ole.decide(new, "approve")
    assert desk.row(row.id).state == "proposed"  # ole is one person; somebody else who did not compose it is still needed


def test_a_stop_warning_needs_a_tick_and_a_word(desk: Desk):
    row = desk.card(warnings=[{"code": "iban", "text": "The IBAN is new", "stop": True}])
    browser = desk.browser("anna")
    assert 'class="alert" role="alert"' in browser.get(f"/card/{row.id}").text
    assert browser.decide(row, "approve").status_code == 403
    assert browser.decide(row, "approve", comment="called").status_code == 403
    assert desk.row(row.id).state == "proposed"
    browser.decide(row, "approve", comment="called back on the known number", checked="1")
    assert desk.row(row.id).state == "approved"


def test_an_edit_is_approved_at_once_when_nothing_else_changed(desk: Desk):
    row = desk.card("hello")
    answer = desk.browser("anna").decide(
        row, "edit", approve="1", **{f"a{row.id}.content": "changed", f"a{row.id}.content.is": "line"}
    )
    assert answer.url.path == "/"
    new = desk.row(row.id)
    assert (new.revision, new.data["content"], new.state, new.origins["content"]) == (2, "changed", "approved", ["person:anna"])


def test_an_edit_that_changes_what_was_not_written_is_shown_first(desk: Desk):
    row = desk.card("hello")
    name = {f"a{row.id}.name": "../../etc/hello?.txt", f"a{row.id}.name.is": "line"}
    answer = desk.browser("anna").decide(row, "edit", approve="1", **name)
    assert answer.url.path == f"/card/{row.id}"
    new = desk.row(row.id)
    assert new.state == "proposed"
    assert new.data["name"] != "../../etc/hello?.txt"  # made safe by the connector: not what the person wrote


def test_an_edit_that_cannot_be_done_comes_back_with_what_was_written(desk: Desk):
    row = desk.card("hello")
    fields = {f"a{row.id}.folder": "../outside", f"a{row.id}.folder.is": "line"}
    answer = desk.browser("anna").decide(row, "edit", approve="1", **fields)
    assert answer.status_code == 422
    assert 'value="../outside"' in answer.text
    assert desk.row(row.id).revision == 1


def test_what_somebody_changed_can_be_seen(desk: Desk):
    row = desk.card("one two three")
    browser = desk.browser("anna")
    browser.decide(row, "edit", save="1", **{f"a{row.id}.content": "one 2 three", f"a{row.id}.content.is": "line"})
    page = browser.get(f"/card/{row.id}").text
    assert "<del>two</del><ins>2</ins>" in page


def test_a_rejection_needs_a_reason(desk: Desk):
    row = desk.card()
    browser = desk.browser("anna")
    assert browser.decide(row, "reject").status_code == 403
    assert states(desk, row) == ["proposed", "proposed"]
    browser.decide(row, "reject", usual="Wrong content")
    assert states(desk, row) == ["rejected", "rejected"]
    work(desk.runtime)
    assert not (desk.runtime.data_dir / "shelf").exists()


def test_a_card_is_handed_over_to_somebody_who_may_then_decide(desk: Desk):
    row = desk.card()
    desk.browser("anna").decide(row, "hand-over", to="accounting", comment="please look")
    petra = desk.browser("petra")
    assert f"/card/{row.id}" in petra.get("/").text
    petra.decide(row, "approve")
    assert states(desk, row) == ["approved", "approved"]
    assert desk.browser("anna").decide(desk.card("two"), "hand-over", to="nobody").status_code == 403


def test_an_approval_is_taken_back_within_the_window(desk: Desk):
    row = desk.card()
    browser = desk.browser("anna")
    browser.decide(row, "approve")
    assert f'action="/card/{row.id}/take-back"' in browser.get(f"/card/{row.id}").text
    browser.post(f"/card/{row.id}/take-back")
    assert states(desk, row) == ["proposed", "proposed"]
    approve(desk.runtime, *[r for r in desk.rows() if r.card == row.card], who=ANNA)
    work(desk.runtime)
    assert states(desk, row) == ["done", "done"]
    assert browser.post(f"/card/{row.id}/take-back").status_code == 409


def test_an_uncertain_action_is_settled_with_a_word_on_how_that_is_known(desk: Desk):
    row = desk.card(state="uncertain", error="The connection broke after the last byte.")
    browser = desk.browser("anna")
    assert "broke after the last byte" in browser.get(f"/card/{row.id}").text
    assert browser.decide(row, "resolve", shown=[row], happened="yes").status_code == 403
    browser.decide(row, "resolve", shown=[row], happened="yes", comment="It lies on the shelf.")
    assert desk.row(row.id).state == "done"
    assert "outputs" not in desk.row(row.id).receipt, "what came of it is found out when its case goes on"


def test_what_nobody_can_know_of_a_settled_action_is_asked_on_its_case(tmp_path: Path):
    desk = make_desk(
        tmp_path,
        flows={
            "keep": FLOWS["keep"]
            .replace("content: saved", 'content: "{{ keep.number }}"')
            .replace("{together_with: keep}", "{by: service}")
        },
    )
    row = desk.card("hello", state="uncertain", error="The connection broke.")
    browser = desk.browser("anna")
    browser.decide(row, "resolve", shown=[row], happened="yes", comment="It lies on the shelf.")
    work(desk.runtime)
    page = browser.get(f"/case/{row.case_id}").text
    assert 'name="field.number"' in page
    assert "needs “number” of “keep”" in page
    browser.post(f"/case/{row.case_id}/answer", path="keep+1", **{"field.number": "4711"})
    work(desk.runtime)
    assert next(r for r in desk.rows() if r.path == "note").data["content"] == "4711"
    assert browser.get(f"/case/{row.case_id}/path").status_code == 200
    desk.runtime.close()


def test_numbers_that_nobody_gave_out_are_no_mistake_of_ours(desk: Desk):
    row = desk.card()
    browser = desk.browser("anna")
    large = "9" * 30
    for path in (f"/card/{large}", f"/case/{large}", f"/case/{large}/document/{large}", f"/api/v1/cards/{large}"):
        assert browser.get(path).status_code == 404, path
    for path in ("/several?did=²", f"/card/{row.id}?did=approved&of=²", f"/several?did={large}", "/hand-in?case=²&before=²"):
        assert browser.get(path).status_code in (200, 404), path
    assert browser.post(f"/card/{row.id}/approve", shown="²:1:x").status_code == 409
    assert browser.post("/several/approve", card="²").status_code == 200
    assert browser.post("/several/approve", card=str(row.id), of="²:1:1:x").status_code == 409
    assert browser.post("/several/take-back", card="²").status_code == 200
    many = {f"field{i}": "" for i in range(6000)}
    assert browser.post(f"/card/{row.id}/reject", **many).status_code == 403
    assert desk.row(row.id).state == "proposed"


def test_whoever_is_alone_with_a_card_for_two_hands_it_over_or_rejects_it_after_all(desk: Desk):
    rule = {"by": ["petra"], "count": 2, "expires": "7d", "undo": 15}
    first, second = desk.cards("one", "two")
    for row in (first, second):
        set_columns(desk, row.id, rule=rule, deciders="|petra|", eyes=2)
    petra, ole = desk.browser("petra"), desk.browser("ole")
    for row in (first, second):
        petra.decide(row, "approve")
    page = petra.get(f"/card/{first.id}").text
    assert "Nobody else may decide this" in page
    assert "/approve" not in page
    petra.decide(first, "hand-over", to="ole", comment="please look, too")
    assert "Nobody else may decide this" not in petra.get(f"/card/{first.id}").text
    ole.decide(first, "approve")
    petra.decide(second, "reject", reason="I looked again")
    assert [desk.row(r.id).state for r in (first, second)] == ["approved", "rejected"]
