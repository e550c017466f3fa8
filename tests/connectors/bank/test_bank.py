"""A bank's files: statements in a folder as rows and cases, payment files that are written once."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.bank import Bank, pain
from connectors.bank.config import BankConfig, EntryOptions, TransferPayload
from connectors.bank.transfer import WriteTransfers
from connectors.base import Context, Surroundings
from kontorist.core.errors import NotReadable, Rejected, Uncertain
from kontorist.testing import carried_out, permit_for

OURS, THEIRS, OTHERS = "DE89370400440532013000", "DE02120300000000202051", "DE02500105170137075030"
CONTEXT = Context(1, "pay", {}, {}, "en")
ACTION = WriteTransfers()


def mt940(*entries: str, number: str = "1", closing: str = "100,00", opening: str = "0,00") -> bytes:
    lines = [
        ":20:START",
        f":25:{OURS}",
        f":28C:{number}",
        f":60F:C261101EUR{opening}",
        *entries,
        f":62F:C261103EUR{closing}",
        "-",
    ]
    return "\r\n".join(lines).encode()


def entry(amount: str, purpose: str) -> str:
    return f":61:2611031103C{amount}NTRFNONREF\r\n:86:166?00GUTSCHRIFT?20SVWZ+{purpose}?31{THEIRS}?32Petersen e. K."


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "statements").mkdir()
    return tmp_path


def bank(office: Path, **options: object) -> Bank:
    config = BankConfig.model_validate({"folder": "statements", "pay_from": OURS, **options})
    return Bank(config, Surroundings("bank", office, office / "data", {"company": {"name": "Hansen & Brandt GmbH"}}))


def put(office: Path, name: str, data: bytes) -> Path:
    path = office / "statements" / name
    path.write_bytes(data)
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


def keys(connector: Bank, known: set[str] | None = None, **options: object) -> list[str]:
    asked = EntryOptions.model_validate(options)
    return [item.source_key for item in connector.read("rows", asked, lambda some: set(some) & (known or set()))]


def test_the_entries_of_a_statement_become_cases_and_rows_with_their_place(office):
    put(office, "a.sta", mt940(entry("60,00", "R26-3100"), entry("40,00", "R26-3101")))
    connector = bank(office)

    items = list(connector.read("rows", EntryOptions(), lambda _: set()))
    (row,) = connector.look_up("entries", [{"purpose": "r26 3101"}])[0]

    assert [item.data["row"]["amount"] for item in items] == [Decimal("60.00"), Decimal("40.00")]
    assert items[0].documents[0].data == (office / "statements/a.sta").read_bytes()
    assert row.place == "a.sta: line 7"
    assert row.values["counterparty"] == "Petersen e. K."
    assert [len(found) for found in connector.look_up("entries", [{"iban": THEIRS}, {"amount": "40"}, {"iban": ""}])] == [2, 1, 0]


def test_an_entry_that_comes_in_two_statements_is_one_and_two_alike_in_one_are_two(office):
    put(office, "day.sta", mt940(entry("50,00", "Danke"), entry("50,00", "Danke")))
    put(
        office,
        "week.sta",
        mt940(entry("50,00", "Danke"), entry("50,00", "Danke"), entry("7,00", "X"), number="2", closing="107,00"),
    )
    connector = bank(office)

    first = keys(connector)

    assert len(set(first)) == 3
    assert keys(connector, set(first)) == []
    assert len(connector.look_up("entries", [{}])[0]) == 3


def test_only_what_was_asked_for_becomes_a_case(office):
    put(office, "a.sta", mt940(entry("60,00", "R1"), ":61:2611031103D5,00NMSCNONREF\r\n:86:Entgelt", closing="55,00"))
    connector = bank(office)

    assert [len(keys(connector, direction=one)) for one in ("in", "out", "both")] == [1, 1, 2]
    assert keys(connector, messages=["report"]) == []


def test_a_file_that_is_broken_of_another_account_or_does_not_add_up_is_a_problem_and_stops_no_other(office):
    put(office, "good.sta", mt940(entry("100,00", "R1")))
    put(office, "torn.sta", mt940(entry("1,00", "R2"))[:60])
    put(office, "short.sta", mt940(entry("99,00", "R3")))
    put(office, "other.sta", mt940(entry("100,00", "R4")).replace(OURS.encode(), OTHERS.encode()))
    connector = bank(office, accounts=["DE89 3704 0044 0532 0130 00"])

    assert len(keys(connector)) == 2
    told = " ".join(connector.problems())
    for words in ("torn.sta", "short.sta: Der Auszug START geht nicht auf", f"betrifft das Konto {OTHERS}"):
        assert words in told
    assert connector.try_out().ok


def test_where_an_entry_stands_is_said_in_the_language_of_the_office(office):
    put(office, "a.sta", mt940(entry("100,00", "R1")))
    (item,) = bank(office).read("rows", EntryOptions(), lambda keys: set())

    assert (item.source, item.data["row"]["place"]) == ("a.sta: Zeile 5", "Zeile 5")


def test_a_file_that_is_no_statement_is_told_until_it_is_gone(office):
    put(office, "good.sta", mt940(entry("100,00", "R1")))
    for name in ("Auszug.zip", "Thumbs.db", "~$Liste.xlsx"):
        put(office, name, b"x")
    connector = bank(office)

    assert len(keys(connector)) == 1
    assert [told.partition(",")[0] for told in connector.problems()] == ["Auszug.zip: Kein Auszug"]
    (connector.folder / "Auszug.zip").unlink()
    keys(connector)
    assert list(connector.problems()) == []


def test_a_pdf_for_people_is_told_only_where_there_is_no_statement_to_read(office):
    put(office, "Kontoauszug.pdf", b"%PDF-1.7")
    connector = bank(office)

    keys(connector)
    assert [told.partition(",")[0] for told in connector.problems()] == ["Kontoauszug.pdf: Kein Auszug"]
    put(office, "good.sta", mt940(entry("100,00", "R1")))
    keys(connector)
    assert list(connector.problems()) == []


@pytest.mark.parametrize(
    "cells", [f"03.11.2026;{'9' * 30},00;x", f'03.11.2026;10,00;"{"x" * 2_000_000}"', f"03.11.2026;10,00;{'x' * 200_000}"]
)
def test_an_ugly_file_is_a_problem_of_its_own_and_the_next_one_is_read(office, cells):
    put(office, "a.csv", f"Buchungstag;Betrag;Verwendungszweck\n{cells}\n".encode())
    put(office, "b.csv", b"Buchungstag;Betrag;Verwendungszweck\n03.11.2026;20,00;R 2\n")
    connector = bank(office)

    assert len(keys(connector)) == 1
    (told,) = connector.problems()
    assert "'a.csv': Zeile 2" in told


def test_pages_of_one_day_keep_both_of_two_payments_that_only_the_banks_reference_tells_apart(office):
    def page(number: str, reference: str, opening: str, closing: str) -> bytes:
        card = f":61:2611031103C10,00NTRFNONREF//{reference}\r\n:86:166?00KARTE?20Tanken?32Nord"
        return mt940(card, number=number, opening=opening, closing=closing)

    first, second = page("1/1", "AAA", "0,00", "10,00"), page("1/2", "BBB", "10,00", "20,00")
    put(office, "day.sta", first + b"\r\n" + second)
    connector = bank(office)
    taken = keys(connector)
    put(office, "again.sta", first + b"\r\n" + second + b"\r\n" + first)

    assert len(set(taken)) == 2
    assert keys(connector, set(taken)) == []
    assert len(connector.look_up("entries", [{}])[0]) == 2


def test_a_file_that_may_not_be_read_is_told_and_stops_no_other_and_is_read_once_it_may_be(office, monkeypatch):
    put(office, "a.sta", mt940(entry("100,00", "R1")))
    put(office, "b.sta", mt940(entry("100,00", "R2"), number="2"))
    connector, usual = bank(office), Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "a.sta":
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "read_bytes", read_bytes)
        assert [path.name for path, _ in connector.statements()] == ["b.sta"]
        assert "a.sta may not be used" in " ".join(connector.problems())
    assert len(keys(connector)) == 2
    assert list(connector.problems()) == []


def test_a_file_that_is_taken_away_while_it_is_read_stops_no_other(office):
    put(office, "a.sta", mt940(entry("100,00", "R1")))
    put(office, "b.sta", mt940(entry("100,00", "R2"), number="2"))
    connector = bank(office)
    assert len(list(connector.statements())) == 2

    def known(_: set[str]) -> set[str]:
        (office / "statements/a.sta").unlink(missing_ok=True)
        return set()

    assert [item.documents[0].name for item in connector.read("rows", EntryOptions(), known)] == ["b.sta"]
    assert "a.sta: Die Datei wurde weggenommen" in " ".join(connector.problems())
    assert len(keys(connector)) == 1
    assert list(connector.problems()) == []


def test_a_file_of_many_entries_is_read_once_for_all_of_them(office, monkeypatch):
    path = put(office, "a.sta", mt940(*(entry("1,00", f"R{n}") for n in range(50)), closing="50,00"))
    opened: list[Path] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: (opened.append(self), real(self))[1])

    assert len(keys(bank(office))) == 50
    assert opened.count(path) == 2  # once for its entries, once as their document


def transfer(
    reference: str = "70001/RE-7", amount: str = "119.00", iban: str = THEIRS, name: str = "Größer & Söhne KG"
) -> dict[str, str]:
    return {"name": name, "iban": iban, "amount": amount, "purpose": f"Rechnung {reference}", "reference": reference}


def proposed(connector: Bank, *transfers: dict[str, str]) -> dict[str, object]:
    return dict(ACTION.propose(connector, TransferPayload.model_validate({"transfers": list(transfers)}), CONTEXT).payload)


def test_approved_payments_become_a_file_that_reads_back_equal(office):
    connector = bank(office)
    payload = proposed(connector, transfer(), transfer("70002/R 8", "0.99", OTHERS, "Müller"))

    receipt = carried_out(ACTION, connector, payload)
    file = pain.read((connector.output / str(payload["file"])).read_bytes())

    assert [(one.amount, one.iban, one.reference) for one in file.payments] == [
        (Decimal("119.00"), THEIRS, "70001/RE-7"),
        (Decimal("0.99"), OTHERS, "70002/R 8"),
    ]
    assert (file.payer.iban, file.payer.name, file.payments[0].name) == (OURS, "Hansen + Brandt GmbH", "Groesser + Soehne KG")
    assert payload["total"] == "119.99"
    assert ACTION.find(connector, payload, "k") == receipt


@pytest.mark.skipif(importlib.util.find_spec("sepaxml") is None, reason="the published schema is in a package for tests")
def test_the_file_is_valid_by_the_published_schema():
    from lxml import etree

    payments = [
        pain.Payment("Ünal <GmbH> & Co", THEIRS, Decimal("1.10"), "R 1; <b>", "A-1"),
        pain.Payment("B", OTHERS, Decimal(2), "R", "B"),
    ]
    schema = importlib.resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd"
    checker = etree.XMLSchema(etree.fromstring(schema.read_bytes()))
    for payer in (pain.Payer("Wir", OURS), pain.Payer("Wir", OURS, "COBADEFFXXX")):
        data = pain.write("M" * 32, datetime(2026, 11, 24, tzinfo=UTC), payer, payments, None)
        checker.assertValid(etree.fromstring(data))


def test_nothing_is_paid_twice(office):
    connector = bank(office)
    payload = proposed(connector, transfer())
    later = proposed(connector, transfer(), transfer("70002/8"))
    ACTION.execute(connector, permit_for(payload))

    with pytest.raises(Rejected, match="70001/RE-7 is paid in pain001"):
        proposed(connector, transfer(), transfer("70002/9"))
    assert "is paid in pain001" in ACTION.check(connector, later, {"pay_from": OURS})[0]
    with pytest.raises(Uncertain, match="is there already"):
        ACTION.execute(connector, permit_for(payload))
    with pytest.raises(Rejected, match="of its own"):
        proposed(connector, transfer("70003/1"), transfer("70003/1"))


def test_four_eyes_look_at_it_and_an_account_of_two_names_stops():
    assert ACTION.approvers == 2
    assert ACTION.authoritative_find is False


def test_what_a_bank_would_refuse_is_refused_before(office):
    for wrong in ({"iban": "DE02120300000000202052"}, {"amount": "0"}, {"amount": "1.001"}, {"name": ""}):
        with pytest.raises(ValidationError):
            TransferPayload.model_validate({"transfers": [transfer() | wrong]})
    connector = bank(office)
    proposal = ACTION.propose(
        connector,
        TransferPayload.model_validate({"transfers": [transfer(), transfer("x", name="Andere GmbH"), transfer("y", iban=OURS)]}),
        CONTEXT,
    )
    assert {(one.code, one.stop) for one in proposal.warnings} == {("shared-account", True), ("own-account", True)}
    with pytest.raises(Rejected, match="pay_from"):
        proposed(bank(office, pay_from=""), transfer())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Sørensen A/S", "Sorensen A/S"),
        ("Łódź Đuro Æbelø", "Lodz Duro AEbelo"),
        ("Þór Ísþing ð", "THor Isthing d"),
        ("D’Angelo Işık", "D'Angelo Isik"),
        ("Œuvre – Œ", "OEuvre - OE"),
    ],
)
def test_letters_of_our_neighbours_are_written_with_their_usual_ones(name, written):
    assert pain.plain(name, 70) == written
    assert pain.lost(name) == ""


def test_letters_that_no_bank_takes_are_told_and_nothing_is_paid_to_an_empty_name(office):
    connector = bank(office)
    given = TransferPayload.model_validate({"transfers": [transfer(name="Kafe Афина")]})

    (warning,) = ACTION.propose(connector, given, CONTEXT).warnings
    assert (warning.code, warning.stop) == ("lost-letters", False)
    assert "left out: Афин" in warning.text
    for wrong in ({"name": "Ελλάς"}, {"purpose": "Счёт"}):
        with pytest.raises(Rejected, match="no letters that banks take"):
            proposed(connector, transfer() | wrong)


def foreign(*parts: str, count: int, total: str) -> bytes:
    head = f"<GrpHdr><MsgId>M</MsgId><NbOfTxs>{count}</NbOfTxs><CtrlSum>{total}</CtrlSum></GrpHdr>"
    return f'<Document xmlns="{pain.NAMESPACE}"><CstmrCdtTrfInitn>{head}{"".join(parts)}</CstmrCdtTrfInitn></Document>'.encode()


def part(amount: str, reference: str) -> str:
    return f"<PmtInf><CdtTrfTxInf><PmtId><EndToEndId>{reference}</EndToEndId></PmtId><Amt>{amount}</Amt></CdtTrfTxInf></PmtInf>"


def test_payment_files_of_other_programs_are_read_whole_or_refused_and_stop_no_payment(office):
    euro = '<InstdAmt Ccy="EUR">2.00</InstdAmt>'
    both = pain.read(foreign(part(euro, "A"), part(euro, "B"), count=2, total="4.00"))
    strange = [
        foreign(count=0, total="0"),
        foreign(part("<EqvtAmt><Amt>2</Amt></EqvtAmt>", "A"), count=1, total="2"),
        foreign(part("<InstdAmt>NaN</InstdAmt>", "A"), count=1, total="2"),
        foreign(part(euro, "A"), count=1, total="x"),
    ]

    assert [one.reference for one in both.payments] == ["A", "B"]
    connector = bank(office)
    connector.output.mkdir(parents=True)
    for number, data in enumerate(strange):
        with pytest.raises(NotReadable):
            pain.read(data)
        (connector.output / f"{number}.xml").write_bytes(data)
    assert proposed(connector, transfer())["total"] == "119.00"


@pytest.mark.parametrize("named", ["37040044/532013000", "37040044/0532013000", "532013000", "0532013000EUR"])
def test_an_account_by_bank_code_and_number_is_ours_and_its_movements_are_those_of_its_iban(office, named):
    put(office, "new.sta", mt940(entry("100,00", "R1")))
    put(office, "old.sta", mt940(entry("100,00", "R1")).replace(OURS.encode(), named.encode()))
    connector = bank(office, accounts=["DE89 3704 0044 0532 0130 00"])

    assert len(set(keys(connector))) == 1
    assert list(connector.problems()) == []


@pytest.mark.parametrize("named", ["37040044/532013001", "37040045/532013000", "53201300"])
def test_an_account_of_another_number_or_bank_code_is_not_ours(office, named):
    put(office, "other.sta", mt940(entry("100,00", "R1")).replace(OURS.encode(), named.encode()))

    assert keys(bank(office, accounts=[OURS])) == []
