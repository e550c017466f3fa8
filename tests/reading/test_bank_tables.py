"""Statements as CSV: the same three movements in the form of several banks, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kontorist.core.errors import NotReadable
from kontorist.reading.bank import Balance, Entry, Statement, read_statements
from kontorist.reading.german import said_in

IBAN = "DE02120300000000202051"
OURS = "DE89370400440532013000"
SPARKASSE = (
    '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";"Mandatsreferenz";'
    '"Kundenreferenz (End-to-End)";"Sammlerreferenz";"Lastschrift Ursprungsbetrag";"Auslagenersatz Ruecklastschrift";'
    '"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";"Waehrung";"Info"\r\n'
    f'"{OURS}";"03.11.26";"04.11.26";"GUTSCHR. UEBERWEISUNG";"R26-3100";"";"";"NOTPROVIDED";"";"";"";"Müller GmbH";"{IBAN}";"BYLADEM1001";'
    '"1.140,00";"EUR";"Umsatz gebucht"\r\n'
)
VOLKSBANK = (
    "Bezeichnung Auftragskonto;IBAN Auftragskonto;BIC Auftragskonto;Bankname Auftragskonto;Buchungstag;Valutadatum;"
    "Name Zahlungsbeteiligter;IBAN Zahlungsbeteiligter;BIC (SWIFT-Code) Zahlungsbeteiligter;Buchungstext;Verwendungszweck;Betrag;"
    "Waehrung;Saldo nach Buchung;Bemerkung;Kategorie;Steuerrelevant;Glaeubiger ID;Mandatsreferenz\n"
    f"Firma;{OURS};GENODEF1;Volksbank;03.11.2026;04.11.2026;Müller GmbH;{IBAN};BYLADEM1001;Gutschrift;R26-3100;1140,00;EUR;9,00;;;;;\n"
)
DKB = (
    f'\ufeff"Girokonto";"{OURS}"\n""\n"Kontostand vom 10.11.2026:";"1.234,56 €"\n""\n'
    '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Umsatztyp";"IBAN";'
    '"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"\n'
    f'"03.11.26";"04.11.26";"Gebucht";"Müller GmbH";"Wir";"R26-3100";"Eingang";"{IBAN}";"1.140 €";"";"";""\n'
)
ING = (
    f"Umsatzanzeige;Datei erstellt am: 17.11.2026 22:11\n\nIBAN;{OURS}\nKontoname;Girokonto\n\nSaldo;429,31;EUR\n\n"
    "Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung\n"
    '03.11.2026;04.11.2026;Müller GmbH;Gutschrift;"R26-3100";429,31;EUR;1.140,00;EUR\n'
)
POSTBANK = (
    f"Kontoumsätze\nIBAN;{OURS}\nBuchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN;BIC;Kundenreferenz;"
    "Mandatsreferenz ;Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;Anzahl der Schecks;Soll;Haben;Währung\n"
    f"3.11.2026;4.11.2026;SEPA Überweisung;Müller GmbH;R26-3100;{IBAN};BYLADEM1001;;;;;;;;;;1.140,00;EUR\n"
)
FORMS = {"Sparkasse": SPARKASSE, "Volksbank": VOLKSBANK, "DKB": DKB, "ING": ING, "Deutsche Bank, Postbank": POSTBANK}


def read(text: str, encoding: str = "utf-8") -> Statement:
    return read_statements("umsaetze.csv", text.encode(encoding))[0]


@pytest.mark.parametrize("bank", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_same_movement_in_the_form_of_each_bank(bank, encoding):
    statement = read(FORMS[bank].lstrip("\ufeff") if encoding == "cp1252" else FORMS[bank], encoding)
    (entry,) = statement.entries

    assert statement.format == f"CSV ({bank})"
    assert statement.account == entry.account == OURS
    assert (entry.amount, entry.currency) == (Decimal("1140.00"), "EUR")
    assert (entry.booking_date, entry.value_date) == (date(2026, 11, 3), date(2026, 11, 4))
    assert (entry.counterparty, entry.purpose) == ("Müller GmbH", "R26-3100")
    assert entry.iban == ("" if bank == "ING" else IBAN)
    assert entry.end_to_end_id == ""


def test_comdirect_puts_everything_into_one_text():
    text = (
        '"Umsätze Girokonto";"Zeitraum: 30 Tage";\n"Neuer Kontostand";"1.134,11 EUR";\n\n'
        '"Buchungstag";"Wertstellung (Valuta)";"Vorgang";"Buchungstext";"Umsatz in EUR";\n'
        '"09.11.2026";"09.11.2026";"Lastschrift / Belastung";"Auftraggeber: Tauwerk Buchungstext: R 7";"-18,80";\n'
        '"Alter Kontostand";"0,00 EUR";\n'
    )
    (entry,) = read(text).entries
    assert (entry.amount, entry.purpose) == (Decimal("-18.80"), "Auftraggeber: Tauwerk Buchungstext: R 7")


def test_what_is_only_announced_is_pending():
    assert read(SPARKASSE.replace("Umsatz gebucht", "Umsatz vorgemerkt")).entries[0].pending


VR_OLD = (
    f'"Volksbank eG"\n"IBAN";"{OURS}"\n\n'
    '"Buchungstag";"Valuta";"Auftraggeber/Zahlungsempfänger";"Empfänger/Zahlungspflichtiger";"Konto-Nr.";"IBAN";"BLZ";"BIC";'
    '"Vorgang/Verwendungszweck";"Kundenreferenz";"Währung";"Umsatz";" "\n'
    f'"03.11.2026";"03.11.2026";"Wir";"Müller GmbH";"";"{IBAN}";"";"";"Lastschrift\nR26-3100 vom\n03.11.2026 12:30";"";"EUR";"119,00";"S"\n'
    f'"04.11.2026";"04.11.2026";"Wir";"Kunze KG";"";"{IBAN}";"";"";"Gutschrift";"";"EUR";"1.000,00";"H"\n'
    '"01.11.2026";"";"";"";"";"";"";"";"";"Anfangssaldo";"EUR";"500,00";"H"\n'
    '"05.11.2026";"";"";"";"";"";"";"";"";"Endsaldo";"EUR";"1.381,00";"H"\n'
)


def test_debit_and_credit_in_a_column_without_a_name_are_the_sign_and_balances_are_no_entries():
    statement = read(VR_OLD, "cp1252")
    first, second = statement.entries

    assert [(one.amount, one.counterparty) for one in (first, second)] == [
        (Decimal("-119.00"), "Müller GmbH"),
        (Decimal("1000.00"), "Kunze KG"),
    ]
    assert first.purpose == "Lastschrift R26-3100 vom 03.11.2026 12:30"
    assert (statement.account, statement.format) == (OURS, "CSV (Volksbank)")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Datum;Betrag;Art\n03.11.2026;5,00;S\n04.11.2026;6,00;H\n", "The column 'art' holds S and H"),
        ("Datum;Betrag;S/H\n03.11.2026;5,00;Q\n", "line 2: 'Q' is neither debit"),
        (
            'Datum;Betrag;Verwendungszweck;Währung\n02.01.2026;10,00;R 1;EUR\n03.01.2026;20,00;"R 2;EUR\n04.01.2026;30,00;R 3;EUR\n',
            "line 3: a quotation mark swallows line 4",
        ),
    ],
)
def test_amounts_of_unknown_sign_and_swallowed_rows_are_refused(text, reason):
    with pytest.raises(NotReadable, match=reason) as caught:
        read(text)
    assert not re.search(r"\b(the|is|holds|swallows)\b", said_in("de", str(caught.value)))


def swift(*lines: str, closing: str = "10,00") -> Statement:
    told = [":20:A", f":25:{OURS}", ":28C:1", ":60F:C261101EUR0,00", ":61:2611031103C10,00NTRFNONREF", *lines]
    return read("\r\n".join([*told, f":62F:C261103EUR{closing}", "-"]))


@pytest.mark.parametrize(
    "text",
    ["166.00 EUR Gutschrift Rechnung 4711", "100 20 Stueck Schrauben RE 4711", "471-22 Bestellung RE 4711", "166/20/RE 4711"],
)
def test_plain_text_that_begins_with_figures_is_the_purpose_whole(text):
    assert swift(f":86:{text}").entries[0].purpose == text


@pytest.mark.parametrize("line", [":15:00 Uhr RE 4711", ":20:15 Uhr RE 4711", ":21:00 Uhr RE 4711", ":61:RE 4711 von Montag"])
def test_a_wrapped_line_that_looks_like_a_field_is_text_of_its_entry(line):
    statement = swift(":86:166?00GUTSCHRIFT?20Lieferung", f"{line}?32Kunde?31{IBAN}")
    (entry,) = statement.entries

    assert (entry.counterparty, entry.iban) == ("Kunde", IBAN)
    assert "4711" in entry.purpose
    assert statement.problems == ()


def test_a_broken_entry_is_refused_and_not_taken_for_text_of_the_one_before_it():
    with pytest.raises(NotReadable, match="line 7: '2611031103C10,00' is no entry"):
        swift(":86:166?00GUTSCHRIFT?20Lieferung", ":61:2611031103C10,00")


def test_a_statement_in_dos_code_page_850_keeps_its_umlauts():
    for name in ("Müller Großhandel", "MÜLLER KÖHLER"):
        text = f":20:A\n:25:{OURS}\n:28C:1\n:60F:C261101EUR0,00\n:61:2611031103C1,00NTRFNONREF\n:86:166?00X?32{name}\n:62F:C261101EUR1,00\n"
        for encoding in ("cp850", "cp437", "cp1252", "utf-8"):
            assert read(text, encoding).entries[0].counterparty == name


def test_where_an_entry_stands_is_said_without_counting_all_before_it_again():
    path = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    one = '<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts></Ntry>'
    text = (
        f'<?xml version="1.0"?>\n<Document xmlns="{path}"><BkToCstmrStmt><GrpHdr/><Stmt><Id>1</Id><Acct><Id><IBAN>{OURS}</IBAN></Id></Acct>\n'
        + "\n".join([one] * 3)
        + "</Stmt></BkToCstmrStmt></Document>"
    )
    assert [e.place for e in read(text).entries] == [f"entry {n}, line {n + 2}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Name;Ort\nMüller;Kiel\n", "no columns for booking date and amount"),
        (VOLKSBANK.replace("1140,00", "viel"), "line 2: 'viel' is no amount"),
        (VOLKSBANK.replace("03.11.2026", "31.02.2026"), "line 2: '31.02.2026' is no date"),
        (VOLKSBANK.replace("03.11.2026", ""), "line 2: the row has an amount, but no booking date"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(text, reason):
    with pytest.raises(NotReadable, match=reason):
        read(text)


ENTRY = Entry(Decimal("10.00"), "EUR", date(2026, 11, 3), account=OURS, purpose="R26-3100 Danke", iban=IBAN)


def test_one_movement_has_one_key_in_every_statement_and_two_alike_have_two():
    wrapped = replace(ENTRY, purpose="R26-3100  Dan ke", value_date=date(2026, 11, 4), bank_reference="X", kind="GUTSCHRIFT")
    twins = Statement("MT940", entries=(ENTRY, ENTRY)).sound().entries

    assert wrapped.key == ENTRY.key
    assert len({one.key for one in twins}) == 2
    assert twins[0].key == ENTRY.key
    for change in ({"amount": Decimal("-10.00")}, {"purpose": "R26-3101"}, {"iban": OURS}, {"booking_date": date(2026, 11, 2)}):
        assert replace(ENTRY, **change).key != ENTRY.key


def test_a_statement_that_lacks_an_entry_says_so():
    first, last = Balance(Decimal("0.00"), "EUR"), Balance(Decimal("20.00"), "EUR")
    short = Statement("MT940", number="1", opening=first, closing=last, entries=(ENTRY,)).sound()
    whole = Statement("MT940", number="1", opening=first, closing=last, entries=(ENTRY, ENTRY)).sound()

    assert "does not add up" in short.problems[0]
    assert whole.problems == ()


@pytest.mark.parametrize(
    ("data", "german"),
    [
        (VOLKSBANK.replace("1140,00", "viel").encode(), "'a': Zeile 2: 'viel' ist kein Betrag."),
        (VOLKSBANK.replace("03.11.2026", "31.02.2026").encode(), "'a': Zeile 2: '31.02.2026' ist kein Datum."),
        (b"Name;Ort\n", "Ihr fehlen Spalten für Buchungstag und Betrag."),
        (b":20:A\n:61:x\n", "'a': Zeile 1: Dem Auszug fehlt das Konto (:25:)."),
        (b":20:A\n:25:1\n:28C:1\n:60F:C261101EUR0,\n", "Dem Auszug fehlt der Schlusssaldo (:62F:); er bricht ab."),
        (b":20:A\n:25:1\n:28C:1\n:60F:C261101EUR0,\n:61:x\n:62F:C261101EUR0,\n", "Zeile 5: 'x' ist kein Umsatz (:61:)."),
        (b":20:A\n:25:1\n:28C:1\n:60F:C261301EUR0,\n:62F:C261101EUR0,\n", "Zeile 4: '261301' ist kein Datum (:60F:)."),
        (b"<?xml version='1.0'?><a/>", "Das XML ist kein Kontoauszug"),
    ],
)
def test_the_reason_is_said_in_german_too(data, german):
    with pytest.raises(NotReadable) as caught:
        read_statements("a", data)
    said = said_in("de", str(caught.value))
    assert german in said
    assert not re.search(r"\b(the|is|has|no|line)\b", said)


def test_of_several_closing_balances_the_last_counts():
    entry = ":61:2611031103C5,00NTRFNONREF"
    assert swift(":62M:C261103EUR10,00", ":60M:C261103EUR10,00", entry, closing="15,00").problems == ()


def test_one_broken_byte_does_not_turn_a_text_of_utf_8_into_a_code_page():
    good = VOLKSBANK + VOLKSBANK.splitlines()[-1].join(["", "\n"]) * 40
    data = good.encode().replace("Müller".encode(), b"M\xc3ller", 1)

    names = [one.counterparty for one in read_statements("a.csv", data)[0].entries]

    assert names == ["M\ufffdller GmbH"] + ["Müller GmbH"] * 40


def test_a_purpose_in_details_and_the_two_sides_of_a_movement_in_columns_of_their_own_are_read():
    text = (
        "Buchungsdatum;Wertstellung;Umsatzart;Buchungsdetails;Auftraggeber;Empfänger;Betrag (€);Saldo (€)\n"
        "03.11.2026;03.11.2026;Gutschrift;R26-3100;Müller GmbH;Wir;1.140,00 €;2.000,00 €\n"
        "04.11.2026;04.11.2026;Lastschrift;Strom;Wir;Stadtwerke;-40,00 €;1.960,00 €\n"
    )
    assert [(one.counterparty, one.purpose) for one in read(text).entries] == [
        ("Müller GmbH", "R26-3100"),
        ("Stadtwerke", "Strom"),
    ]


def test_lines_of_a_purpose_in_several_columns_are_one_and_a_plain_text_is_one_too():
    lines = "Datum;Betrag;Verwendungszweck 1;Verwendungszweck 2;Buchungstext\n03.11.2026;5,00;R26-3100;Kunde 7;Gutschrift\n"
    assert read(lines).entries[0].purpose == "R26-3100 Kunde 7"
    assert read("Datum;Text;Soll;Haben\n1.2.26;Miete;1.500,00;\n").entries[0].purpose == "Miete"


@pytest.mark.parametrize("heading", ["Betrag in EUR", "Betrag EUR", "Umsatz (EUR)", "Betrag in €", "Betrag [EUR]"])
def test_the_currency_in_a_heading_does_not_hide_the_amount(heading):
    (entry,) = read(f"Buchungstag;Verwendungszweck;{heading}\n03.11.2026;R26;1.140,00\n").entries
    assert (entry.amount, entry.currency) == (Decimal("1140.00"), "EUR")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("140,00-", "-140.00"),
        ("140,00 -", "-140.00"),
        ("1.140,00 S", "-1140.00"),
        ("1.140,00 H", "1140.00"),
        ("1'140.50", "1140.50"),
    ],
)
def test_a_sign_behind_an_amount_and_thousands_grouped_as_in_switzerland(written, amount):
    assert read(f"Buchungstag;Betrag;Verwendungszweck\n03.11.2026;{written};Gebühr\n").entries[0].amount == Decimal(amount)


def test_an_account_before_the_day_of_booking_is_ours_and_not_the_other_sides():
    columns = "Kontonummer;Buchungsdatum;Valuta;Empfaenger 1;Verwendungszweck;IBAN;Betrag;Waehrung"
    statement = read(f"{columns}\n532013000;03.11.2026;03.11.2026;Müller GmbH;R26-3100;{IBAN};140,00;EUR\n")

    assert statement.account == "532013000"
    assert [(one.counterparty, one.iban) for one in statement.entries] == [("Müller GmbH", IBAN)]
