"""A reminder is told of payments to the items that it takes to be unpaid, whichever of the two was prepared first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from kontorist.core.clock import utcnow
from kontorist.core.open_items import item_key, item_keys
from kontorist.store import ledger, proposing, settling, tables
from tests.store.offices import approve, claim, edit, get, new_action, propose, reject

ITEM, OTHER = item_key("10004", "R26-3091"), item_key("10004", "R26-3099")


def pays(database, *keys, **values):
    return propose(database, rests_on={"settles": list(keys)}, sentence="Post 887.33 EUR", **values)


def reminds(database, *keys, **values):
    return propose(database, rests_on={"unpaid": list(keys)}, sentence="Remind of it", **values)


def told(database, row):
    return [w["card"] for w in get(database, row.id).warnings if w["code"] == settling.CODE]


def test_items_are_named_by_account_and_number():
    assert item_keys(10004, ["R1", " R1 ", "", None, "R2"]) == ["10004/R1", "10004/R2"]
    assert item_keys("10004", "R1") == ["10004/R1"]


def test_a_reminder_after_the_payment_is_told_of_it(database):
    payment, reminder = pays(database, ITEM), reminds(database, ITEM)

    assert told(database, reminder) == [payment.card]
    assert reminder.warnings[0]["text"] == (
        f"There is a payment that is not considered here, card {payment.card}: Post 887.33 EUR"
    )
    assert reminder.revision == 1


@pytest.mark.parametrize("approved", [False, True])
def test_a_payment_after_the_reminder_asks_for_a_new_decision(database, approved):
    reminder = reminds(database, ITEM, OTHER)
    if approved:
        approve(database, reminder)
    payment = pays(database, ITEM)
    after = get(database, reminder.id)

    assert (after.state, after.revision, told(database, reminder)) == ("proposed", 2, [payment.card])
    second = pays(database, OTHER)
    assert told(database, reminder) == [payment.card, second.card]


def test_others_are_not_disturbed(database):
    bystander, reminder = reminds(database, OTHER), reminds(database, item_key("20004", "R26-3091"))
    pays(database, ITEM)

    assert get(database, bystander.id).revision == get(database, reminder.id).revision == 1


def test_a_payment_that_was_rejected_or_is_known_by_now_is_not_told(database):
    reject(database, pays(database, ITEM))
    old = pays(database, OTHER)
    approve(database, old)
    (claimed,) = claim(database)
    claimed.permit.commit()
    assert ledger.done(database, claimed, {"file": "x"}, {})

    assert told(database, reminds(database, ITEM)) == []
    assert told(database, reminds(database, OTHER)) == [old.card]
    with database.write() as connection:
        connection.execute(
            update(tables.actions).where(tables.actions.c.id == old.id).values(updated=utcnow() - timedelta(days=15))
        )
    assert told(database, reminds(database, OTHER)) == []


def test_a_person_who_corrects_what_was_paid_has_the_reminder_told(database):
    payment, reminder = pays(database, OTHER), reminds(database, ITEM)
    assert told(database, reminder) == []
    edit(database, payment, {"text": "for the other one"}, rests_on={"settles": [ITEM]})

    assert told(database, reminder) == [payment.card]


def test_many_at_once_are_told_as_one_alone_is(database):
    payment = pays(database, ITEM)
    with database.write() as connection:
        (row,) = proposing.propose_many(connection, [new_action(database, payment.case_id, rests_on={"unpaid": [ITEM]})])

    assert told(database, row) == [w["card"] for w in row.warnings] == [payment.card]
