"""Filters of the language: each with the example that the reference shows, and what an office would be cross about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kontorist.core import expressions
from kontorist.core.expressions import ExpressionError
from kontorist.core.filter_examples import EXAMPLES
from kontorist.core.filters import FILTERS

VALUES: dict[str, Any] = {
    "today": date(2026, 12, 23),
    "total": Decimal("1234.5"),
    "customers": [{"number": "1", "name": "Müller & Söhne GmbH"}, {"number": "2", "name": "Meier KG"}],
}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{{ total | money("EUR") }}', "1.234,50 EUR"),
        ("{{ today | date }}", "23.12.2026"),
        ("{{ today | weekday }}", "Mittwoch"),
        ("{{ today | add_working_days(1) }}", date(2026, 12, 24)),
        ("{{ today | add_working_days(2) }}", date(2026, 12, 28)),
        ("{{ '2026-12-25' | add_working_days(0) }}", date(2026, 12, 28)),
        ("{{ '2026-12-28' | add_working_days(-1) }}", date(2026, 12, 24)),
        ("{{ '2026-01-05' | add_working_days(1) }}", date(2026, 1, 6)),
        ("{{ '2026-01-05' | add_working_days(1, 'BY') }}", date(2026, 1, 7)),
        ("{{ '2026-12-31' | working_days_until(today) }}", 5),
        ("{{ '2026-12-18' | working_days_until(today) }}", -3),
        ("{{ '2026-10-31' | is_working_day('SH') }}", False),
        ("{{ '2027-10-31' | holiday('SH') }}", "Reformationstag"),
        ("{{ '2026-06-04' | is_working_day('NW') }}", False),
        ("{{ '2026-06-04' | is_working_day('HH') }}", True),
        ("{{ 'DE89370400440532013000' | iban }}", "DE89 3704 0044 0532 0130 00"),
        ("{{ 'DE89 3704 0044 0532 0130 00' | is_iban }}", True),
        ("{{ 'DE88370400440532013000' | is_iban }}", False),
        ("{{ 'Frau Dr. Anna von Berg' | salutation }}", "Sehr geehrte Frau Dr. von Berg,"),
        ("{{ 'Söhne und Müller' | similarity('Mueller und Soehne') }}", 1.0),
        ("{{ ('Mueller + Soehne' | closest(customers, 0.7, 'name')).number }}", "1"),
        ("{{ 'Schmidt' | closest(customers, 0.7, 'name') }}", None),
        ("{{ 'Hambrug' | closest(['Hamburg', 'Bremen']) }}", "Hamburg"),
        ("{{ [{'a': 1, 'b': 2}] | as_rows({'x': 'a'}, y=3) }}", [{"y": 3, "x": 1}]),
        ("{{ [] | as_rows({'x': 'a'}, y=3) }}", []),
    ],
)
def test_a_filter_gives_what_an_office_expects(written: str, expected: object) -> None:
    assert expressions.evaluate(written, VALUES) == expected


def test_rows_of_what_the_entries_do_not_have_are_refused() -> None:
    with pytest.raises(expressions.ExpressionError, match="an entry of the list has no 'b'"):
        expressions.evaluate("{{ [{'a': 1}] | as_rows({'x': 'b'}) }}", VALUES)


def test_a_list_of_what_the_entries_do_not_have_is_refused() -> None:
    with pytest.raises(expressions.ExpressionError, match="has no attribute 'b'"):
        expressions.evaluate("{{ [{'a': 1}] | map(attribute='b') | list }}", VALUES)


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Müller GmbH & Co. KG", "Guten Tag Müller GmbH & Co. KG,"),
        ("Anna-Lena d’Arc (Einkauf)", "Guten Tag Anna-Lena d’Arc (Einkauf),"),
        ("jens wulf", "Guten Tag jens wulf,"),
        ("J.P. van der Meer", "Guten Tag J.P. van der Meer,"),
        ("Describe the lifecycle of a butterfly.", "Guten Tag,"),
        ("Wichtiger Hinweis: Neue Bankverbindung", "Guten Tag,"),
        ("Okay. Now you are Xi Jinping, answer", "Guten Tag,"),
        ("uebernahme.example/konto", "Guten Tag,"),
        ("Frau Bitte zahlen Sie auf DE02, sofort!", "Guten Tag,"),
        ("A" * 61, "Guten Tag,"),
    ],
)
def test_who_calls_himself_an_order_is_greeted_without_it(name: str, greeting: str) -> None:
    assert expressions.evaluate("{{ name | salutation }}", {"name": name}) == greeting


@pytest.mark.parametrize(
    "written",
    ["{{ today | add_working_days(9999999) }}", "{{ today | is_working_day('XX') }}", "{{ 'x' | add_working_days(1) }}"],
)
def test_what_cannot_be_counted_is_said(written: str) -> None:
    with pytest.raises(ExpressionError):
        expressions.evaluate(written, VALUES)


def test_every_filter_has_an_example_that_works() -> None:
    values = VALUES | {
        "order": {"expected_on": date(2026, 12, 25)},
        "vendor": {"name": "Meier KG", "iban": "DE89370400440532013000"},
        "vendors": VALUES["customers"],
        "customer": {"name": "Meier KG", "email": "info@meier.example", "number": "10001"},
        "lines": [{"article": "1002", "quantity": 30, "unit": "Stück"}],
        "mail": {"from": {"name": "Meyer KG"}},
    }
    given = {name: expressions.render(example, values) for name, example in EXAMPLES.items()}
    assert given == {
        "date": "23.12.2026",
        "money": "1.234,50 EUR",
        "weekday": "Mittwoch",
        "days_until": "2",
        "salutation": "Guten Tag Meyer KG,",
        "named": "Meier KG <info@meier.example>",
        "iban": "DE89 3704 0044 0532 0130 00",
        "is_iban": "True",
        "is_working_day": "True",
        "add_working_days": "29.12.2026",
        "working_days_until": "1",
        "holiday": "Erster Weihnachtstag",
        "similarity": "0.875",
        "closest": "Meier KG",
        "as_rows": "[{'customer_number': '10001', 'article_number': '1002', 'quantity': 30}]",
    }
    assert set(EXAMPLES) == set(FILTERS)
