"""Two questions in one sentence are two, and an afterthought such as „und wann“ is none of its own."""

from __future__ import annotations

import pytest

from agents._draft.questions import questions_in

TWO = [
    "Wann kommt die Ware und was kostet der Versand?",
    "Wo bleibt unsere Bestellung, und wann können wir damit rechnen?",
    "Was würde das kosten, und wie lange dauert es?",
    "Wie hoch ist der Mindestbestellwert und welche Zahlungsarten bieten Sie an?",
    "Würden Sie die 400 Beutel zurücknehmen, und wer zahlt den Rückversand von der Insel?",
    "Haben Sie die Kartons auf Lager und was kosten 500 Stück?",
    "Können Sie mir sagen, wann die Ware kommt und was der Versand kostet?",
    "Wie läuft der Umtausch sowie wer trägt die Kosten?",
    "Ab welcher Menge gibt es Rabatt und bis wann müssen wir bestellen?",
    "Liefern Sie auch nach Österreich und wie lange dauert das?",
    "wann kommt die lieferung und was kostet der versand?",
    "Was ist passiert und was machen wir jetzt?",
    "Ist die Rechnung bezahlt und warum mahnen Sie uns dann?",
    "Wer ist zuständig, und wie erreiche ich ihn?",
    "Gibt es die Folie in Blau und in welchen Breiten liefern Sie sie?",
    "Wie viele Paletten passen auf den Wagen und wann fährt er ab?",
    "When will the goods arrive and what does shipping cost?",
    "Do you have it in stock, and when could you ship it?",
    "How much is the film and which widths do you offer?",
    "Where is our order and why has nobody called us back?",
    "What happened to the parcel and where is it now?",
    "Can you deliver to Oslo and how long does it take?",
]
ONE = [
    "Kommt die Ware noch, und wann?",
    "Wann und wo kann ich die Ware abholen?",
    "Wie und bis wann muss ich reklamieren?",
    "Können Sie liefern und zu welchem Preis?",
    "Können Sie das liefern, und wann genau?",
    "Können Sie liefern und wie schnell?",
    "Bis wann und zu welchem Preis können Sie liefern?",
    "Was kosten 300 Kartons und 40 Rollen Klebeband?",
    "Wann kommen die Beutel und die Etiketten?",
    "Haben Sie Kartons und Klebeband auf Lager?",
    "Was und wie viel haben wir bestellt?",
    "Bekommen wir eine Gutschrift, und wenn ja, wann?",
    "Wer hat die Ware wann und wo angenommen?",
    "Welche Größen und welche Farben haben Sie?",
    "Für welche Mengen und welche Breiten gilt der Preis?",
    "Wie oft und wie lange dürfen wir zurückgeben?",
    "Liefern Sie auch samstags und wie oft?",
    "Ist das Lager geöffnet und bis wann?",
    "Wissen Sie schon, wann und womit Sie liefern?",
    "Wo finde ich Ihre Preise und Bedingungen?",
    "When and where can we collect the goods?",
    "Can you ship it, and when?",
    "What are the price and the delivery time?",
    "Do you sell film and tape, and in which widths?",
    "How and by when do we have to complain?",
    "Which sizes do you offer and at what discount?",
    "Is the invoice paid and when?",
    "Could you send us your price for film and for how many rolls?",
]


@pytest.mark.parametrize("sentence", TWO)
def test_two_questions_are_two(sentence: str):
    first, second = questions_in(sentence)
    assert sentence.startswith(first)
    assert sentence.endswith(second)


@pytest.mark.parametrize("sentence", ONE)
def test_one_question_stays_whole(sentence: str):
    assert questions_in(sentence) == [sentence]


def test_three_are_three_and_what_is_no_question_stays_whole():
    assert questions_in("Wann kommt die Ware, was sie kostet, weiß ich, und wer zahlt die Fracht und wo wird abgeladen?") == [
        "Wann kommt die Ware, was sie kostet, weiß ich",
        "wer zahlt die Fracht",
        "wo wird abgeladen?",
    ]
    assert questions_in("Wir wissen, wann die Ware kommt und was sie kostet.") == [
        "Wir wissen, wann die Ware kommt und was sie kostet."
    ]
