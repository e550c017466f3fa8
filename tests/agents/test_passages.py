"""Which passages of the knowledge pages a draft takes, and the letter around them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.base import Result, Setting, Task
from agents.draft import Draft, DraftOptions

SHOP = """---
title: Bicycle shop
language: en
---
## Bicycle service
A basic service costs 59 pounds, a full service 119 pounds. In spring the waiting time is about two weeks.

## Puncture repair while you wait
Punctures are repaired while you wait for 14 pounds including the tube.

## Hiring bikes and e-bikes
City bikes cost 18 pounds a day, e-bikes 38 pounds. We need an identity card and a deposit of 100 pounds.

## E-bike batteries
Batteries have a warranty of two years or 500 charging cycles.

## Children's bikes that grow along
You can swap a child's bike for the next size; half of the price paid is credited for two years.

## Opening hours
We are open Tuesday to Friday from 10 am to 6.30 pm and on Saturday from 9 am to 3 pm.
"""
GARDEN = """---
title: Gartenbau
language: de
---
## Hecken- und Baumschnitt
Hecken schneiden wir von Oktober bis Februar stark zurück. Eine Stunde zu zweit kostet 96 Euro.

## Baumfällung und Genehmigung
Ob für eine Fällung eine Genehmigung nötig ist, klären wir mit der Gemeinde.

## Rollrasen und Rasenpflege
Rollrasen verlegen wir für 14 Euro je Quadratmeter. In den ersten drei Wochen muss er täglich gewässert werden.

## Winterdienst
Geräumt wird bis 7 Uhr; Verträge schließen wir bis Ende Oktober.

## Eingegangene Pflanzen, Anwachsgarantie
Auf von uns gelieferte Pflanzen geben wir ein Jahr Anwachsgarantie. Senden Sie uns bitte ein Foto.
"""
LETTERS = """---
title: Parken
language: de
---
## Parkplatz mieten
Guten Tag,

ein Stellplatz kostet 45 Euro im Monat.

Mit freundlichen Grüßen
Ihre Parkhausverwaltung

## Öffnungszeiten der Einfahrt
Sehr geehrte Damen und Herren,

die Einfahrt ist von 6 bis 22 Uhr geöffnet.

Viele Grüße
"""


def answer(setting: Setting, page: str, text: str, language: str = "en", name: str = "", **options: Any) -> Result:
    """The draft of an office with one page."""
    folder = setting.office_dir / "knowledge"
    folder.mkdir(exist_ok=True)
    (folder / "page.md").write_text(page)
    mail = {"from": {"name": name, "address": "x@x.example"}, "subject": "", "new_text": text}
    [result] = Draft().run([Task(DraftOptions(knowledge=True, **options), {"language": language}, {"mail": mail})], setting)
    assert isinstance(result, Result), result
    return result


def headings(result: Result) -> list[str]:
    return [citation["heading"] for citation in result.output["citations"]]


@pytest.mark.parametrize(
    ("page", "text", "taken"),
    [
        (
            SHOP,
            "We are four adults visiting next weekend and would like to hire e-bikes for a day. How much are they?",
            ["Hiring bikes and e-bikes"],
        ),
        (SHOP, "The range of my e-bike is half of what it was. Is the battery covered by a warranty?", ["E-bike batteries"]),
        (
            SHOP,
            "My bike hasn't been serviced for three years and the gears are slipping. What does a service cost?",
            ["Bicycle service"],
        ),
        (GARDEN, "Unsere Hecke ist drei Meter hoch. Was kostet es, sie stark zu schneiden?", ["Hecken- und Baumschnitt"]),
        (
            GARDEN,
            "Zwei der Rosen, die Sie im Herbst gepflanzt haben, sind eingegangen.",
            ["Eingegangene Pflanzen, Anwachsgarantie"],
        ),
    ],
)
def test_one_question_is_answered_by_one_passage_and_not_by_what_is_merely_near(
    setting: Setting, page: str, text: str, taken: list[str]
) -> None:
    assert headings(answer(setting, page, text, "en" if page is SHOP else "de")) == taken


def test_a_question_that_the_draft_leaves_out_is_named_to_whoever_approves(setting: Setting) -> None:
    both = "What does a full service cost?\nDo you also sharpen ice skates?"

    result, whole = answer(setting, SHOP, both), answer(setting, SHOP, "What does a full service cost?")

    assert headings(result) == headings(whole) == ["Bicycle service"]
    assert result.warnings == ["Diese Frage der Mail lässt der Entwurf vielleicht offen: „Do you also sharpen ice skates?“"]
    assert whole.warnings == []


def test_the_second_question_of_a_sentence_that_the_draft_leaves_out_is_named_too(setting: Setting) -> None:
    result = answer(setting, SHOP, "What does a full service cost, and when can you sharpen our ice skates?")

    assert headings(result) == ["Bicycle service"]
    assert result.warnings == ["Diese Frage der Mail lässt der Entwurf vielleicht offen: „when can you sharpen our ice skates?“"]


@pytest.mark.parametrize(("word", "long"), [("Wort ", 299), ("ohneBlank", 300)])
def test_a_quote_is_as_it_stands_there_and_ends_with_a_word(setting: Setting, word: str, long: int) -> None:
    page = f"---\ntitle: Seite\nlanguage: de\n---\n## Parkplatz mieten\n{word * 100}\n"

    result = answer(setting, page, "Was kostet es, einen Parkplatz zu mieten?", "de", at_least=0)

    [citation] = result.output["citations"]
    assert (word * 100).startswith(citation["quote"])
    assert len(citation["quote"]) == long
    assert result.evidence["text"][0].quote == citation["quote"]


def test_each_question_of_a_mail_gets_its_passage(setting: Setting) -> None:
    text = (
        "My daughter has outgrown the bike that we bought from you. Can we swap it for the next size?\nAre you open on Saturday?"
    )

    result = answer(setting, SHOP, text)

    assert sorted(headings(result)) == ["Children's bikes that grow along", "Opening hours"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (SHOP, "Are you interested in sponsoring our youth football team?"),
        (SHOP, "One of your customers dropped a wallet in front of our bakery."),
        (GARDEN, "Verleihen Sie Minibagger?"),
        (GARDEN, "Ihr Mitarbeiter hat unsere Telefonleitung durchtrennt, seit gestern geht nichts mehr."),
    ],
)
def test_where_nothing_fits_well_it_is_left_to_a_person(setting: Setting, page: str, text: str) -> None:
    result = answer(setting, page, text, "en" if page is SHOP else "de")

    assert "Wissensseiten" in result.unclear
    assert "%" not in result.unclear
    assert (result.output["text"], result.output["citations"], result.confidence) == ("", [], None)


def test_that_a_passage_fits_is_no_probability(setting: Setting) -> None:
    asked = "Was kostet es, die Hecke zu schneiden?"
    [filled_in] = Draft().run([Task(DraftOptions(template="Danke."), {"language": "de"}, {})], setting)

    assert isinstance(filled_in, Result)
    assert (answer(setting, GARDEN, asked, "de").confidence, filled_in.confidence) == (None, 1.0)


def test_an_admin_can_ask_for_a_clearer_fit(setting: Setting) -> None:
    asked = "Gibt es Anwachsgarantie auf Pflanzen, und was kostet die Pflege der Beete und Sträucher?"

    assert headings(answer(setting, GARDEN, asked, "de"))
    assert answer(setting, GARDEN, asked, "de", at_least=1.0).unclear


def test_passages_that_are_whole_letters_greet_once(setting: Setting) -> None:
    asked = "Was kostet es, einen Parkplatz zu mieten?\nWann ist die Einfahrt geöffnet?"

    text = answer(replace(setting, settings={"company": "Parkhaus GmbH"}), LETTERS, asked, "de", "Ida Berg").output["text"]

    assert text.startswith("Guten Tag Ida Berg,\n\n")
    assert text.endswith("\n\nMit freundlichen Grüßen\nParkhaus GmbH")
    assert [text.count(words) for words in ("Guten Tag", "Sehr geehrte", "Grüße", "45 Euro", "22 Uhr")] == [1, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Ida Berg", "Guten Tag Ida Berg,"),
        ("Berg, Ida", "Guten Tag Ida Berg,"),
        ("Herr Dr. Max Krug", "Sehr geehrter Herr Dr. Krug,"),
        ("Jetzt gewinnen! www.x.example", "Sehr geehrte Damen und Herren,"),
    ],
)
def test_the_salutation_is_that_of_templates(setting: Setting, name: str, greeting: str) -> None:
    result = answer(setting, GARDEN, "Was kostet es, die Hecke zu schneiden?", "de", name)

    assert result.output["text"].startswith(f"{greeting}\n\nHecken schneiden wir")


def test_a_letter_is_in_the_language_of_its_passages(setting: Setting) -> None:
    result = answer(setting, GARDEN, "Rollrasen: combien coûte le mètre carré de Rollrasen, Rasenpflege?", "fr", "Ida Berg")

    assert result.output["text"].startswith("Guten Tag Ida Berg,\n\nRollrasen verlegen wir")
    assert result.output["language"] == "de"
    assert list(result.warnings) == ["Es gibt keine Wissensseiten in der Sprache „fr“; genommen wurde „de“."]
