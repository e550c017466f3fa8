"""What an office that writes German has stored is English for who reads English, wherever the sentence is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import _words, match
from connectors import connections
from connectors.accounting import checks
from connectors.mail import texts as mail
from flows import stated
from kontorist.inbox.sentences import sentences, translated
from kontorist.inbox.titles import titled
from kontorist.reading.bank.german import SENTENCES
from kontorist.reading.german import _SENTENCES
from tests.inbox.both import written_in_both
from tests.inbox.both_invoice import in_order, said_of_invoices
from tests.inbox.desks import Desk

ROOT = Path(__file__).resolve().parents[2]
NEVER_ALONE = {"no_subject", "wrote", "wrote_on"}
"""Words in the mails themselves, which stay as they are."""
PIECES = {
    "de", "Kreditor", "Konto", "vorher", "jetzt", "Die Rechnung", "wurde inzwischen gebucht", "lässt sich nicht vorbereiten", "Nicht lesbar",
    "Steuerschlüssel {1}", "Steuer über das Konto", "ohne Steuerschlüssel", "Hier sind weitere Rechnungen dabei", "Legt „{1}“ im Archiv ab",
    ", Schlagwörter: {1}.", "{1} {2} von {3} über {4} buchen: {5} an {6}, {7}.",
}  # fmt: skip
"""Of which a sentence is put together: the whole one stands in `PUT_TOGETHER`."""
PUT_TOGETHER = [
    (
        "Importdatei „{1}“ mit 1 Zeile für das ERP in {2} schreiben.",
        "Write an import file “{1}” with 1 row for the ERP into {2}.",
    ),
    (
        "Importdatei „{1}“ mit {2} Zeilen für das ERP in {3} schreiben.",
        "Write an import file “{1}” with {2} rows for the ERP into {3}.",
    ),
    ("In {1} steht nichts zu {2}.", "There is nothing in {1} for {2}."),
    ("{1} Zeilen in {2} zu {3}; erwartet war eine.", "{1} rows in {2} for {3}; one was expected."),
    ("Dasselbe ist schon vorbereitet oder erledigt: Aktion {1}.", "The same is already prepared or done: action {1}."),
    ("Dasselbe ist schon vorbereitet oder erledigt: Karte {1}.", "The same is already prepared or done: action {1}."),
    ("Rechnung {1} von {2} über {3} buchen: {4} an {5}, {6}.", "Post invoice {1} of {2} for {3:amount}: {4} to {5}, {6}."),
    ("Gutschrift {1} von {2} über {3} buchen: {4} an {5}, {6}.", "Post credit note {1} of {2} for {3:amount}: {4} to {5}, {6}."),
    ("Konto {1}", "account {1}"),
    ("Kreditor {1}", "vendor {1}"),
    ("{1} (Steuerschlüssel {2})", "{1:amount} (tax key {2})"),
    ("{1} (Steuerschlüssel {2}), {3}", "{1:amount} (tax key {2}), {3:amount}"),
    ("{1} (Steuer über das Konto)", "{1:amount} (tax by the account)"),
    ("{1} (Steuer über das Konto), {2}", "{1:amount} (tax by the account), {2:amount}"),
    ("{1} (ohne Steuerschlüssel)", "{1:amount} (no tax key)"),
    ("{1} (ohne Steuerschlüssel), {2}", "{1:amount} (no tax key), {2:amount}"),
    (
        "Der Stammsatz des Kreditors {1} wurde geändert. IBAN vorher: {2}, jetzt: {3}.",
        "The record of vendor {1} changed. IBAN before: {2}, now: {3}.",
    ),
    ("Die Rechnung {1} wurde inzwischen gebucht: {2}.", "The invoice {1} was posted meanwhile: {2}."),
    (
        "'{1}' ist kein bekannter Kreditor. Mehrere Kreditoren sind mit {2} angelegt; einen auswählen.",
        "'{1}' is no known vendor. Several vendors have {2}; choose one.",
    ),
    (
        "'{1}' ist kein bekannter Kreditor. Achtung, der Name ähnelt Kreditor {2} ({3}), aber USt-IdNr. und IBAN sind andere.",
        "'{1}' is no known vendor. Mind that the name resembles vendor {2} ({3}), but VAT id and IBAN differ.",
    ),
    (
        "Als Verkäufer steht unsere eigene USt-IdNr. {1} da: Das ist eine Ausgangsrechnung oder eine Fälschung.",
        "The seller's VAT id is our own, {1}: an invoice of ours, or a forgery.",
    ),
    ("Der Beleg der Rechnung {1} ist nicht lesbar: {2}", "The document of invoice {1} cannot be read: {2}"),
    ("Zahlung von {1} ({2}) auf {3} buchen: {4}.", "Post the payment of {1:amount} ({2}) to {3}: {4}."),
    ("{1}, Skonto {2}", "{1}, cash discount {2:amount}"),
    (
        "Zahlungsdatei über {1} an {2} Empfänger vom Konto {3} schreiben; die Bank führt sie erst nach ihrer eigenen Freigabe aus.",
        "Write a payment file of {1:amount} to {2} receivers from {3}; the bank executes it after its own release only.",
    ),
    (
        "Zahlungsdatei über {1} an {2} ({3}) vom Konto {4} schreiben; die Bank führt sie erst nach ihrer eigenen Freigabe aus.",
        "Write a payment file of {1:amount} to {2} ({3}) from {4}; the bank executes it after its own release only.",
    ),
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
    ("Legt „{1}“ im Archiv ab.", "File “{1}” in the archive."),
    ("Legt „{1}“ im Archiv ab, Schlagwörter: {2}.", "File “{1}” in the archive, tags: {2}."),
    ("Das Archiv hat dieses Dokument schon (Nr. {1}).", "The archive has this document already (no. {1})."),
    ("Hier sind weitere Rechnungen dabei: {1}.", "There are further invoices: {1}."),
    ("Nicht lesbar: {1}", "Not readable: {1}"),
    (
        "'{1}' ist dieselbe Rechnung mit anderen Angaben: {2} ist dort {3}, hier {4}.",
        "'{1}' is the same invoice with other data: {2} is {3:amount} there and {4:amount} here.",
    ),
    ("Brutto", "gross"),
    # English already, around the sentence of another proposal
    (
        "There is a payment that is not considered here, card {1}: {2}",
        "There is a payment that is not considered here, card {1}: {2}",
    ),
]
"""Sentences with another one, a word or a list in them."""
OF_THE_SAMPLE_OFFICE = [
    (
        "Der Liefertermin der Bestellung {1} ist vorbei ({2}). Die Antwort nennt keinen; bitte klären Sie den neuen.",
        "The delivery date of order {1} is past ({2:day}). The answer names none; please find out the new one.",
    ),
    (
        "Bestellung {1}: bitte den Liefertermin klären und dem Kunden nennen; die Antwort nennt keinen.",
        "Order {1}: please find out the delivery date and tell the customer; the answer names none.",
    ),
    (
        "Bitte das Angebot schreiben und schicken; bisher ist nur der Eingang bestätigt.",
        "Please write and send the quotation; so far only its receipt is confirmed.",
    ),
    (
        "Bitte die Reklamation zu Ende bringen (Ersatz, Gutschrift, Abholung); bisher ist sie nur beantwortet.",
        "Please settle the complaint (replacement, credit note, collection); so far it is only answered.",
    ),
    (
        "Die vorbereitete Antwort wurde abgelehnt, und die Mail liegt noch im Posteingang: bitte selbst antworten, oder schließen und sagen, warum nichts zu tun ist.",
        "The prepared answer was rejected, and the mail is still in the inbox: please answer it yourself, or close it and say why there is nothing to do.",
    ),
    ("Hier ist keine lesbare Rechnung dabei.", "There is no invoice here that can be read."),
    (
        "Gebucht ist nur {1}. Bitte auch die weiteren Rechnungen derselben Sendung buchen: {2}.",
        "Only {1} is posted. Please post the other invoices of the same mail, too: {2}.",
    ),
    ("Eine automatische Nachricht; es ist nichts zu tun.", "An automatic message; there is nothing to do."),
    (
        "Eine Bestellung: bitte im ERP erfassen; es stehen Zeilen in der Mail und in ihrem Anhang.",
        "An order: please enter it into the ERP; there are lines in the mail and in its attachment.",
    ),
    (
        "Eine Bestellung: bitte im ERP erfassen; ihre Zeilen sind nicht zu lesen.",
        "An order: please enter it into the ERP; its lines cannot be read.",
    ),
    (
        "Eine Bestellung: bitte im ERP erfassen; zu „{1}“ ist keine Artikelnummer genannt.",
        "An order: please enter it into the ERP; no article number is named for “{1}”.",
    ),
    (
        "Eine Bestellung: bitte im ERP erfassen; zu Artikel {1} ist die Menge nicht zu lesen.",
        "An order: please enter it into the ERP; the quantity of article {1} cannot be read.",
    ),
    (
        "Die vorbereitete Bestellung wurde abgelehnt, und die Mail liegt noch im Posteingang: bitte selbst erfassen, oder schließen und sagen, warum nichts zu tun ist.",
        "The prepared order was rejected, and the mail is still in the inbox: please enter it yourself, or close it and say why there is nothing to do.",
    ),
    ("Eine Mahnung an uns: bitte in der Buchhaltung klären.", "A reminder to us: please clear it up in accounting."),
    (
        "Eine Anfrage zum Datenschutz: bitte innerhalb eines Monats beantworten.",
        "A request about data protection: please answer it within a month.",
    ),
    ("Für diese Art von Mail ist nichts vorbereitet.", "Nothing is prepared for this kind of mail."),
]
"""What flows say that came with the product; what an office wrote itself stays in its own language."""


def pairs() -> Iterator[tuple[str, str]]:
    """Every German sentence with its English one, its places numbered as they come in the German."""
    told = [*_words._WORDS.values(), *match._STATES.values(), *match._BY.values(), *checks._BY.values()]
    told += [both for name, both in mail._TEXTS.items() if name not in NEVER_ALONE]
    told.append((stated._TEXTS["de"], stated._TEXTS["en"]))
    yield from (in_order(german, english) for german, english in told)
    yield from (pair for pair in (*written_in_both(), *unreadable()) if pair[0] not in PIECES and "{}" not in pair[0])
    yield from said_of_invoices()
    for german, english in connections._WRONG.values():
        yield f"{{1}} lässt sich nicht vorbereiten: {{2}} {german}", f"{{1}} cannot be prepared: {{2}} {english}"
    yield from PUT_TOGETHER
    yield from OF_THE_SAMPLE_OFFICE


def unreadable() -> Iterator[tuple[str, str]]:
    """Why a document or a statement cannot be read: patterns with their German, turned round."""
    for pattern, said in (*_SENTENCES, *SENTENCES):
        if r"\b" in pattern:  # a word of another sentence
            continue
        groups = re.findall(r"(?<!\\)\((?:[^()\\]|\\.)*\)\??", pattern)
        english, german = pattern, said
        for n, group in enumerate(groups, 1):
            place = f"'{{{n}}}'" if group.startswith("('") else f"{{{n}}}"
            english, german = english.replace(group, place, 1), german.replace(f"\\{n}", place)
        rest = f"{{{len(groups) + 1}}}" if said.endswith(": ") else ""
        english = re.sub(r"\\(.)", r"\1", english)
        yield in_order(german.removeprefix(": ") + rest, english.removeprefix(": ") + rest)


def test_the_catalogue_has_exactly_the_pairs_of_the_source():
    assert sentences("en") == dict(pairs())


def test_what_the_sample_office_says_stands_in_its_flows():
    flows = "".join(file.read_text() for file in (ROOT / "config/flows").glob("*.yaml"))
    for german, _ in OF_THE_SAMPLE_OFFICE:
        for piece in re.split(r"\{\d\}", german.rstrip(".")):
            assert piece in flows, german


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Antwortet a@example.org mit „Re: Wo bleibt es?“.", "Replies to a@example.org: “Re: Wo bleibt es?”."),
        ("Schickt eine neue Mail „Rechnung“ an b@example.org.", "Sends a new mail “Rechnung” to b@example.org."),
        ("In erp.orders steht nichts zu 47001.", "There is nothing in erp.orders for 47001."),
        (
            "Rechnung R-1 von Muster & Söhne über 1.119,00 EUR buchen: Konto 4930 an Kreditor 70001 Muster & Söhne, 1.119,00 (Steuerschlüssel 9).",
            "Post invoice R-1 of Muster & Söhne for €1,119.00: account 4930 to vendor 70001 Muster & Söhne, 1,119.00 (tax key 9).",
        ),
        (
            "Schickt eine neue Mail „Mahnung: 1.234,56 EUR bis 28.11.2026“ an b@example.org.",  # what will be sent stays as it is
            "Sends a new mail “Mahnung: 1.234,56 EUR bis 28.11.2026” to b@example.org.",
        ),
        (
            "Verschiebt die Mail „Der Text ist leer.“ in den Ordner „Erledigt“.",
            "Moves the mail “Der Text ist leer.” to the folder “Erledigt”.",
        ),
        (
            "Schon gebucht: 05.12.2026 vom 05.12.2026 über 12,00 in a.csv.",
            "Posted already: 05.12.2026 of 5 Dec 2026 for 12.00 in a.csv.",
        ),
        (
            (
                "Die Rechnung R-2 ist fehlerhaft und wird nicht gebucht: Pflichtangabe fehlt: die Menge in Position 3 (BR-22). "
                "Umsatzsteuer (Normalsatz): die USt-IdNr. des Verkäufers fehlt (BR-S-02)."
            ),
            (
                "The invoice R-2 has errors and is not posted: Mandatory: the quantity in line 3 is missing (BR-22). "
                "VAT (standard rate): the seller's VAT id is missing (BR-S-02)."
            ),
        ),
        ("Der Text ist leer. Bitte sofort anrufen.", "Der Text ist leer. Bitte sofort anrufen."),  # the second one is not ours
        (
            (
                "Rechnung B-1 von Bürohaus über 60,00 EUR buchen: Konto 1 an Kreditor (noch offen), 10,00 (Steuerschlüssel 9), 20,00 (Steuerschlüssel 8), "
                "30,00 (ohne Steuerschlüssel)."
            ),
            (
                "Post invoice B-1 of Bürohaus for €60.00: account 1 to vendor (still open), 10.00 (tax key 9), 20.00 (tax key 8), "
                "30.00 (no tax key)."
            ),
        ),
        ("Eine Bestellung: bitte ins Regal legen.", "Eine Bestellung: bitte ins Regal legen."),  # of an office's own flow
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


def test_amounts_and_days_of_a_german_office_are_written_as_its_english_reader_does(desk: Desk):
    warnings = [{"code": "prepaid", "text": "Schon gebucht: R-1 vom 05.12.2026 über 1.759,42 EUR in a.csv."}]
    sentence = "Zahlung von 1.759,42 EUR (Café 12,50 EUR) auf 10001 buchen: R-1, Skonto 4,47."
    row = desk.card(sentence=sentence, warnings=warnings)
    anna = desk.browser("anna")
    card = anna.get(f"/card/{row.id}").text
    assert "Post the payment of €1,759.42 (Café 12,50 EUR) to 10001: R-1, cash discount 4.47." in card
    assert "Posted already: R-1 of 5 Dec 2026 for €1,759.42 in a.csv." in card
    assert "€1,759.42" in anna.get("/").text
    anna.client.cookies.set("kontorist_language", "de")
    assert "Zahlung von 1.759,42 EUR (Café 12,50 EUR) auf 10001 buchen: R-1, Skonto 4,47." in anna.get(f"/card/{row.id}").text


@pytest.mark.parametrize(
    ("data", "german", "english"),
    [
        ({"row": {}}, "1.075,00 EUR · Tierheim · 3,00 EUR zurück", "€1,075.00 · Tierheim · 3,00 EUR zurück"),
        ({"scheduled": 0}, "Mahnung 05.12.2026 07:00", "Mahnung 5 Dec 2026 07:00"),
        ({"mail": {}}, "75,00 EUR · Ihre Rechnung vom 05.12.2026 07:00", "75,00 EUR · Ihre Rechnung vom 05.12.2026 07:00"),
    ],
)
def test_titles_that_are_ours_have_amounts_and_days_in_english(data: dict[str, object], german: str, english: str):
    assert titled(german, data, "en") == english
    assert titled(german, data, "de") == german
