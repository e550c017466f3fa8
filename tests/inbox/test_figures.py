"""Figures: counted from what happened, measured where they are about time, and never about a person."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from kontorist.core.clock import utcnow
from kontorist.inbox import charts
from kontorist.inbox.figures import Bar, Figures, Report
from kontorist.inbox.looking import Presence
from kontorist.store import figure_days, handling, tables
from kontorist.store import figures as store
from kontorist.store.actions import ActionRow
from kontorist.store.figures import Day, quantile
from tests.inbox.desks import Desk

BERLIN = ZoneInfo("Europe/Berlin")


def report(desk: Desk, period: str = "7d", people_at_least: int = 1) -> Report:
    return Figures().report(desk.runtime.database, period, BERLIN, people_at_least)


def measured(desk: Desk, outcome: str, *seconds: int, flow: str = "keep") -> None:
    day = utcnow().astimezone(BERLIN).date().isoformat()
    with desk.runtime.database.write() as connection:
        for each in seconds:
            connection.execute(tables.handling.insert().values(day=day, flow=flow, outcome=outcome, seconds=each))


def test_every_card_counts_once_by_how_it_was_decided(desk: Desk):
    first, second, third, _open = desk.cards("one", "two", "three", "four")
    anna = desk.browser("anna")
    anna.decide(first, "approve")
    anna.decide(second, "edit", **{f"a{second.id}.content": "better", f"a{second.id}.content.is": "1", "approve": "1"})
    anna.decide(third, "reject", reason="no")
    desk.cards("what is this", flow="sort")
    found = report(desk)
    keep = next(x for x in found.lines if x.flow == "keep")
    assert (keep.day.arrived, keep.day.prepared, keep.day.unchanged, keep.day.edited, keep.day.rejected, keep.open) == (
        4,
        4,
        1,
        1,
        1,
        1,
    )
    assert next(x for x in found.lines if x.flow == "sort").day.unclear == 1
    assert (found.total.day.arrived, found.total.day.unclear, found.total.approved) == (5, 1, 2)
    assert sum(b.day.unchanged for b in found.bars) == 1
    assert found.total.oldest is not None


def test_of_two_pairs_of_eyes_the_second_counts_and_once(desk: Desk):
    (row,) = desk.cards("two", flow="four-eyes")
    desk.browser("anna").decide(row, "approve")
    assert report(desk).total.decided == 0
    desk.browser("ole").decide(row, "approve")
    found = report(desk)
    assert (found.total.day.unchanged, found.total.decided) == (1, 1)


def test_what_was_taken_back_was_not_decided(desk: Desk):
    row = desk.card("one")
    desk.browser("anna").decide(row, "approve")
    desk.browser("anna").post(f"/card/{row.id}/take-back")
    assert report(desk).total.decided == 0


def test_an_evening_belongs_to_the_office_s_own_day(desk: Desk):
    desk.card("late")
    evening = utcnow().replace(hour=22, minute=30) - timedelta(
        days=3
    )  # after midnight in Berlin, in summer and in winter at 23:30 only
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(created=evening))
    (bar,) = [b for b in report(desk).bars if b.day.arrived]
    assert bar.start == evening.astimezone(BERLIN).date()


def decided(desk: Desk, minutes: int, person: str) -> None:
    """A card that was approved so long after it was prepared."""
    row = desk.card(f"after {minutes}")
    prepared = utcnow() - timedelta(minutes=minutes)
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.actions).where(tables.actions.c.id == row.id).values(created=prepared))
    desk.browser(person).decide(desk.row(row.id), "approve")


def test_figures_about_time_need_enough_people_and_enough_cards(desk: Desk):
    for minutes in (10, 20, 30, 40):
        decided(desk, minutes, "anna" if minutes % 20 else "ole")
    assert report(desk, people_at_least=2).total.minutes is None
    decided(desk, 50, "anna")
    decided(desk, 60, "ole")
    assert report(desk, people_at_least=3).total.minutes is None
    median, p90 = report(desk, people_at_least=2).total.minutes
    assert (round(median), round(p90)) == (30, 60)


def test_time_saved_is_the_difference_of_what_was_measured(desk: Desk):
    row = desk.card("one")
    desk.browser("anna").decide(row, "approve")
    measured(desk, "approved", 5, 10, 10, 15, 20)
    assert report(desk).total.saved is None
    measured(desk, "edited", 100, 130, 130, 150, 900)
    saved = report(desk).total.saved
    assert (saved.unchanged, saved.by_hand, saved.measured) == (10, 130, 10)
    assert saved.hours == pytest.approx(120 / 3600)
    measured(desk, "edited", *([1] * 20))
    assert report(desk).total.saved.hours == 0.0  # never less than nothing


def test_how_long_a_card_was_open_is_kept_without_saying_whose_it_was(desk: Desk):
    row, anna = desk.card("one"), desk.browser("anna")
    desk.app.state.desk.presence.spent = lambda card, person: 12.4 if (card, person) == (row.id, "anna") else 0.0
    anna.decide(row, "approve")
    with desk.runtime.database.read() as connection:
        (kept,) = connection.execute(select(tables.handling)).all()
    assert (kept.flow, kept.outcome, kept.seconds) == ("keep", "approved", 12)
    assert set(tables.handling.c.keys()) == {"id", "day", "flow", "outcome", "seconds"}


def test_who_went_to_lunch_was_not_measured(desk: Desk):
    row = desk.card("one")
    with desk.runtime.database.write() as connection:
        handling.keep(connection, row.id, "approved", handling.LONGEST + 1, "Europe/Berlin")
        handling.keep(connection, row.id, "approved", 0.0, "Europe/Berlin")
        assert connection.execute(select(tables.handling)).all() == []


def test_only_the_time_in_which_the_page_says_that_it_is_open_counts(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr("kontorist.inbox.looking.time.monotonic", lambda: now[0])
    presence = Presence()
    for now[0] in (100.0, 110.0, 120.0, 400.0, 410.0):  # in the background for a while
        presence.note(7, "anna")
    now[0] = 415.0
    assert presence.spent(7, "anna") == pytest.approx(35.0)
    assert presence.spent(8, "anna") == 0.0


def test_cost_is_what_models_cost_in_the_steps_of_a_flow(desk: Desk):
    row = desk.card("one")
    desk.browser("anna").decide(row, "approve")
    entry = {
        "case_id": row.case_id,
        "path": "x",
        "seq": 9,
        "step": "x",
        "kind": "agent",
        "flow": "keep",
        "ms": 1.0,
        "voided": False,
    }
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**entry, round=0, at=utcnow(), nanos=30_000_000))
    assert str(report(desk).total.cost_each) == "0.03"


def ago(desk: Desk, days: int, *rows: ActionRow) -> None:
    """Put everything about these cards, and the decisions on them, so many days back."""
    moved = timedelta(days=days)
    with desk.runtime.database.write() as connection:
        for row in rows:
            for table, key in ((tables.cases, row.case_id), (tables.actions, row.id)):
                connection.execute(update(table).where(table.c.id == key).values(created=utcnow() - moved))
            kept = connection.execute(select(tables.approvals).where(tables.approvals.c.action_id == row.id)).all()
            for made in kept:  # decisions are append-only: one of that day comes beside it
                values = {**made._mapping, "id": made.id + 1000, "person": f"{made.person}2", "at": utcnow() - moved}
                connection.execute(tables.approvals.insert().values(values))


def test_days_that_are_over_are_counted_once_and_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    row = desk.card("one")
    ago(desk, 40, row)
    first = Figures().report(desk.runtime.database, "90d", BERLIN, 1)
    assert first.total.day.arrived == 1
    asked = []
    real = store.days
    monkeypatch.setattr(store, "days", lambda c, start, *rest: (asked.append(start), real(c, start, *rest))[1])
    kept = Figures()  # another process
    for period in ("90d", "30d", "7d"):
        kept.report(desk.runtime.database, period, BERLIN, 1)
    (begin,) = asked  # only what may still change
    assert (utcnow() - begin).days <= figure_days.SETTLED
    with desk.runtime.database.write() as connection:
        connection.execute(update(tables.cases).values(created=utcnow() - timedelta(days=400)))
    assert Figures().report(desk.runtime.database, "90d", BERLIN, 1).total.day.arrived == 1


def test_what_is_kept_of_a_day_is_what_was_counted(desk: Desk):
    one, two, three = desk.cards("one", "two", "three")
    measured(desk, "approved", 5, 9)
    anna = desk.browser("anna")
    anna.decide(one, "approve")
    anna.decide(two, "reject", reason="no")
    day = utcnow().astimezone(BERLIN).date()
    counted = figure_days.count(desk.runtime.database, day, day, BERLIN)
    with desk.runtime.database.read() as connection:
        rows = connection.execute(select(tables.figure_days)).all()
    assert figure_days.read(desk.runtime.database, day, day, BERLIN) == counted
    keep = counted[day]["keep"]
    assert (keep.arrived, keep.unchanged, keep.rejected, sum(keep.waits.values()), keep.handled["approved"]) == (
        3,
        1,
        1,
        2,
        {5: 1, 9: 1},
    )
    assert len(keep.people) == 1
    assert not any(name in r.more for r in rows for name in ("anna", "Anna"))
    assert three.state == "proposed"


def test_of_two_pairs_of_eyes_on_different_days_only_the_second_day_counts(desk: Desk):
    (row,) = desk.cards("two", flow="four-eyes")
    desk.browser("anna").decide(row, "approve")
    desk.browser("ole").decide(row, "approve")
    ago(desk, 20, row)  # decisions twenty days ago, and the last one today
    day = (utcnow() - timedelta(days=20)).astimezone(BERLIN).date()
    counted = figure_days.count(desk.runtime.database, day, day, BERLIN)
    assert counted[day]["four-eyes"].unchanged == 1  # the last one lies further off than an approval lives
    near = figure_days.SETTLED - 2
    with desk.runtime.database.write() as connection:
        connection.execute(tables.figure_days.delete())
        last = connection.execute(select(tables.approvals).where(tables.approvals.c.id < 1000)).first()
        values = {**last._mapping, "id": 5000, "person": "petra", "at": utcnow() - timedelta(days=20 - near)}
        connection.execute(tables.approvals.insert().values(values))
    assert figure_days.count(desk.runtime.database, day, day, BERLIN)[day]["four-eyes"].unchanged == 0


def test_days_are_counted_before_anybody_asks(desk: Desk):
    assert figure_days.keep_up(desk.runtime.database, BERLIN) == 0
    ago(desk, 100, desk.card("one"))
    assert figure_days.keep_up(desk.runtime.database, BERLIN, portions=1) == pytest.approx(10, abs=4)
    done = 0
    while more := figure_days.keep_up(desk.runtime.database, BERLIN):
        done += more
    assert 80 <= done <= 101 - figure_days.SETTLED
    with desk.runtime.database.read() as connection:
        assert connection.execute(select(tables.figure_days.c.flow).where(tables.figure_days.c.arrived > 0)).scalars().all() == [
            "keep"
        ]


def test_no_page_and_no_answer_names_a_person(desk: Desk):
    row = desk.card("one")
    desk.browser("anna").decide(row, "approve")
    desk.browser("ole").decide(desk.card("two"), "reject", reason="no")
    petra = desk.browser("petra")
    page = re.sub(r"<header.*?</header>", "", petra.get("/admin/figures").text, flags=re.DOTALL)
    answer = petra.get("/api/v1/figures?period=7d")
    assert answer.json()["total"]["approved_unchanged"] == 1
    for name in ("anna", "ole", "Anna", "Ole"):
        assert not re.search(rf"\b{name}\b", page)
        assert not re.search(rf"\b{name}\b", answer.text)


def test_the_chart_says_in_words_what_it_shows(desk: Desk):
    desk.browser("anna").decide(desk.card("one"), "approve")
    page = desk.browser("petra").get("/admin/figures?period=7d").text
    assert 'role="img" aria-labelledby="chart-title chart-desc"' in page
    assert "<desc" in page
    assert page.count('<rect class="unchanged"') >= 2  # in the chart and in the table
    assert "The same as a table" in page


@pytest.mark.parametrize("most", [0, 1, 7, 99, 100, 101, 5000])
def test_bars_stay_inside_and_ticks_are_whole_numbers(most: int):
    day: Any = utcnow().date()
    chart = charts.over_time([Bar(day, Day(arrived=most, unchanged=most // 2, rejected=most - most // 2))])
    for column in chart.columns:
        assert all(charts.TOP - 0.2 <= p.y <= chart.floor for p in column.pieces)
        assert charts.TOP - 0.2 <= column.arrived[1] <= chart.floor
    numbers = [n for n, _ in chart.ticks]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= most


def test_a_quantile_is_a_value_that_occurred():
    assert quantile({10: 1, 20: 1, 30: 8}, 0.5) == 30
    assert quantile({10: 5, 20: 5}, 0.5) == 10
    assert quantile({}, 0.5) is None
