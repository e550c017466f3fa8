"""Which open items a payment settles: what it names, whose it is, what adds up; and when a person has to look."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.base import Setting, Task
from agents.match import MatchOptions, MatchPayment

OURS: list[dict[str, Any]] = [
    {"number": "R26-3100", "open": Decimal("140.00"), "customer_number": "10001", "customer_name": "Nordwind Versand GmbH"},
    {"number": "R26-3099", "open": Decimal("223.37"), "customer_number": "10008", "customer_name": "Elektro Petersen e. K."},
    {"number": "R26-3098", "open": Decimal("306.74"), "customer_number": "10015", "customer_name": "Polar Outfitters Oy"},
    {"number": "R26-3010", "open": Decimal("60.00"), "customer_number": "10001", "customer_name": "Nordwind Versand GmbH"},
    {"number": "R26-310", "open": Decimal("99.00"), "customer_number": "10022", "customer_name": "Fahrrad Ahrens"},
]
ITEMS = [one | {"invoice_date": date(2026, 11, 1)} for one in OURS]


def matched(amount: str, purpose: str = "", name: str = "", items: list[dict[str, Any]] = ITEMS, **options: Any) -> Any:
    entry = {
        "amount": Decimal(amount),
        "purpose": purpose,
        "counterparty": name,
        "booking_date": date(2026, 11, 9),
        "place": "line 7",
    }
    entry |= {"iban": options.pop("iban", ""), "file": "a.sta"}
    typed = MatchOptions.model_validate({"entry": "{{ row }}", "items": "{{ open }}", **options})
    (result,) = MatchPayment().run([Task(typed, {"entry": entry, "items": items})], Setting(None, Path(), ("en",)))
    return result


def told(result: Any) -> tuple[str, dict[str, str]]:
    return result.output["state"], {one["number"]: str(one["paid"]) for one in result.output["items"]}


@pytest.mark.parametrize("purpose", ["Rechnung R26-3100", "R26/3100 Danke", "re. r 26 3100", "R26-31 00", "EREF R263100"])
def test_a_number_is_found_however_it_is_written_and_wrapped(purpose):
    result = matched("140.00", purpose)

    assert told(result) == ("exact", {"R26-3100": "140.00"})
    assert result.unclear == ""
    assert result.evidence["items[0]"][0].column == "purpose"
    assert result.evidence["items[0]"][0].quote in purpose


def test_a_number_in_a_longer_one_is_another_number():
    assert told(matched("99.00", "R26-310"))[1] == {"R26-310": "99.00"}
    assert "R26-310" not in told(matched("140.00", "R26-3100"))[1]
    assert matched("140.00", "R26-31001").unclear


def test_one_payment_for_several_invoices():
    assert told(matched("200.00", "R26-3100, R26-3010")) == ("collective", {"R26-3100": "140.00", "R26-3010": "60.00"})
    unnamed = matched("200.00", "Danke", "NORDWIND VERSAND GMBH")
    assert told(unnamed) == ("collective", {"R26-3100": "140.00", "R26-3010": "60.00"})
    assert not unnamed.unclear


def test_a_part_and_too_much():
    part = matched("100.00", "R26-3100 Anzahlung")
    assert told(part) == ("partial", {"R26-3100": "100.00"})
    assert (part.output["items"][0]["rest"], part.unclear) == (Decimal("40.00"), "")

    over = matched("141.00", "R26-3100")
    assert over.output["state"] == "overpaid"
    assert "More was paid" in over.unclear


def test_a_cash_discount_that_is_granted_and_in_time():
    result = matched("218.90", "R26-3099", discounts=[2, 3])
    assert told(result) == ("discount", {"R26-3099": "218.90"})
    assert (result.output["items"][0]["discount"], result.output["items"][0]["rest"]) == (Decimal("4.47"), Decimal("0.00"))
    both = matched("194.00", "R26-3100 R26-3010", discounts=[3])
    assert both.output["state"] == "discount"
    assert sum(one["discount"] for one in both.output["items"]) == Decimal("6.00")

    late = [one | {"invoice_date": date(2026, 10, 1)} for one in ITEMS]
    assert matched("218.90", "R26-3099", items=late, discounts=[2]).output["state"] == "partial"
    assert matched("218.90", "R26-3099").output["state"] == "partial"


def test_whose_it_is_by_account_customer_number_or_name():
    accounts = [one | {"iban": "DE02 1203 0000 0000 2020 51"} if one["customer_number"] == "10015" else one for one in ITEMS]
    assert told(matched("306.74", "Danke", items=accounts, iban="DE02120300000000202051")) == ("exact", {"R26-3098": "306.74"})
    assert told(matched("223.37", "Kd 10008")) == ("exact", {"R26-3099": "223.37"})
    assert told(matched("223.37", "", "ELEKTRO PETERSEN E.K.")) == ("exact", {"R26-3099": "223.37"})


def test_what_is_not_sure_goes_to_a_person_with_the_candidates():
    only_amount = matched("306.74", "Danke", "Somebody Else")
    assert "Only the amount is the same." in only_amount.unclear
    assert "R26-3098 (306.74)" in only_amount.unclear

    twins = [*ITEMS, ITEMS[0] | {"number": "R26-3200"}]
    assert "Several items" in matched("140.00", "Danke", "Nordwind Versand GmbH", items=twins).unclear
    assert "No open item fits." in matched("1.23", "Miete", "Somebody Else").unclear
    assert matched("500.00", "R26-3100 R26-3099").output["state"] == "several", "invoices of two customers"


def test_two_customers_of_one_name_are_not_told_apart_by_it():
    twins = [
        {"number": f"X-{n}000", "open": Decimal(n), "customer_number": f"2000{n}", "customer_name": "Müller GmbH"} for n in (1, 2)
    ]
    assert matched("2", "Danke", "Mueller GmbH", items=twins).unclear


def test_nothing_to_match_with_is_no_crash():
    for items in ([], [{"number": "R1"}], [{"number": "", "open": "x"}], "nonsense"):
        assert matched("1.00", "R1", items=items).output["state"] == "none"
