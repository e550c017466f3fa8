"""Extraction: each type in German and English writing, its place, conflicts, and what a language model may add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from agents._extract.asked import shape
from agents._extract.fields import FieldOption
from agents._extract.numbers import amounts
from agents.base import Result, Setting
from agents.extract import Extract, ExtractOptions
from agents.model import Endpoint
from tests.agents.conftest import task
from tests.agents.scripted_server import Reply, ScriptedServer

WRITTEN = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)  # a Wednesday
ORDER = {"order_number": {"type": "text", "pattern": "\\d{4,8}", "required": True}}
Make = Callable[..., Endpoint]


def extract(text: str, fields: dict[str, Any], setting: Setting, **more: Any) -> Result:
    options = ExtractOptions(text="{{ mail.text }}", fields=fields, **more)
    result = Extract().run([task(options, text, mail={"date": WRITTEN})], setting)[0]
    assert isinstance(result, Result)
    for places in result.evidence.values():
        assert all(text[e.start : e.end] == e.quote for e in places)
    return result


def value(text: str, kind: str, setting: Setting, **more: Any) -> Any:
    return extract(text, {"it": {"type": kind, **more}}, setting).output["it"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wo bleibt Auftrag 471234 vom 03.04.2026?", "471234"),
        ("Auftrag 03042026 vom 03.04.2026", "03042026"),
        ("wir warten auf 2026 und auf 471234", "471234"),
        ("Termin 2026-04-03, Auftrag 4712", "4712"),
        ("week 471234", "471234"),
        ("am 03.04.2026", None),
        ("bis 2026-04-03", None),
    ],
)
def test_an_order_number_is_no_date_and_a_date_no_order_number(setting: Setting, text: str, found: str | None) -> None:
    assert extract(text, ORDER, setting).output["order_number"] == found


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("Der Betrag von 1.234,56 € ist fällig.", "1234.56", "EUR"),
        ("amount due: EUR 1,240.00.", "1240.00", "EUR"),
        ("Kosten: 1.234 EUR", "1234", "EUR"),
        ("nur 99,- €", "99", "EUR"),
        ("CHF 1'234.50 total", "1234.50", "CHF"),
        ("It is $75 each", "75", "USD"),
        ("0,99€", "0.99", "EUR"),
        ("Gutschrift −12,30 EUR", "-12.30", "EUR"),
        ("Gutschrift EUR-119,00", "-119.00", "EUR"),
        ("Gutschrift EUR -119,00", "-119.00", "EUR"),
        ("Gutschrift -119,00 EUR", "-119.00", "EUR"),
        ("Gutschrift -EUR 119,00", "-119.00", "EUR"),
        ("refund of −€119.00", "-119.00", "EUR"),
        ("Gutschrift 119,00- EUR", "-119.00", "EUR"),
        ("Posten:\n- 119,00 EUR", "119.00", "EUR"),
        ("Posten:\n- EUR 119,00", "119.00", "EUR"),
        ("Summe: 119,00", "119.00", "EUR"),
        ("GBP 318.20.", "318.20", "GBP"),
    ],
)
def test_money_in_german_and_english_writing(setting: Setting, text: str, amount: str, currency: str) -> None:
    assert value(text, "money", setting) == {"amount": Decimal(amount), "currency": currency}


@pytest.mark.parametrize("text", ["5 €-10 €", "5 €-€10", "5 EUR-10 EUR", "5,00 EUR - 10,00 EUR"])
def test_what_stands_between_two_amounts_is_no_sign(text: str) -> None:
    assert [candidate.value["amount"] for candidate in amounts(text)] == [5, 10]


@pytest.mark.parametrize("text", ["ein 100,00-EUR-Gutschein", "EUR - 119,00"])
def test_what_may_be_a_sign_or_none_is_not_read(text: str) -> None:
    assert list(amounts(text)) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("am 03.04.2026 bitte", date(2026, 4, 3)),
        ("am 3.4.26", date(2026, 4, 3)),
        ("bis zum 15.4. liefern", date(2026, 4, 15)),
        ("on 2026-05-01", date(2026, 5, 1)),
        ("3. März 2026", date(2026, 3, 3)),
        ("March 5th, 2026", date(2026, 3, 5)),
        ("by 12 May", date(2026, 5, 12)),
        ("nächsten Freitag", date(2026, 3, 6)),
        ("am Mittwoch", date(2026, 3, 11)),
        ("last Monday", date(2026, 3, 2)),
        ("in zwei Wochen", date(2026, 3, 18)),
        ("vor 3 Tagen", date(2026, 3, 1)),
        ("Guten Morgen, das war gestern", date(2026, 3, 3)),
        ("Anlieferung KW 22", date(2026, 5, 25)),
        ("bis Ende des Monats", date(2026, 3, 31)),
        ("am 28. Dezember", date(2025, 12, 28)),
        ("bis Ende November 2026", date(2026, 11, 30)),
        ("by the end of February", date(2026, 2, 28)),
        ("Ende nächster Woche", date(2026, 3, 13)),
        ("by the end of this week", date(2026, 3, 6)),
        ("heute in einer Woche", date(2026, 3, 11)),
    ],
)
def test_dates_count_from_the_day_of_the_mail(setting: Setting, text: str, day: date) -> None:
    assert value(text, "date", setting) == day


@pytest.mark.parametrize("text", ["31.02.2026", "Tel. 0251/998877", "1.234,56 EUR", "im Mai", "Art. 12.345.678", "Version 1.2.3"])
def test_what_only_looks_like_a_date_is_none(setting: Setting, text: str) -> None:
    assert value(text, "date", setting) is None


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("Bitte bieten Sie uns 500 Stück vom Artikel 1002 an.", "500"),
        ("Artikel 1002, 500 Stk., Lieferung nach 24103 Kiel", "500"),
        ("1.500 Stück von Art.-Nr. 1002 für 2 Standorte", "1500"),
        ("We are 30 people and need 20 rolls by 12 Dec 2026.", "20"),
        ("500x Artikel 1002", "500"),
        ("drei Paletten von 1002", "3"),
        ("Menge: 40\nVerpackt in 2 Kartons", "40"),
    ],
)
def test_a_quantity_is_what_is_called_one_or_has_a_unit_of_goods(setting: Setting, text: str, quantity: str) -> None:
    found = extract(text, {"quantity": {"type": "number", "means": "Menge", "required": True}}, setting)
    assert found.output["quantity"] == Decimal(quantity)


def test_two_quantities_are_a_conflict_and_a_number_of_something_else_is_none(setting: Setting) -> None:
    wanted = {"quantity": {"type": "number", "means": "Menge", "required": True}}
    assert extract("12 Kartons à 500 Stück von Artikel 1002", wanted, setting).unclear
    assert extract("Was kostet Artikel 1002?", wanted, setting).unclear


def test_an_iban_counts_only_with_its_checksum(setting: Setting) -> None:
    assert value("IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX", "iban", setting) == "DE89370400440532013000"
    assert value("IBAN DE88 3704 0044 0532 0130 00", "iban", setting) is None


def test_a_vat_id_counts_only_with_its_check_digit(setting: Setting) -> None:
    assert value("USt-IdNr.: DE 136695976", "vat_id", setting) == "DE136695976"
    assert value("VAT NL004495445B01, thank you", "vat_id", setting) == "NL004495445B01"
    assert value("USt-IdNr.: DE123456789", "vat_id", setting) is None


def test_addresses_and_phone_numbers(setting: Setting) -> None:
    text = "Fragen an Petra.Lohmann@firma-nord.de oder 0251 / 99 88 77."
    assert value(text, "email", setting) == "petra.lohmann@firma-nord.de"
    assert value(text, "phone", setting) == "0251 / 99 88 77"


def test_choices_are_whole_words_in_any_case(setting: Setting) -> None:
    assert value("Bitte per EXPRESS senden", "choice", setting, choices=["Express", "Standard"]) == "Express"
    assert value("Expressionismus", "choice", setting, choices=["Express", "Standard"]) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Wo bleibt meine Bestellung 4711?", "4711"),
        ("Bestellung Nr. 48155 Vielen Dank", "48155"),
        ("order no: 20331, placed 2 weeks ago", "20331"),
        ("Auftrag #70012\nTel. 0251 998877\n48155 Münster", "70012"),
        ("Auftragsnummer:\n  81234", "81234"),
        ("Rechnung 5567 gehört zu Bestellung 90210", "90210"),
        ("Ich warte auf 4711.", "4711"),
        ("DE89 3704 0044 0532 0130 00 für Order 4712", "4712"),
    ],
)
def test_an_order_number_is_found_among_other_numbers(setting: Setting, text: str, number: str) -> None:
    result = extract(text, ORDER, setting)

    assert result.output == {"order_number": number}
    assert not result.unclear


@pytest.mark.parametrize(
    "text",
    [
        "Unsere IBAN ist DE89 3704 0044 0532 0130 00.",
        "Lieferung am 03.04.2026 nach 48155 Münster",
        "Rufen Sie an: 0251 99887766",
        "Artikel 100234 ist defekt",
        "Es geht um 5000 Stück für 12345 EUR.",
        "Wir sprachen 2025 darüber.",
        "Siehe https://shop.example/p/123456",
        "Kundennummer 10443",
        "2024-118-77/90210-4",
    ],
)
def test_what_is_something_else_is_no_order_number(setting: Setting, text: str) -> None:
    result = extract(text, ORDER, setting)

    assert result.output["order_number"] is None
    assert result.unclear == "Im Text fehlt: order number."
    assert set(result.question["fields"]) == {"order_number"}


def test_different_values_are_reported_and_not_resolved(setting: Setting) -> None:
    result = extract("Bestellung 4711 oder war es Bestellung 4712?", ORDER, setting)

    assert result.output["conflicts"] == [{"field": "order_number", "values": ["4711", "4712"]}]
    assert result.confidence <= 0.5
    assert "4711, 4712" in result.unclear
    assert result.question["fields"]["order_number"]["choices"] == ["4711", "4712"]
    assert [e.quote for e in result.evidence["order_number"]] == ["4711", "4712"]


def test_the_same_value_twice_is_no_conflict(setting: Setting) -> None:
    result = extract("Bestellung 4711 ist nicht da. Ich meine die Bestellung 4711!", ORDER, setting)

    assert result.output == {"order_number": "4711"}
    assert len(result.evidence["order_number"]) == 2


def test_a_field_may_want_many(setting: Setting) -> None:
    fields = {"numbers": {"type": "text", "pattern": "\\d{4}", "many": True, "means": "Bestellnummern"}}

    assert extract("Bestellungen 4711 und Auftrag 4712", fields, setting).output == {"numbers": ["4711", "4712"]}
    assert extract("nichts", fields, setting).output == {"numbers": []}


def test_the_words_before_tell_net_from_gross(setting: Setting) -> None:
    text = "Netto: 100,00 EUR\nMwSt 19 %: 19,00 EUR\nGesamtbetrag: 119,00 EUR"
    fields = {"net": {"type": "money"}, "gross": {"type": "money", "means": "Bruttobetrag"}}

    output = extract(text, fields, setting).output

    assert output["net"]["amount"] == Decimal("100.00")
    assert output["gross"]["amount"] == Decimal("119.00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20 Rollen Packband braun\n5 Kartons Luftpolsterfolie", [(20, None, "Packband braun"), (5, None, "Luftpolsterfolie")]),
        ("10 x 4711 Klebeband\n- 20 Stück Art. 1002", [(10, "4711", "Klebeband"), (20, "1002", "")]),
        ("Artikel;Menge;Bezeichnung\n1002;5;Klebeband\n2000;1.000;Karton", [(5, "1002", "Klebeband"), (1000, "2000", "Karton")]),
        ("Menge\tArt.-Nr.\tBezeichnung\n5\tA-100\tFolie\n\nGruß\nEva", [(5, "A-100", "Folie")]),
        ("10   4711   Klebeband braun", [(10, "4711", "Klebeband braun")]),
        ("we order 150 units of article 8842 at 2.35 EUR each", [(150, "8842", "")]),
        ("Artikel 4711: 10 Stück", [(10, "4711", "")]),
        ("bitte 2x Tinte schwarz, 4x Tinte gelb", [(2, None, "Tinte schwarz"), (4, None, "Tinte gelb")]),
        ("Tel 0251 998877, 14 Uhr, am 3.3.2026, 48155 Münster", []),
        ("1002 – 300 Stück, 2003 – 10 Rollen.", [(300, "1002", ""), (10, "2003", "")]),
        ("Art.-Nr. 1002: 30 Stück, Art.-Nr. 1003: 40 Stück", [(30, "1002", ""), (40, "1003", "")]),
        ("Art. 1002 Karton: 300 Stück; Art. 2001 Packband: 24 Rollen", [(300, "1002", "Karton"), (24, "2001", "Packband")]),
        ("1002 (Faltkarton) 30 Stück\nA-1001 = 12 Stk", [(30, "1002", "Faltkarton"), (12, "A-1001", "")]),
        ("48 rolls film (4001) and 2 tool sets (5002). Dock 4.", [(48, "4001", "film"), (2, "5002", "tool sets")]),
        ("100 St. Buchverpackung (1006) zu 0,47 EUR", [(100, "1006", "Buchverpackung")]),
        ("We'd like 40 pcs of 1005 and 12 rolls of 2004", [(40, "1005", ""), (12, "2004", "")]),
        ("2 Paletten (80 Stück) Kartons", [(2, None, "(80 Stück) Kartons")]),
        (
            "3 Stück Schrauben (DIN912), 10 Stück Kalender (2027)",
            [(3, None, "Schrauben (DIN912)"), (10, None, "Kalender (2027)")],
        ),
        ("Bestellung 4711: 10 Stück Packband", [(10, None, "Packband")]),
        ("Wir wohnen in der Hafenstraße 12 (28195 Bremen), am 12 Dezember (4711), um 9 Uhr (4711)", []),
    ],
)
def test_order_lines(setting: Setting, text: str, expected: list[tuple[int, str | None, str]]) -> None:
    rows = value(text, "rows", setting)

    assert [(r["quantity"], r["article"], r["description"]) for r in rows] == expected


def test_an_empty_text_misses_what_is_required(setting: Setting) -> None:
    assert extract("", ORDER, setting).unclear == "Im Text fehlt: order number."


def test_a_huge_text_is_read_up_to_a_limit_and_says_so(setting: Setting) -> None:
    result = extract("Bestellung 4711. " + "bla 1 x 2 am 3.3. " * 12_000, ORDER, setting)

    assert result.output["order_number"] == "4711"
    assert "100000" in result.warnings[0]


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({"type": "text", "pattern": "("}, "regular expression"),
        ({"type": "choice"}, "choices"),
        ({"type": "date", "pattern": "x"}, "pattern"),
        ({"typ": "date"}, "typ"),
    ],
)
def test_a_wrong_field_is_refused_when_the_office_is_read(field: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ExtractOptions(text="", fields={"it": field})


# with a language model ------------------------------------------------------

NAME = {"customer": {"type": "text", "means": "name of the company"}, **ORDER}


def test_a_model_adds_what_stands_in_the_text(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    server.will({"customer": "Nordwind  gmbh", "order_number": "4711"})

    result = extract("Hier die Nordwind GmbH, Bestellung 4711.", NAME, replace(setting, model=endpoint()))

    assert result.output == {"customer": "Nordwind gmbh", "order_number": "4711"}
    assert result.evidence["customer"][0].quote == "Nordwind GmbH"
    assert result.model == "scripted:test-model/extract-1"


def test_what_a_model_invents_is_dropped_with_a_warning(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    server.will({"customer": "Acme Corp", "order_number": "9999"})

    result = extract("Wo bleibt meine Ware?", NAME, replace(setting, model=endpoint()))

    assert result.output == {"customer": None, "order_number": None}
    assert len([w for w in result.warnings if "Steht nicht im Dokument" in w]) == 2
    assert result.unclear


def test_typed_values_of_a_model_may_be_written_differently(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    fields = {"total": {"type": "money"}, "day": {"type": "date"}, "account": {"type": "iban"}}
    text = "Bitte 1.234,50 € bis 3. April 2026 auf DE89 3704 0044 0532 0130 00 überweisen."
    server.will({"total": "EUR 1,234.50", "day": "2026-04-03", "account": "DE89370400440532013000"})

    result = extract(text, fields, replace(setting, model=endpoint()), ask_model="always")

    assert result.output == {
        "total": {"amount": Decimal("1234.50"), "currency": "EUR"},
        "day": date(2026, 4, 3),
        "account": "DE89370400440532013000",
    }
    assert result.warnings == []


def test_a_model_that_contradicts_a_sure_finding_makes_a_conflict(
    setting: Setting, server: ScriptedServer, endpoint: Make
) -> None:
    server.will({"order_number": "12345"})

    result = extract("Bestellung 4711, Vorgang 12345", ORDER, replace(setting, model=endpoint()), ask_model="always")

    assert result.output["conflicts"] == [{"field": "order_number", "values": ["4711", "12345"]}]
    assert result.unclear


def test_a_model_may_choose_between_different_values_and_says_so(
    setting: Setting, server: ScriptedServer, endpoint: Make
) -> None:
    server.will({"order_number": "4712"})

    result = extract("Nicht Bestellung 4711, sondern Bestellung 4712!", ORDER, replace(setting, model=endpoint()))

    assert result.output == {"order_number": "4712"}
    assert "4711, 4712; das Sprachmodell wählte 4712" in result.warnings[0]


def test_order_lines_of_a_model_must_stand_in_the_text(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    line = {"quantity": "3", "article": None, "description": "blaue Ordner", "unit": None}
    server.will({"lines": [line, {**line, "quantity": "99"}]})

    result = extract("Schickt uns 3 blaue Ordner", {"lines": {"type": "rows"}}, replace(setting, model=endpoint()))

    assert [(r["quantity"], r["description"]) for r in result.output["lines"]] == [(Decimal(3), "blaue Ordner")]
    assert "99" in result.warnings[0]


def test_a_model_is_not_asked_when_everything_is_sure(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    extract("Bestellung 4711", ORDER, replace(setting, model=endpoint()))

    assert server.requests == []


@pytest.mark.parametrize("reply", [Reply("garbage"), Reply(status=500), Reply({"order_number": {"deep": 1}})])
def test_without_the_model_the_patterns_answer(setting: Setting, server: ScriptedServer, endpoint: Make, reply: Reply) -> None:
    server.will(reply)

    result = extract("Bestellung 4711", ORDER, replace(setting, model=endpoint()), ask_model="always")

    assert result.output == {"order_number": "4711"}
    assert "fiel aus" in result.warnings[0]


def test_personal_data_is_restored_in_the_values(setting: Setting, server: ScriptedServer, endpoint: Make) -> None:
    def copy(request: dict[str, Any]) -> dict[str, Any]:
        text = request["messages"][1]["content"]
        return {"contact": text[text.index("[PERSON_") :].split("]")[0] + "]"}

    server.will(copy)
    result = extract(
        "Zuständig ist Frau Yilmaz.", {"contact": {"means": "Ansprechperson"}}, replace(setting, model=endpoint(trusted=False))
    )

    assert "Yilmaz" not in server.sent()
    assert result.output == {"contact": "Yilmaz"}


@pytest.mark.parametrize(
    "written",
    ["EUR", "Euro", "euros", "€", "CHF", "SFr", "sfr", "Fr.", "fr.", "USD", "US$", "$", "GBP", "£", "PLN", "CZK", "DKK", "SEK"],
)
def test_every_currency_is_seen_before_and_behind_the_number(written: str) -> None:
    for text in (f"Zu zahlen sind {written} 12,50 heute.", f"Zu zahlen sind 12,50 {written} heute."):
        (found,) = amounts(text)
        assert (found.value["amount"], found.confidence) == (Decimal("12.50"), 0.9)


def test_the_shape_of_an_answer_is_the_same_for_the_same_fields_alone() -> None:
    def of(**fields: dict) -> type:
        return shape({name: FieldOption.model_validate(option) for name, option in fields.items()})

    number = {"type": "text", "means": "the order"}
    assert of(number=number) is of(number=dict(number, required=True))
    others = [
        of(number={**number, **change})
        for change in ({"means": "the invoice"}, {"many": True}, {"type": "choice", "choices": ["a"]})
    ]
    assert len({*others, of(number=number), of(order=number), of(number={"type": "choice", "choices": ["b"]})}) == 6
    assert others[0].model_json_schema()["properties"]["number"]["description"] == "the invoice"
