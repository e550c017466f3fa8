"""German and English: complete, and chosen as people want it."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import jinja2.ext
from babel.messages.extract import extract_from_file

import kontorist.inbox
from kontorist.core.filters import format_amount
from kontorist.inbox.pages import brief, shown
from kontorist.inbox.texts import choose, texts
from tests.inbox.desks import Desk

ROOT = Path(kontorist.inbox.__file__).parent
OPTIONS = {"trim_blocks": "true", "newstyle_gettext": "true", "silent": "false"}


def messages() -> set[str]:
    """Every English text of the inbox; of one for one or many, the first."""
    found = [m[1] for f in ROOT.rglob("*.html") for m in extract_from_file(jinja2.ext.babel_extract, f, options=OPTIONS)]
    found += [m[1] for f in ROOT.rglob("*.py") for m in extract_from_file("python", f, keywords={"N_": None})]
    return {m if isinstance(m, str) else m[0] for m in found}


def test_every_text_has_its_german():
    german = texts("de")
    untranslated = [m for m in messages() if m not in german._messages and m not in german._plurals]
    assert untranslated == []
    assert len(messages()) > 150


def test_no_german_text_is_left_that_nothing_uses():
    german = texts("de")
    assert {*german._messages, *german._plurals} - messages() == set()


def test_placeholders_are_the_same_in_both_languages():
    for one, forms in texts("de")._plurals.items():
        for form in forms:
            assert re.findall(r"%\(\w+\)d", form) == re.findall(r"%\(\w+\)d", one)


def test_templates_never_translate_what_is_not_fixed():
    """`_(name)` would put a stranger's text on the page unescaped; the filter `tr` does not."""
    for file in ROOT.rglob("*.html"):
        assert re.findall(r"\b_\((?![\"'])", file.read_text()) == [], file.name
        assert "|safe" not in file.read_text().replace(" ", "")


def test_the_language_is_the_persons_choice_then_the_browsers_then_the_offices():
    assert choose("de", "en", "en") == "de"
    assert choose("", "fr;q=0.9, de;q=0.8, en;q=0.7", "en") == "de"
    assert choose("", "fr", "de") == "de"
    assert choose("xx", "", "yy") == "en"


def test_a_page_speaks_the_language_that_was_chosen(desk: Desk):
    browser = desk.browser("anna")
    assert "To decide" in browser.get("/").text
    assert "Zu entscheiden" in browser.client.get("/", headers={"accept-language": "de-DE,de;q=0.9"}).text
    browser.post("/language", language="de", to="/")
    assert "Zu entscheiden" in browser.client.get("/", headers={"accept-language": "en"}).text


def test_amounts_have_their_cents_whatever_type_keeps_them_and_other_numbers_do_not():
    assert [shown(v, "de", "total") for v in (Decimal(938), 218.9, "6704.46", 500)] == [
        "938,00",
        "218,90",
        "6.704,46",
        "500,00",
    ]
    assert brief({"amount": "140.00", "booking_date": "2026-11-20"}, "de") == "Betrag: 140,00 · Gebucht am: 20.11.2026"
    assert shown(3, "de", "dunning_level") == "3"
    assert (format_amount("6704.46"), format_amount("6704.46", "en")) == ("6.704,46", "6,704.46")
