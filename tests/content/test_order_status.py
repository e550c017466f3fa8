"""The flow order-status: a day of delivery that is past is promised to nobody, and whoever approves the reply is told."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta

import pytest

from flows.simulate import simulate
from kontorist.core.filters import ZONE
from kontorist.core.office import load_office
from tests.content.truth import MAILS, OFFICE

MAIL = MAILS / "003-status-behrens-47001.eml"
PARTLY = "Den Rest erhalten Sie voraussichtlich am"


@pytest.fixture
def answered(tmp_path):
    def answer(status: str, shipped: str, expected: date):
        shutil.copytree(OFFICE, tmp_path / "office")
        orders = tmp_path / "office" / "erp" / "auftraege.csv"
        head, *lines = orders.read_text("utf-8-sig").splitlines()
        names = head.split(";")
        row = dict(zip(names, next(x for x in lines if x.startswith("47001;")).split(";"), strict=True))
        row |= {"Status": status, "Versanddatum": shipped, "Liefertermin": f"{expected:%d.%m.%Y}"}
        orders.write_text("\n".join([head, ";".join(row.values())]), "utf-8-sig")
        (result,) = simulate(load_office(tmp_path / "office"), tmp_path / "data", "order-status", [MAIL])
        reply = result["proposals"][0]
        return reply["payload"]["body"], " ".join(w["text"] for w in reply["warnings"])

    return answer


@pytest.mark.parametrize(("status", "shipped"), [("teilgeliefert", "02.11.2026"), ("in Arbeit", "")])
@pytest.mark.parametrize("days", [-2, 0, 5])
def test_only_a_day_that_is_not_past_is_promised(answered, status, shipped, days):
    expected = datetime.now(ZONE).date() + timedelta(days=days)
    body, warnings = answered(status, shipped, expected)

    assert (f"{expected:%d.%m.%Y}" in body) == (days >= 0)
    assert ("ist vorbei" in warnings) == (days < 0)


def test_what_has_been_shipped_in_full_is_late_no_more(answered):
    body, warnings = answered("versandt", "02.11.2026", datetime.now(ZONE).date() - timedelta(days=2))

    assert "02.11.2026" in body
    assert warnings == ""
