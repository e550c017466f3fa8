"""The expression language: typed, helpful, and without a way out."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import jinja2
import pytest

from kontorist.core import expressions
from kontorist.core.clock import parse_duration
from kontorist.core.expressions import ExpressionError, evaluate, render
from kontorist.core.filters import FILTERS, ZONE

VALUES = {
    "order": {"number": "4711", "total": Decimal("12.30"), "items": [1, 2], "day": date(2026, 11, 20), "update": "field"},
    "name": "Meier",
    "flag": False,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ order.total }}", Decimal("12.30")),
        ("  {{ order.items }}  ", [1, 2]),
        ("{{ order.day }}", date(2026, 11, 20)),
        ("{{ flag }}", False),
        ("{{ nothing }}", None),
        ("{{ order.total * 2 }}", Decimal("24.60")),
        ("{{ order['number'] }}", "4711"),
        ("{{ order.items | first }}", 1),
        ("{{ order.update }}", "field"),
        ("{{ order }}", VALUES["order"]),
        ("Order {{ order.number }} of {{ name }}", "Order 4711 of Meier"),
        ("{{ name }}{{ name }}", "MeierMeier"),
        ("{% if flag %}a{% else %}b{% endif %}", "b"),
        ("{{ name.upper() }}", "MEIER"),
        ("no expression", "no expression"),
        ("{{ '}}' }}", "}}"),
        ("{{ 'a' }} {{ 'b' }}", "a b"),
    ],
)
def test_a_single_expression_keeps_its_type(text: str, value: object) -> None:
    found = expressions.evaluate(text, VALUES)
    assert found == value
    assert type(found) is type(value)


def test_conditions_and_lists() -> None:
    assert expressions.test('order.number == "4711" and not flag', VALUES) is True
    assert expressions.test("other is defined", VALUES) is False
    assert expressions.value("order['items']", VALUES) == [1, 2]


def test_columns_go_before_methods() -> None:
    assert expressions.evaluate("{{ order.items }}", VALUES) == [1, 2]
    with pytest.raises(ExpressionError, match="keys"):
        expressions.evaluate("{{ order.keys }}", VALUES)


@pytest.mark.parametrize(
    "text", ["{{ ordr.number }}", "{{ order.nummer }}", "a {{ order.nummer }}", "{{ nothing.more }}", "{{ order['x'] }}"]
)
def test_what_is_missing_is_named(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"ordr|nummer|more|x") as error:
        expressions.evaluate(text, VALUES)
    assert text.strip("{} ")[:5] in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ name.__class__ }}",
        "{{ name['__class__'] }}",
        "{{ order.__class__.__base__.__subclasses__() }}",
        "{{ name.upper.__self__ }}",
        "{{ name.encode() }}",
        "{{ name.format(order) }}",
        "{{ name.format_map(order) }}",
        "{{ name.join(['a']) }}",
        "{{ order.total.as_tuple() }}",
        "{{ order.day.replace(year=1) }}",
        "{{ [1].append(2) }}",
        "{{ {}.update({}) }}",
        "{{ name|attr('upper') }}",
        "{{ [name]|map('attr', '__class__')|list }}",
        "{{ range(5) }}",
        "{{ dict(a=1) }}",
        "{{ cycler('a') }}",
        "{{ joiner() }}",
        "{{ namespace() }}",
        "{{ lipsum() }}",
        "{{ _context }}",
        "{{ __import__('os') }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{{ m.__globals__ }}{% endmacro %}{{ m() }}",
        "{% for a in [1] %}{{ loop.__init__ }}{% endfor %}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ name() }}",
    ],
)
def test_there_is_no_way_out(text: str) -> None:
    with pytest.raises((ExpressionError, expressions.jinja2.TemplateSyntaxError)):
        expressions.evaluate(text, VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 10 ** 10 ** 10 }}",
        "{{ order.items * 1000000000 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * name }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ name|center(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ 9 ** 99999999 }}",
        "{{ name|indent(1000000000) }}",
        "{{ '%900000000d' % 1 }}",
        "{{ ('x' * 1000) * 1000 * 500 }}",
        "{{ 500 * (1000 * ('x' * 1000)) }}",
        "{{ (order.items * 1000) * 1000 }}",
        "{{ ('x' * 1000).replace('x', 'y' * 1000).replace('y', 'z' * 1000) }}",
        "{{ ('x' * 1000) | replace('x', 'y' * 1000) | replace('y', 'z' * 1000) }}",
        "{{ ('x' * 1000).replace('', 'y' * 1000).replace('', 'z' * 1000) }}",
    ],
)
def test_no_expression_eats_the_machine(text: str) -> None:
    began = time.process_time()
    with pytest.raises((ExpressionError, expressions.jinja2.TemplateSyntaxError)):
        expressions.evaluate(text, VALUES)
    assert time.process_time() - began < 5


def test_small_arithmetic_stays() -> None:
    assert expressions.evaluate("{{ 2 ** 10 }}", {}) == 1024
    assert expressions.evaluate("{{ '-' * 20 }}", {}) == "-" * 20
    assert expressions.evaluate("{{ order.total * 3 }}", VALUES) == Decimal("36.90")
    assert expressions.evaluate("{{ 17 % 5 }}", {}) == 2
    assert expressions.evaluate("{{ name.replace('M', 'B') }}{{ name | replace('e', 'ä', 1) }}", VALUES) == "BeierMäier"
    assert expressions.evaluate("{{ 10000000 * 10000000 }}", {}) == 10**14


@pytest.mark.parametrize("text", ["{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ name|date }}", "{{ name|money }}", "{{ 'x'|int + none }}"])
def test_what_cannot_be_computed_gives_a_sentence(text: str) -> None:
    with pytest.raises(ExpressionError, match="in: "):
        expressions.evaluate(text, VALUES)


def test_values_are_never_templates() -> None:
    assert expressions.render("{{ name }}", {"name": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"
    assert expressions.evaluate_deep({"a": ["{{ name }}", 1]}, {"name": "{% x"}) == {"a": ["{% x", 1]}


def test_syntax_errors_have_their_line() -> None:
    assert expressions.syntax_problem("fine\n{{ name }}") is None
    assert expressions.syntax_problem("one\ntwo {{ name") == (2, "unexpected end of template, expected 'end of print statement'.")
    assert expressions.syntax_problem("a ==", expression=True)[0] == 1
    assert "frobnicate" in expressions.syntax_problem("{{ a|frobnicate }}")[1]


def test_names_and_fields_that_are_read() -> None:
    assert expressions.roots("{{ order.number }} {% for a in rows %}{{ a }}{% endfor %}") == {"order", "rows"}
    assert expressions.roots("a == b", expression=True) == {"a", "b"}
    uses = expressions.uses("{{ order.number }}\n{{ order.note is defined }}{% for a in rows %}{{ a.x }}{% endfor %}")
    assert {(("order", "number"), 1), (("rows",), 2)} <= uses
    assert ("order", "note") not in {path for path, _ in uses}
    assert expressions.roots_deep({"x": ["{{ a }}"], "y": "{{ b }}", "z": 1}) == {"a", "b"}


def filtered(name: str, *args: object) -> object:
    return FILTERS[name](*args)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (filtered("date", date(2026, 1, 5)), "05.01.2026"),
        (filtered("date", "2026-01-05T23:30:00", "en"), "5 January 2026"),
        (filtered("date", datetime(2026, 1, 5, 0, 30, tzinfo=ZONE)), "05.01.2026"),
        (filtered("date", None), ""),
        (filtered("money", Decimal("1234.5")), "1.234,50 EUR"),
        (filtered("money", {"amount": "0.005", "currency": "CHF"}, "", "en"), "CHF 0.01"),
        (filtered("money", Decimal("-1234567.894")), "-1.234.567,89 EUR"),
        (filtered("money", ""), ""),
        (filtered("weekday", date(2026, 11, 20)), "Freitag"),
        (filtered("weekday", date(2026, 11, 20), "en"), "Friday"),
        (filtered("days_until", "2026-11-20", "2026-11-23"), -3),
        (filtered("salutation", "Meier, Anna"), "Guten Tag Anna Meier,"),
        (filtered("salutation", "", "en"), "Hello,"),
        (filtered("iban", "de89 3704 0044 0532 0130 00"), "DE89 3704 0044 0532 0130 00"),
        (filtered("iban", None), ""),
    ],
)
def test_filters_of_an_office(found: object, expected: object) -> None:
    assert found == expected


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999999", "abc", "sNaN"])
def test_what_is_no_amount_is_not_shown_as_one(text: str) -> None:
    with pytest.raises(ExpressionError):
        expressions.evaluate("{{ x|money }}", {"x": text})


@pytest.mark.parametrize(("text", "seconds"), [("15s", 15), ("20m", 1200), ("4h", 14400), ("7d", 604800), ("2w", 1209600)])
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "4", "h", "4 hours", "-1h", "1.5h", "²h", "99999999999999w"])
def test_what_is_no_duration_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_what_has_no_value_is_empty_in_a_text_and_none_where_it_stands_alone() -> None:
    order = {"order": {"parcel": None, "lines": 0}}
    assert render("Paket {{ order.parcel }}, {{ order.lines }} Zeilen", order) == "Paket , 0 Zeilen"
    assert evaluate("{{ order.parcel }}", order) is None


@pytest.mark.parametrize(
    "text",
    ["mail", "mail.text", "mail . text", "mail.from.name", "mail.nothing", "nobody", "nobody.name", "mail.none", "mail.none.more", "mail.text.lower",
     "mail.text.__class__", "order.items", "self.name", "mail.empty", "day.year", "day.isoformat", "amounts.append"],
)  # fmt: skip
def test_a_mere_path_is_what_jinja_would_find(text: str) -> None:
    """They are followed without Jinja, because that is quicker: the same values, and the same words where there is none."""
    values = {
        "mail": {"text": "Hello", "from": {"name": "Anna"}, "none": None, "empty": {}},
        "order": {"items": [1]},
        "day": date(2026, 3, 1),
        "amounts": [1],
    }

    def told(found: Callable[[], Any]) -> Any:
        try:
            value = found()
            return str(value) if callable(value) else value
        except jinja2.TemplateError as error:
            return type(error).__name__, str(error)

    compiled = expressions._ENV.compile_expression(text, undefined_to_none=False)

    def by_jinja() -> Any:
        value = compiled(values)
        return value._fail_with_undefined_error() if isinstance(value, jinja2.Undefined) else value

    def quickly() -> Any:
        value = expressions.compile_expression(text)(values)
        return value._fail_with_undefined_error() if isinstance(value, jinja2.Undefined) else value

    assert told(quickly) == told(by_jinja)
