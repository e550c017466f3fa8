"""Invoices that are dated after the day on which they came."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kontorist.core.clock import utcnow
from kontorist.core.filters import ZONE
from kontorist.einvoice.ahead import dated_ahead, is_far, received_on

CAME = date(2026, 11, 27)


@pytest.mark.parametrize("days", [-4000, -1, 0, 1, 3])
def test_the_past_and_the_next_few_days_are_not_mentioned(days: int) -> None:
    assert dated_ahead(CAME + timedelta(days=days), CAME) is None


@pytest.mark.parametrize(("days", "far"), [(4, False), (31, False), (32, True), (365, True)])
def test_more_than_a_few_days_are_a_warning_and_more_than_a_month_is_far(days: int, far: bool) -> None:
    issued = CAME + timedelta(days=days)
    found = dated_ahead(issued, CAME)
    assert found is not None
    assert (found.severity, found.field, is_far(issued, CAME)) == ("warning", "issue_date", far)
    assert f"{days} Tage nach dem Eingang am 27.11.2026" in found.text_de
    assert f"{days} days after it came on 27 November 2026" in found.text_en
    assert "§ 15" in found.text_de
    assert "§ 15" in found.text_en


def test_no_date_and_the_last_day_there_is_are_no_trouble() -> None:
    assert dated_ahead(None, CAME) is None
    assert dated_ahead("2027-01-01", CAME) is None, "a text is not read here"
    assert dated_ahead(date.max, CAME) is not None


def test_the_day_is_that_of_the_case_or_today() -> None:
    assert received_on({"case": {"received": CAME}}) == CAME
    today = utcnow().astimezone(ZONE).date()
    for values in ({}, {"case": {}}, {"case": None}, {"case": {"received": utcnow()}}, {"case": {"received": "2020-01-01"}}):
        assert received_on(values) in (today, utcnow().astimezone(ZONE).date())
