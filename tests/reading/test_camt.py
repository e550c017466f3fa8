"""Entries of camt that say more than who paid how much: returns, remittance in parts, collective entries of both signs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kontorist.core.errors import NotReadable
from kontorist.reading.bank import Entry, read_statements
from kontorist.reading.german import said_in

OURS, THEIRS = "DE89370400440532013000", "DE02120300000000202051"


def entries(signed: str, *details: str, extra: str = "") -> tuple[Entry, ...]:
    """The entries of a statement with one entry of these details."""
    amount, sign = signed.lstrip("-"), "DBIT" if signed.startswith("-") else "CRDT"
    made = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S1</Id>'
        f'<Acct><Id><IBAN>{OURS}</IBAN></Id></Acct><Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{extra}<Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls>{''.join(details)}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    return read_statements("x.xml", made.encode())[0].entries


def detail(debtor: tuple[str, str], creditor: tuple[str, str], rest: str = "", signed: str = "") -> str:
    """One payment from a debtor to a creditor, each a name and an account."""
    pairs = (("Dbtr", debtor), ("Cdtr", creditor))
    parties = "".join(
        f"<{side}><Pty><Nm>{name}</Nm></Pty></{side}><{side}Acct><Id><IBAN>{iban}</IBAN></Id></{side}Acct>"
        for side, (name, iban) in pairs
    )
    sign = "DBIT" if signed.startswith("-") else "CRDT"
    amount = f'<Amt Ccy="EUR">{signed.lstrip("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd>' if signed else ""
    return f"<TxDtls>{amount}<RltdPties>{parties}</RltdPties>{rest}</TxDtls>"


STATEMENT = f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>{OURS}</IBAN></Id></Acct>
<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry>
<Ntry><Amt Ccy="EUR">2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-21</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt>
</Document>"""
US, THEM = ("Wir GmbH", OURS), ("Erika Muster", THEIRS)
REASON = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Konto erloschen</AddtlInf></RtrInf>"


@pytest.mark.parametrize("reason", ["", REASON], ids=["no reason", "with its reason"])
@pytest.mark.parametrize(
    ("amount", "debtor", "creditor"),
    [("-20.00", THEM, US), ("-20.00", US, THEM), ("20.00", US, THEM), ("20.00", THEM, US)],
    ids=["direct debit returned", "the same turned round", "transfer returned", "the same turned round"],
)
def test_the_counterparty_of_what_goes_back_is_never_ourselves(amount, debtor, creditor, reason):
    (entry,) = entries(amount, detail(debtor, creditor, f"<RmtInf><Ustrd>R 1</Ustrd></RmtInf>{reason}"))
    assert (entry.counterparty, entry.iban, entry.amount) == (*THEM, Decimal(amount))
    assert (entry.reversal, entry.purpose) == ((True, "R 1 AC04 Konto erloschen") if reason else (False, "R 1"))


def test_a_transfer_between_accounts_of_ours_keeps_its_sides():
    (entry,) = entries("20.00", detail(("Kasse", OURS), ("Bank", OURS)))
    assert entry.counterparty == "Kasse"


def test_a_returned_payment_without_accounts_names_the_other_side():
    nameless = detail(THEM, US, REASON).replace(OURS, "").replace(THEIRS, "")
    (entry,) = entries("-20.00", nameless)
    assert entry.counterparty == THEM[0]


def test_what_a_payer_adds_to_a_reference_is_part_of_the_purpose():
    told = "<Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf><AddtlRmtInf>Rechnung 7</AddtlRmtInf></Strd>"
    (entry,) = entries("20.00", detail(THEM, US, f"<RmtInf>{told}</RmtInf>"))
    assert entry.purpose == "RF18539007547034 Rechnung 7"


def test_a_collective_entry_may_hold_a_return_among_its_payments():
    found = entries("70.00", detail(THEM, US, signed="100.00"), detail(THEM, US, signed="-30.00"))
    assert [one.amount for one in found] == [Decimal("100.00"), Decimal("-30.00")]
    assert [one.counterparty for one in found] == [THEM[0], THEM[0]]


def test_details_that_make_up_the_entry_only_without_their_signs_are_left_together():
    (entry,) = entries("130.00", detail(THEM, US, signed="100.00"), detail(THEM, US, signed="-30.00"))
    assert entry.amount == Decimal("130.00")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (('<Amt Ccy="EUR">2.00</Amt>', ""), "Umsatz 2, Zeile 4: Der Betrag fehlt."),
        (('<Amt Ccy="EUR">2.00</Amt>', '<Amt Ccy="EUR">zwei</Amt>'), "Umsatz 2, Zeile 4: 'zwei EUR' ist kein Betrag."),
        (("<CdtDbtInd>DBIT", "<CdtDbtInd>?"), "Umsatz 2, Zeile 4: Ob Gutschrift oder Lastschrift, steht nicht da."),
        (("2026-11-21", "21. November"), "Umsatz 2, Zeile 4: '21. November' ist kein Datum."),
        (("<Id>S1</Id>", ""), "Zeile 2: Dem Auszug fehlt die Kennung."),
        (("</BkToCstmrStmt>", ""), "Das XML ist in Zeile 6 beschädigt; bitte lassen Sie sich die Datei noch einmal geben."),
    ],
)
def test_what_is_wrong_is_told_by_file_and_entry_and_in_no_words_of_xml(broken, told):
    text = STATEMENT.replace(*broken)
    with pytest.raises(NotReadable) as raised:
        read_statements("auszug.xml", text.encode())
    assert said_in("de", str(raised.value)) == f"'auszug.xml': {told}"


def test_of_several_statements_the_number_is_told():
    one = STATEMENT[STATEMENT.index("<Stmt>") : STATEMENT.index("</BkToCstmrStmt>")]
    two = STATEMENT.replace("</BkToCstmrStmt>", one.replace("S1", "S2") + "</BkToCstmrStmt>")
    places = [entry.place for one in read_statements("auszug.xml", two.encode()) for entry in one.entries]
    assert places == [
        f"statement {one}, entry {two}, line {line}" for one, two, line in ((1, 1, 3), (1, 2, 4), (2, 1, 6), (2, 2, 7))
    ]
    assert said_in("de", places[-1]) == "Auszug 2, Umsatz 2, Zeile 7"
