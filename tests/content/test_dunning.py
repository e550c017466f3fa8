"""The flow dunning over the sample office's open items: who gets a letter, in which language, about what."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.mail.compose import bare
from flows.simulate import simulate
from kontorist.core.filters import format_money
from kontorist.core.office import load_office
from scripts.sample import erp
from tests.content.truth import OFFICE

BLOCKED = {customer[3] for customer in erp.CUSTOMERS if customer[10] == "ja"}
NEW_ITEMS = ("Außerdem ist inzwischen fällig:", "Due by now as well:")
ENGLISH = {customer[3] for customer in erp.CUSTOMERS if customer[8] == "en"}


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    (result,) = simulate(load_office(OFFICE), tmp_path_factory.mktemp("data"), "dunning", [])
    assert result["error"] is None
    return {bare(p["payload"]["to"][0]): {**p["payload"], "sentence": p["sentence"]} for p in result["proposals"]}


def level(letter):
    return letter["subject"].partition(":")[0]


def test_every_customer_with_an_overdue_item_gets_one_letter_but_for_those_with_a_block(letters):
    overdue = {item["E-Mail"] for item in erp.open_items() if item["Mahnstufe"] != "0" and item["Offen"] != "0,00"}

    assert len(BLOCKED) == 2
    assert overdue >= BLOCKED
    assert overdue - BLOCKED <= set(letters)
    assert not BLOCKED & set(letters)


def test_a_letter_names_what_is_open_and_not_what_is_paid(letters):
    for item in erp.open_items():
        if item["Mahnstufe"] != "0" and item["E-Mail"] in letters:
            assert (item["Rechnungsnummer"] in letters[item["E-Mail"]]["body"]) == (item["Offen"] != "0,00"), item


def test_english_speaking_customers_get_english_letters(letters):
    english = {to for to, letter in letters.items() if level(letter) == "Payment reminder"}

    assert english == ENGLISH & set(letters)
    assert len(english) >= 3


def test_there_are_letters_of_each_level(letters):
    assert {"Zahlungserinnerung", "2. Mahnung", "3. Mahnung", "Payment reminder"} == {*map(level, letters.values())}


def test_a_letter_says_of_each_item_what_is_true_of_it(letters):
    """The level of the letter is the highest of its items; nobody is told of reminders to what was never reminded of."""
    for to, letter in letters.items():
        reminded, _, fresh = letter["body"].partition(NEW_ITEMS[to in ENGLISH])
        for item in erp.open_items():
            if item["E-Mail"] == to and item["Rechnungsnummer"] in letter["body"] and fresh:
                assert (item["Rechnungsnummer"] in fresh) == (item["Mahnstufe"] == "0"), item
                assert (item["Rechnungsnummer"] in reminded) == (item["Mahnstufe"] != "0"), item
    lindner = letters["lindner@optik-lindner.example"]
    assert level(lindner) == "3. Mahnung"
    assert lindner["body"].index("R26-3073") < lindner["body"].index(NEW_ITEMS[0]) < lindner["body"].index("R26-3090")


def test_the_list_says_of_each_letter_who_it_goes_to_and_how_much_is_open(letters):
    names = {customer[3]: customer[1] for customer in erp.CUSTOMERS}
    for to, letter in letters.items():
        mine = [item for item in erp.open_items() if item["E-Mail"] == to and item["Rechnungsnummer"] in letter["body"]]
        total = sum(Decimal(item["Offen"].replace(".", "").replace(",", ".")) for item in mine)
        language = "en" if to in ENGLISH else "de"

        assert f"{names[to]} <{to}>" in letter["sentence"]
        assert format_money(total, "EUR", language) in letter["sentence"]
        assert mine[0]["Kundennummer"] in letter["sentence"]
