"""What an office that writes German has stored is English for who reads English, wherever the sentence is ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import _words, match
from connectors.mail import texts as mail
from kontorist.inbox.sentences import sentences, translated
from tests.inbox.desks import Desk

ROOT = Path(__file__).resolve().parents[2]
NEVER_ALONE = {"no_subject", "wrote", "wrote_on"}
"""Words in the mails themselves, which stay as they are."""
OTHERS = [
    ("In {1} steht nichts zu {2}.", "There is nothing in {1} for {2}."),
    ("Dasselbe ist schon vorbereitet oder erledigt: Aktion {1}.", "The same is already prepared or done: action {1}."),
    ("Dasselbe ist schon vorbereitet oder erledigt: Karte {1}.", "The same is already prepared or done: action {1}."),
    ("Rechnung {1} von {2} über {3} buchen: {4} an {5}, {6}.", "Post invoice {1} of {2} for {3}: {4} to {5}, {6}."),
    ("Gutschrift {1} von {2} über {3} buchen: {4} an {5}, {6}.", "Post credit note {1} of {2} for {3}: {4} to {5}, {6}."),
    ("Konto {1}", "account {1}"),
    ("Kreditor (noch offen)", "vendor (still open)"),
    ("Kreditor {1}", "vendor {1}"),
    ("{1} (Steuerschlüssel {2})", "{1} (tax key {2})"),
    ("{1} (Steuer über das Konto)", "{1} (tax by the account)"),
    ("{1} (ohne Steuerschlüssel)", "{1} (no tax key)"),
    ("'{1}' ist kein bekannter Kreditor.", "'{1}' is no known vendor."),
    ("Zahlung von {1} ({2}) auf {3} buchen: {4}.", "Post the payment of {1} ({2}) to {3}: {4}."),
    ("{1}, Skonto {2}", "{1}, cash discount {2}"),
    ("Von {1} bleiben {2} offen.", "{2} of {1} stay open."),
    (
        "Die Mail kommt von {1}; das ist nicht die Domain des Kreditors ({2}).",
        "The mail came from {1}, which is not the vendor's domain ({2}).",
    ),
    (
        "Die Mail kommt von {1}; das ist nicht die Domain des Kreditors ({2}) und sieht ihr nur ähnlich.",
        "The mail came from {1}, which is not the vendor's domain ({2}) and only looks like it.",
    ),
    (
        "Eine andere Bankverbindung wird {1} angekündigt: '{2}'. Beim Lieferanten unter der bekannten Nummer nachfragen.",
        "Other bank details are announced {1}: '{2}'. Call the vendor on the known number.",
    ),
    ("auf der Rechnung", "on the invoice"),
    ("in der Mail", "in the mail"),
    # English already, around the sentence of another proposal
    (
        "There is a payment that is not considered here, card {1}: {2}",
        "There is a payment that is not considered here, card {1}: {2}",
    ),
]
"""Pairs that stand in the middle of the source: `connectors/accounting` (telling, settle, sender, accounts), `flows/steps.py`, `flows/advance.py`, `kontorist/store/settling.py`."""


def pairs() -> Iterator[tuple[str, str]]:
    """Every German sentence with its English one, its places numbered as they come in the German."""
    told = [*_words._WORDS.values(), *match._STATES.values(), *match._BY.values()]
    told += [both for name, both in mail._TEXTS.items() if name not in NEVER_ALONE]
    for german, english in told:
        names = {name: f"{{{n}}}" for n, name in enumerate(dict.fromkeys(re.findall(r"\{(\w+)\}", german)), 1)}
        yield numbered(german, names), numbered(english, names)
    yield from written_side_by_side()
    yield from OTHERS


def written_side_by_side() -> Iterator[tuple[str, str]]:
    """Warnings and refusals that name both languages with the same values; where a value itself is put in words, there is no pair."""
    for file in sorted((ROOT / "connectors").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="warn" | "Refusal"), args=[*_, german, english]):
                    values = [ast.unparse(v.value) for v in ast.walk(german) if isinstance(v, ast.FormattedValue)]
                    names = {value: f"{{{n}}}" for n, value in enumerate(dict.fromkeys(values), 1)}
                    if (one := filled(german, names)) and (other := filled(english, names)):
                        yield one, other


def filled(node: ast.expr, names: dict[str, str]) -> str:
    """The text of an expression with its places; empty where it is no text, or has a value that has no place."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            known = [p.value if isinstance(p, ast.Constant) else names.get(ast.unparse(p.value)) for p in parts]  # type: ignore[attr-defined]
            return "" if None in known else "".join(map(str, known))
    return ""


def numbered(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)


def test_the_catalogue_has_exactly_the_pairs_of_the_source():
    assert sentences("en") == dict(pairs())


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Antwortet a@example.org mit „Re: Wo bleibt es?“.", "Replies to a@example.org: “Re: Wo bleibt es?”."),
        ("Schickt eine neue Mail „Rechnung“ an b@example.org.", "Sends a new mail “Rechnung” to b@example.org."),
        ("In erp.orders steht nichts zu 47001.", "There is nothing in erp.orders for 47001."),
        (
            "Rechnung R-1 von Muster & Söhne über 119,00 EUR buchen: Konto 4930 an Kreditor 70001 Muster & Söhne, 119,00 (Steuerschlüssel 9).",
            "Post invoice R-1 of Muster & Söhne for 119,00 EUR: account 4930 to vendor 70001 Muster & Söhne, 119,00 (tax key 9).",
        ),
        ("Eine Bestellung: bitte im ERP erfassen.", "Eine Bestellung: bitte im ERP erfassen."),  # of the flow's author
    ],
)
def test_our_sentences_are_english_and_others_stay(german: str, english: str):
    assert translated("en", german) == english
    assert translated("de", german) == german


def test_a_proposal_of_a_german_office_is_english_on_list_and_card(desk: Desk):
    row = desk.card(sentence="Verschiebt die Mail „Paletten“ in den Ordner „Erledigt“.", error="Der Text ist leer.")
    anna = desk.browser("anna")
    for path in ("/", f"/card/{row.id}", f"/card/{row.id}?edit=1", f"/case/{row.case_id}"):
        page = anna.get(path).text
        assert "Moves the mail “Paletten” to the folder “Erledigt”." in page, path
        assert "Verschiebt" not in page, path
    anna.client.cookies.set("kontorist_language", "de")
    assert "Verschiebt die Mail" in anna.get(f"/card/{row.id}").text
