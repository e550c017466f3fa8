"""Proposals and decisions: every decision is about exactly what was shown."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, NotFound, Stale
from kontorist.store import actions, audit, authority, deciding, ledger, proposing, resolving, voiding
from kontorist.store.authority import Who
from tests.store.offices import (
    ANNA,
    OLE,
    PETRA,
    approve,
    case,
    claim,
    edit,
    get,
    kinds,
    new_action,
    pass_time,
    propose,
    reject,
    take_in,
)

FOUR_EYES = {"by": ["service"], "count": 2}


def test_an_approval_is_about_exactly_what_was_shown(database) -> None:
    row = propose(database)
    for wrong in (replace(row, revision=2), replace(row, sha256="0" * 64)):
        with pytest.raises(Stale):
            approve(database, wrong)
    assert get(database, row.id).state == "proposed"
    assert approve(database, row) == ["approved"]
    with pytest.raises(Stale, match="approved already"):
        approve(database, row, who=OLE)


def test_nobody_else_may_decide(database) -> None:
    row = propose(database)
    for decide in (approve, reject):
        with pytest.raises(NotAllowed, match="petra may not decide"):
            decide(database, row, who=PETRA)
    with pytest.raises(NotAllowed):
        edit(database, row, {"text": "x"}, PETRA)
    with database.write() as connection, pytest.raises(NotAllowed):
        deciding.assign(connection, row.id, "petra", PETRA)
    assert get(database, row.id).state == "proposed"


def test_without_anybody_named_nobody_decides(database) -> None:
    row = propose(database, rule={})
    with pytest.raises(NotAllowed, match="nobody"):
        approve(database, row)


def test_several_decisions_are_one_or_none(database) -> None:
    one, two = propose(database), propose(database)
    with pytest.raises(Stale):
        approve(database, one, replace(two, revision=7))
    assert get(database, one.id).state == "proposed"


def test_an_edit_makes_the_next_revision_and_voids_approvals(database) -> None:
    row = propose(database)
    approve(database, row)
    new = edit(database, row, {"text": "Dear Mrs Meier"}, OLE)
    after = get(database, row.id)
    assert (after.revision, after.state, after.data) == (2, "proposed", {"text": "Dear Mrs Meier"})
    assert after.shown == new
    assert after.origins["text"] == ["person:ole"]
    assert claim(database) == []
    with pytest.raises(Stale):
        approve(database, row)
    with database.read() as connection:
        history = actions.history(connection, row.id)
    assert [(h["revision"], h["composed_by"], h["payload"]["text"]) for h in history] == [
        (1, "flow", "Dear customer"),
        (2, "ole", "Dear Mrs Meier"),
    ]


def test_what_is_shown_is_what_runs(database) -> None:
    """The payload is read in one way only: nothing in it can pretend to be another value."""
    tricky = {"text": {"$": "decimal", "v": "1e3"}, "more": [{"$": "dict"}]}
    row = propose(database, payload=tricky)
    approve(database, row)
    (claimed,) = claim(database)
    assert row.data == claimed.permit.payload == tricky


def test_four_eyes_are_two_people(database) -> None:
    row = propose(database, rule=FOUR_EYES)
    assert approve(database, row) == ["proposed"]
    with pytest.raises(Stale, match="waits for somebody else"):
        approve(database, row)
    assert claim(database) == []
    assert approve(database, row, who=OLE) == ["approved"]


def test_who_composed_it_is_not_the_second_pair_of_eyes(database) -> None:
    row = propose(database, rule=FOUR_EYES)
    edit(database, row, {"text": "mine"}, ANNA)
    row = get(database, row.id)
    with pytest.raises(NotAllowed, match="composed"):
        approve(database, row)
    assert approve(database, row, who=OLE) == ["proposed"]


def test_four_eyes_at_the_same_moment_see_each_other(database) -> None:
    row, states = propose(database, rule=FOUR_EYES), []
    together = threading.Barrier(2)

    def decide(who: Who) -> None:
        together.wait()
        states.extend(approve(database, row, who=who))

    people = [threading.Thread(target=decide, args=(w,)) for w in (ANNA, OLE)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(states) == ["approved", "proposed"]
    assert get(database, row.id).state == "approved"


@pytest.mark.parametrize("count", [0, -1, 1])
def test_a_rule_cannot_ask_for_nobody(database, count: int) -> None:
    row = propose(database, rule={"by": ["service"], "count": count})
    assert claim(database) == []
    assert approve(database, row) == ["approved"]


def test_a_warning_that_says_stop_asks_for_a_second_person_and_a_word(database) -> None:
    row = propose(database, warnings=[{"code": "iban", "text": "New IBAN", "stop": True}])
    with pytest.raises(NotAllowed, match="comment"):
        approve(database, row)
    assert approve(database, row, comment="called 0711 123") == ["proposed"]
    assert approve(database, row, who=OLE, comment="called too") == ["approved"]


def test_an_edit_that_brings_a_stop_asks_for_a_second_person(database) -> None:
    row = propose(database)
    edit(database, row, {"text": "pay elsewhere"}, ANNA, warnings=[{"code": "iban", "text": "New IBAN", "stop": True}])
    row = get(database, row.id)
    with pytest.raises(NotAllowed):
        approve(database, row, comment="I am sure")
    assert approve(database, row, who=OLE, comment="called") == ["proposed"]


def test_a_rejected_action_never_runs_and_frees_its_business_fact(database) -> None:
    row = propose(database, business_key="invoice 7")
    approve(database, row)
    reject(database, row)
    assert claim(database) == []
    with pytest.raises(Stale):
        approve(database, row)
    with pytest.raises(Stale):
        edit(database, row, {"text": "x"})
    assert propose(database, business_key="invoice 7").state == "proposed"


def test_a_decision_wakes_the_case(database) -> None:
    from kontorist.store import case_moves, leasing

    row = propose(database)
    with database.write() as connection:
        leasing.lease(connection, "w", 1, 60)
        case_moves.move(connection, [case_moves.Move(row.case_id, state="waiting")], "w")
    reject(database, row)
    assert case(database, row.case_id).state == "runnable"


def test_an_approval_is_taken_back_in_its_window(database) -> None:
    row = propose(database, rule={"by": ["service"], "undo": 60})
    approve(database, row)
    assert claim(database) == []
    with database.write() as connection:
        deciding.take_back(connection, row.id, ANNA)
    pass_time(database, row.id)
    assert claim(database) == []
    assert get(database, row.id).state == "proposed"
    assert approve(database, get(database, row.id)) == ["approved"]


def test_what_has_left_is_not_taken_back(database) -> None:
    row = propose(database)
    approve(database, row)
    claim(database)
    with database.write() as connection, pytest.raises(Stale, match="claimed"):
        deciding.take_back(connection, row.id, ANNA)


def test_a_card_with_a_withdrawn_part_can_be_taken_back(database) -> None:
    row = propose(database)
    propose(database, business_key="there")
    twin = propose(database, row.case_id, business_key="there", together_with=row.path)
    assert (twin.state, twin.card) == ("withdrawn", row.card)
    approve(database, row)
    with database.write() as connection:
        deciding.take_back(connection, row.id, ANNA)
    assert get(database, row.id).state == "proposed"


def test_an_expired_approval_does_not_count_and_can_be_given_again(database, monkeypatch) -> None:
    row = propose(database, rule={"by": ["service"], "expires": "7d"})
    approve(database, row)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "utcnow", lambda: utcnow() + timedelta(days=7, seconds=1))
        assert claim(database) == []
    after = get(database, row.id)
    assert (after.state, after.revision) == ("proposed", 2)
    assert "expired" in after.warnings[-1]["text"]
    assert approve(database, after) == ["approved"]


def test_four_eyes_far_apart_start_again(database) -> None:
    row = propose(database, rule={**FOUR_EYES, "expires": "0s"})
    approve(database, row)
    assert approve(database, row, who=OLE) == ["proposed"], "the first approval has expired"
    row = get(database, row.id)
    assert row.revision == 2
    approve(database, row)  # is not told that it has decided already


def test_the_same_invoice_twice_is_one_effect(database) -> None:
    first = propose(database, business_key="invoice 7 of Meier")
    second = propose(database, business_key="invoice 7 of Meier")
    assert second.state == "withdrawn"
    assert f"action {first.id}" in second.error
    with pytest.raises(Stale):
        approve(database, second)


def test_two_workers_with_the_same_invoice_make_one_proposal(database) -> None:
    ids, together, states = take_in(database, *(f"k{i}" for i in range(4))), threading.Barrier(4), []

    def work(case_id: int) -> None:
        together.wait()
        states.append(propose(database, case_id, path="post", business_key="invoice 7").state)

    workers = [threading.Thread(target=work, args=(i,)) for i in ids]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(states) == ["proposed", "withdrawn", "withdrawn", "withdrawn"]


def test_long_business_facts_that_begin_alike_are_different(database) -> None:
    assert propose(database, business_key="x" * 500 + "1").state == "proposed"
    assert propose(database, business_key="x" * 500 + "2").state == "proposed"
    assert propose(database, business_key="x" * 500 + "2").state == "withdrawn"


def test_a_broken_mail_in_a_business_fact_is_stored(database) -> None:
    row = propose(database, business_key="a\0\ud800", payload={"text": "b\0\udfff"}, sentence="c\0\ud900")
    assert row.business_key == "a\ufffd?"
    approve(database, row)
    assert claim(database)[0].permit.payload == {"text": "b\0\udfff"}


def test_an_edit_cannot_turn_one_invoice_into_another_that_is_booked(database) -> None:
    propose(database, business_key="invoice 8")
    row = propose(database, business_key="invoice 7")
    with pytest.raises(NotAllowed, match="already prepared"):
        edit(database, row, {"number": "8"}, business_key="invoice 8")
    edit(database, row, {"number": "9"}, business_key="invoice 9")
    assert propose(database, business_key="invoice 7").state == "proposed"
    assert propose(database, business_key="invoice 9").state == "withdrawn"


def test_proposing_the_same_step_again_gives_the_same_action(database) -> None:
    row = propose(database)
    again = propose(database, row.case_id, path=row.path, business_key=row.business_key)
    assert again == row


def test_a_group_an_assigned_person_and_the_escalation_may_decide(database) -> None:
    row = propose(database, rule={"by": ["service"], "due": "4h", "escalate": "petra"})
    assert authority.may_decide(row, ANNA)
    assert not authority.may_decide(row, PETRA)
    assert authority.may_decide(row, PETRA, utcnow() + timedelta(hours=5))
    deputy = Who("petra", frozenset({"accounting", "service"}))
    assert authority.may_decide(row, deputy)
    with database.write() as connection:
        deciding.assign(connection, row.id, "accounting", ANNA, "is about money")
    assert authority.may_decide(get(database, row.id), PETRA)


def test_only_what_is_open_is_handed_over(database) -> None:
    row = propose(database)
    reject(database, row)
    with database.write() as connection:
        deciding.assign(connection, row.id, "petra", ANNA)
    assert get(database, row.id).assigned is None
    assert "action.assigned" not in kinds(database, f"action:{row.id}")


def test_a_new_mail_in_the_thread_asks_for_a_new_decision(database) -> None:
    first, other = take_in(database, "a", thread=["<1@x>", "<2@x>"]), take_in(database, "b", thread=["<9@x>"])
    row, bystander = propose(database, first[0]), propose(database, other[0])
    approve(database, row, bystander)
    (new,) = take_in(database, "c", thread=["<2@x>"])
    mine = propose(database, new)
    with database.write() as connection:
        assert voiding.void_threads(connection, ["<2@x>", "nul\0"], new, "There is a new mail.") == 1
    after = get(database, row.id)
    assert (after.state, after.revision, after.warnings[-1]["text"]) == ("proposed", 2, "There is a new mail.")
    assert get(database, bystander.id).state == "approved"
    assert get(database, mine.id).revision == 1


def test_a_card_keeps_together_and_follows_its_leader(database) -> None:
    head = propose(database, rule={"by": ["accounting"]})
    part = propose(database, head.case_id, together_with=head.path, rule={"by": ["service"]})
    assert (part.card, part.rule["by"]) == (head.id, ["accounting"])
    with database.read() as connection:
        assert [r.id for r in actions.card(connection, part.id)] == [head.id, part.id]
    approve(database, head, part, who=PETRA)
    (claimed,) = claim(database)
    assert claimed.row.id == head.id
    claimed.permit.commit()
    ledger.done(database, claimed, {"file": "x"})
    assert [c.row.id for c in claim(database)] == [part.id]


def test_several_at_once_share_the_cards_of_their_leaders_as_one_by_one(database) -> None:
    heads = [propose(database, rule={"by": ["accounting"], "due": "4h", "undo": 60}) for _ in range(3)]
    rule = {"by": ["service"], "undo": 5}
    new = [
        new_action(database, h.case_id, together_with=h.path, path=f"part-{h.id}", business_key=f"part-{h.id}", rule=rule)
        for h in heads
    ]
    new.append(new_action(database, heads[0].case_id, path="alone", business_key="alone"))
    new.append(new_action(database, heads[1].case_id, path="late", business_key="late", together_with="part-of-nothing"))
    new.append(new_action(database, heads[2].case_id, path="next", business_key="next", together_with=f"part-{heads[2].id}"))
    taken = new_action(database, heads[2].case_id, path="again", business_key=f"part-{heads[0].id}", together_with=heads[2].path)
    with database.write() as connection:
        made = proposing.propose_many(connection, [*new, taken])
    parts, (alone, late, following, again) = made[:3], made[3:]
    assert [(p.card, p.rule["by"], p.rule["undo"], p.state) for p in parts] == [
        (h.id, ["accounting"], 5, "proposed") for h in heads
    ]
    assert [(a.card, a.rule["by"]) for a in (alone, late)] == [(alone.id, ["service"]), (late.id, ["service"])]
    assert (following.card, following.rule["by"]) == (heads[2].id, ["accounting"])
    assert (again.card, again.state, again.error) == (heads[2].id, "withdrawn", proposing._TAKEN.format(parts[0].id))
    for row in made:
        stored = get(database, row.id)
        assert (stored.card, stored.rule, stored.payload, stored.state, stored.due) == (
            row.card,
            row.rule,
            row.payload,
            row.state,
            row.due,
        )
    with database.read() as connection:
        assert [r.id for r in actions.card(connection, heads[2].id)] == sorted([heads[2].id, parts[2].id, following.id, again.id])


def uncertain(database):
    row = propose(database)
    approve(database, row)
    (claimed,) = claim(database)
    claimed.permit.commit()
    ledger.uncertain(database, claimed.row, claimed.permit.attempt, "The line went dead.")
    return get(database, row.id)


def test_an_uncertain_action_waits_for_a_person(database) -> None:
    row = uncertain(database)
    assert (row.state, row.error) == ("uncertain", "The line went dead.")
    assert claim(database) == []
    for decide in (approve, reject):
        with pytest.raises(Stale):
            decide(database, row)
    with database.write() as connection, pytest.raises(NotAllowed):
        resolving.resolve(connection, row.shown, PETRA, happened=True, comment="")
    with database.write() as connection:
        resolving.resolve(connection, row.shown, ANNA, happened=True, comment="It is in the sent folder.")
    after = get(database, row.id)
    assert (after.state, after.receipt["evidence"]["stated_by"]) == ("done", "anna")
    with database.write() as connection, pytest.raises(Stale):
        resolving.resolve(connection, row.shown, OLE, happened=False, comment="")


def test_an_uncertain_action_that_did_not_happen_needs_a_new_approval(database) -> None:
    row = uncertain(database)
    with database.write() as connection:
        resolving.resolve(connection, row.shown, ANNA, happened=False, comment="Nothing there.")
    assert claim(database) == []
    after = get(database, row.id)
    assert (after.state, after.revision) == ("proposed", 2)
    approve(database, after)
    assert claim(database)[0].permit.key == row.key, "the idempotency key stays the same"


def test_a_refused_action_can_be_approved_again_by_the_same_person(database) -> None:
    row = propose(database)
    approve(database, row)
    (claimed,) = claim(database)
    ledger.refused(database, claimed, "No such address.")
    refused = get(database, row.id)
    assert (refused.state, refused.error) == ("refused", "No such address.")
    assert claim(database) == []
    assert approve(database, refused) == ["approved"]
    assert len(claim(database)) == 1


def test_every_decision_is_kept_and_in_the_audit_chain(database) -> None:
    row = propose(database, rule=FOUR_EYES)
    approve(database, row)
    reject(database, row, who=OLE)
    with database.read() as connection:
        given = actions.decisions(connection, row.id)
    assert [(d["person"], d["decision"], d["sha256"]) for d in given] == [
        ("anna", "approve", row.sha256),
        ("ole", "reject", row.sha256),
    ]
    assert kinds(database, f"action:{row.id}") == ["action.proposed", "action.approved", "action.rejected"]


def test_an_unknown_action_is_named(database) -> None:
    with database.read() as connection, pytest.raises(NotFound, match="no action 99"):
        actions.get(connection, 99)


def test_several_proposals_at_once_are_what_one_after_the_other_would_be(database) -> None:
    """Two of them are the same fact: the second is withdrawn, and says which one stands."""
    of_cases = zip(take_in(database, "1", "2", "3", "4"), ("a", "a", "b", "b"), strict=True)
    *new, late = [new_action(database, case_id, business_key=key) for case_id, key in of_cases]
    with database.write() as connection:
        first, twin, other = proposing.propose_many(connection, new)
        assert proposing.propose(connection, late)[1] == other.id
    assert [r.state for r in (first, twin, other)] == ["proposed", "withdrawn", "proposed"]
    assert str(first.id) in (get(database, twin.id).error or "")
    assert first == get(database, first.id), "what is given back is what is stored"
    assert [r.card for r in (first, twin, other)] == [first.id, twin.id, other.id]
    assert kinds(database, f"action:{other.id}") == ["action.proposed"]
    with database.read() as connection:
        assert [h["composed_by"] for h in actions.history(connection, other.id)] == ["flow"]
        assert audit.verify(connection).problem == ""


def test_an_action_named_twice_in_one_approval_is_approved_by_nobody(database) -> None:
    first, second = propose(database), propose(database)
    with pytest.raises(Stale):
        approve(database, first, second, first)
    assert [get(database, row.id).state for row in (first, second)] == ["proposed", "proposed"]


def test_an_edit_of_the_amount_or_of_any_field_that_counts_asks_for_a_second_person(database) -> None:
    varies = {"by": ["service"], "count": 1, "varies": ["order"]}
    payload = {"order": "7", "text": "x", "amount": "100"}
    for change, people in (({"text": "y"}, 1), ({"amount": "90000"}, 2), ({"order": "8"}, 2)):
        row = propose(database, rule=varies, payload=payload)
        edit(database, row, {**payload, **change}, ANNA)
        assert authority.needed(get(database, row.id)) == people


def test_what_shares_a_card_with_such_an_action_asks_for_it_at_any_edit(database) -> None:
    lead = propose(database, rule={"by": ["service"], "count": 1, "varies": ["order"]}, path="lead")
    row = propose(database, path="other", together_with="lead", case_id=lead.case_id)
    edit(database, row, {"text": "y"}, ANNA)
    assert authority.needed(get(database, row.id)) == 2
