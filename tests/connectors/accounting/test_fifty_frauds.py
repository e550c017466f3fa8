"""Fifty invoice frauds, as they are tried on offices: none becomes an ordinary proposal, and the honest ones beside them do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from schwifty import IBAN

from connectors.base import Proposal
from kontorist.core.errors import Rejected
from scripts.sample.invoice import OTHER, Line, cii, ubl
from scripts.sample.page import pdf
from scripts.sample.vendors import german_vat_id
from tests.connectors.accounting.books import COMPANY, INVOICE, OTHER_IBAN, VENDOR, Books, page, stops

SPACED = " ".join(OTHER_IBAN[i : i + 4] for i in range(0, 22, 4))
OURS = cii(INVOICE)
MEANS = b"<ram:SpecifiedTradeSettlementPaymentMeans>"
SHOWN = (VENDOR.name, f"Rechnung Nr. {INVOICE.number} vom 16.11.2026", "Gesamtbetrag 140,40 EUR")
MARK = b"</rsm:ExchangedDocument>"
NOTE = "<ram:IncludedNote><ram:Content>Kleinunternehmer, § 19 UStG</ram:Content></ram:IncludedNote>".encode()
HALF = [Line("Wellpappe", "50", "1.00"), Line("Fachbuch", "1", "10.00", rate="7")]
HALVES = [replace(INVOICE, number=f"RE-1/2026-{part}", lines=HALF) for part in "AB"]
SENDER = {"address": "rechnung@wellpappe-nord.example"}
Fraud = Callable[[Books], Proposal]


def account(iban: str, made: Callable[..., bytes] = cii) -> Fraud:
    return lambda books: books.propose(made(replace(INVOICE, iban=iban)))


def said(text: str, document: bytes = OURS, subject: str = "Rechnung", **more: Any) -> Fraud:
    mail = {"from": SENDER, "subject": subject, "text": text, **more}
    return lambda books: books.propose(document, mail=mail)


def beside(name: str, *lines: str) -> Fraud:
    return lambda books: books.propose(OURS, mail={"from": SENDER, "text": "Anbei."}, beside={name: page(*lines)})


def sent_by(address: str) -> Fraud:
    return lambda books: books.propose(OURS, mail={"from": {"address": address}, "text": "Anbei die Rechnung."})


def seller(**changes: str) -> Fraud:
    return lambda books: books.propose(cii(replace(INVOICE, vendor=replace(VENDOR, **changes))))


def document(data: bytes, old: bytes = b"", new: bytes = b"") -> Fraud:
    assert old in data
    return lambda books: books.propose(data.replace(old, new))


def again(**changes: Any) -> Fraud:
    def twice(books: Books) -> Proposal:
        books.post(books.propose(OURS))
        return books.propose(cii(replace(INVOICE, **changes)))

    return twice


def foreign(country: str, bank: str, number: str) -> str:
    return str(IBAN.generate(country, bank_code=bank, account_code=number))


FRAUDS: dict[str, Fraud] = {
    # another account in the data
    "new account in CII": account(OTHER_IBAN),
    "new account in UBL": account(OTHER_IBAN, ubl),
    "new account in a hybrid": account(OTHER_IBAN, pdf),
    "new account with blanks": account(SPACED),
    "new account in small letters": account(OTHER_IBAN.lower()),
    "account in Lithuania": account("LT121000011101001000"),
    "account in Spain": account("ES9121000418450200051332"),
    "account in France": account("FR1420041010050500013M02606"),
    "account in Belgium": account("BE68539007547034"),
    "account in the United Kingdom": account("GB29NWBK60161331926819"),
    "account at another branch of the same bank": account(foreign("DE", "20050550", "6660123456")),
    "account of one digit more": account(VENDOR.iban[:-1] + ("1" if VENDOR.iban[-1] != "1" else "2")),
    "two accounts, ours first": document(
        OURS,
        MEANS,
        b"<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount>"
        b"<ram:IBANID>"
        + OTHER_IBAN.encode()
        + b"</ram:IBANID></ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>"
        + MEANS,
    ),
    # another account beside the data
    "account on the page of a hybrid": lambda b: b.propose(pdf(replace(INVOICE, shown_iban=OTHER_IBAN))),
    "second account on the page": lambda b: b.propose(page(*SHOWN, f"IBAN {VENDOR.iban}", f"oder {SPACED}", xml=OURS)),
    "account in the mail": said(f"Bitte diesmal auf {SPACED} überweisen."),
    "account in the mail with dots": said(f"Konto: {SPACED.replace(' ', '.')}"),
    "account in the mail with an invisible sign": said(f"Konto {OTHER_IBAN[:6]}\u200b{OTHER_IBAN[6:]}"),
    "account in the mail with Cyrillic letters": said(f"Konto D\u0415{OTHER_IBAN[2:]}"),
    "account in full-width letters": said("Konto " + OTHER_IBAN.translate({n: n + 0xFEE0 for n in range(0x30, 0x5B)})),
    "account in the subject": said("Anbei.", subject=f"Neue IBAN {OTHER_IBAN}"),
    "account in an attachment": beside("Info.pdf", "Wir haben die Bank gewechselt", f"IBAN {SPACED}"),
    "account in a second invoice": beside("Rechnung-neu.pdf", *SHOWN, f"IBAN {SPACED}"),
    "announced in German": said("Bitte beachten Sie unsere neue Bankverbindung im Anhang."),
    "announced in English": said("Please note that our bank details have changed."),
    "announced in an attachment": beside(
        "Hinweis.pdf", "Sehr geehrte Damen und Herren,", "unsere Bankverbindung hat sich geändert."
    ),
    # a hijacked thread: the right sender, the right document, other words
    "thread hijacked with an account": said(
        f"> Am 1.11. schrieb Hansen & Brandt:\n\nWegen einer Prüfung bitte auf {SPACED}.", subject="AW: Rechnung"
    ),
    "thread hijacked, answers to a stranger": said("Anbei wie besprochen.", reply_to=[{"address": "rechnung@evil.example"}]),
    "thread hijacked, answers to a look-alike": said("Anbei.", reply_to=[{"address": "rechnung@wellpappe-n0rd.example"}]),
    "thread hijacked with an announcement": said("Unser Konto hat sich geändert, Details folgen.", subject="Re: Re: RE-1/2026"),
    # another sender
    "look-alike with a zero": sent_by("rechnung@wellpappe-n0rd.example"),
    "look-alike without the hyphen": sent_by("rechnung@wellpappenord.example"),
    "look-alike with another ending": sent_by("rechnung@wellpappe-nord.invalid"),
    "look-alike with a word more": sent_by("rechnung@wellpappe-nord-rechnung.example"),
    "look-alike with a Cyrillic letter": sent_by("rechnung@we\u0406lpappe-nord.example"),
    "look-alike below another domain": sent_by("rechnung@wellpappe-nord.example.evil.example"),
    "forged author": said("Anbei.", sender_check="forged"),
    # another seller
    "unknown vendor": seller(
        name="Wellpappe Süd GmbH", vat_id=german_vat_id("99912341"), account="0000999999", domain="other.example"
    ),
    "name of one letter less": seller(name="Wellpape Nord GmbH", vat_id=german_vat_id("99912341"), account="0000999999"),
    "our vendor's name, another VAT id": seller(vat_id=german_vat_id("99912341")),
    "our vendor's VAT id, another name": seller(name="Ganz Andere Handels AG", account="0000999999"),
    "our own VAT id as the seller's": seller(vat_id=COMPANY["vat_id"]),
    "payee is somebody else": document(
        OURS, MEANS, b"<ram:PayeeTradeParty><ram:Name>Factoring Ltd</ram:Name></ram:PayeeTradeParty>" + MEANS
    ),
    "small business that shows VAT": document(OURS, MARK, NOTE + MARK),
    "small business that shows VAT on the page": lambda b: b.propose(page(*SHOWN, "Steuerfrei nach § 19 Abs. 1 UStG", xml=OURS)),
    "addressed to another company": lambda b: b.propose(cii(replace(INVOICE, buyer=OTHER))),
    # the page is not the data, the sums are not the lines
    "page shows less than the data": lambda b: b.propose(pdf(replace(INVOICE, shown_gross="14.04"))),
    "page shows more than the data": lambda b: b.propose(pdf(replace(INVOICE, shown_gross="1404.00"))),
    "rounded up": lambda b: b.propose(cii(replace(INVOICE, gross_in_xml="150.00"))),
    "a cent too much": lambda b: b.propose(cii(replace(INVOICE, gross_in_xml="140.41"))),
    # the same once more
    "the same file again": again(),
    "the same number in small letters": again(number="re-1/2026", issued=date(2026, 12, 16)),
    "the same number with a Cyrillic letter": again(number="R\u0415-1/2026", issued=date(2026, 12, 16)),
    "the same with another number": again(number="RE-2/2026"),
    "split in two": lambda b: (b.post(b.propose(cii(HALVES[0]))), b.propose(cii(HALVES[1])))[1],
    "the same with another number three days later": again(number="2026-77", issued=date(2026, 11, 19)),
    "the same lines renamed with another number": again(
        number="RE-9/2026", lines=[Line("Beratung", "100", "1.00"), Line("Buch", "2", "10.00", rate="7")]
    ),
}


def test_there_are_fifty_of_them():
    assert len(FRAUDS) >= 50


@pytest.mark.parametrize("name", FRAUDS)
def test_no_fraud_becomes_an_ordinary_proposal(tmp_path: Path, name: str) -> None:
    assert not ordinary(FRAUDS[name], Books(tmp_path))


def ordinary(fraud: Fraud, books: Books) -> bool:
    """Whether it can be approved as any other: it is neither refused nor stopped."""
    try:
        return not stops(fraud(books))
    except Rejected:
        return False


@pytest.mark.parametrize("made", [cii, ubl, pdf], ids=["CII", "UBL", "ZUGFeRD"])
def test_the_honest_invoice_beside_them_does(tmp_path: Path, made: Callable[..., bytes]) -> None:
    answers = [{"address": "buchhaltung@mail.wellpappe-nord.example"}]
    mail = {
        "from": SENDER,
        "reply_to": answers,
        "sender_check": "verified",
        "subject": "Rechnung RE-1/2026",
        "text": f"Anbei die Rechnung. Unsere IBAN: {VENDOR.iban}",
    }
    assert stops(Books(tmp_path).propose(made(INVOICE), mail=mail)) == []
