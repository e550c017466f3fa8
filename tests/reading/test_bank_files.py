"""Bank statements that others wrote, compared with what others read in them."""

from __future__ import annotations

import base64
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from kontorist.core.errors import NotReadable
from kontorist.reading.bank import read_statements
from kontorist.reading.bank.mt940 import read_fragments
from kontorist.reading.parts import decoded

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "bank"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared inputs are not here")
SWIFT = sorted(p for p in DATA.glob("mt940/*") if p.suffix in (".sta", ".txt"))
CAMT = sorted(DATA.glob("camt/*.xml"))

REFUSED = {
    "betterplace-amount_formats.sta": "no reference (:20:)",
    "betterplace-currency_in_25.sta": "no reference (:20:)",
    "betterplace-empty_86.sta": "no reference (:20:)",
    "betterplace-empty_entry_date.sta": "no reference (:20:)",
    "betterplace-empty_line.sta": "no account (:25:)",
    "betterplace-missing_crlf_at_end.sta": "no reference (:20:)",
    "betterplace-sepa_snippet_broken.sta": "a second account (:25:)",
    "camt053.v2.wrong.xml": "holds no statement",
}
"""Pieces of files and broken ones, each with the reason a person gets to read."""


def plain(node: yaml.Node) -> Any:
    """A dump of Python objects as data: nothing in it is called, and what it says of itself again is left out."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value if key.value not in ("tags", "processors", "re")}
    if not isinstance(node, yaml.SequenceNode):
        return None if node.tag.endswith(":null") or node.value == "null" else node.value
    values = [plain(one) for one in node.value]
    if node.tag.endswith(("models.Date", "datetime.date")):
        high, low, month, day = base64.b64decode(values[0])
        return date(high * 256 + low, month, day)
    return Decimal(values[0]) if node.tag.endswith("decimal.Decimal") else values


def expected(path: Path) -> list[dict[str, Any]]:
    root = yaml.compose(path.with_suffix(".yml").read_bytes(), yaml.SafeLoader)
    every = next(value for key, value in root.value if key.value == "transactions")
    told = [next(value for key, value in one.value if key.value == "data") for one in every.value]
    return [data for data in map(plain, told) if "amount" in data]


def flat(text: object) -> str:
    return "".join(str(text or "").split())


@pytest.mark.parametrize("path", [*SWIFT, *CAMT], ids=lambda p: p.name)
def test_every_file_is_read_or_refused_with_its_reason(path):
    if path.name in REFUSED:
        with pytest.raises(NotReadable, match="(?i)" + REFUSED[path.name].replace("(", r"\(").replace(")", r"\)")):
            read_statements(path.name, path.read_bytes())
    else:
        statements = read_statements(path.name, path.read_bytes())
        assert all(one.account for one in statements)
        assert any(one.entries for one in statements)


@pytest.mark.parametrize("path", [p for p in SWIFT if p.with_suffix(".yml").exists()], ids=lambda p: p.name)
def test_mt940_says_what_the_dump_beside_it_says(path):
    wanted = expected(path)
    entries = [entry for one in read_fragments(decoded(path.read_bytes())) for entry in one.entries]

    assert len(entries) == len(wanted)
    for entry, one in zip(entries, wanted, strict=True):
        assert entry.value_date == one["date"]
        assert abs(entry.amount) == abs(one["amount"]["amount"])
        # a reversed credit takes money away (the balances of these files add up only so); the dump has it the other way round
        assert (entry.amount > 0) is (one["status"] in ("C", "RD"))
        if one["amount"]["currency"]:
            assert entry.currency == one["amount"]["currency"]
        if one.get("entry_date"):
            assert (entry.booking_date.month, entry.booking_date.day) == (one["entry_date"].month, one["entry_date"].day)
        if one.get("bank_reference") and one["bank_reference"] != "NONREF":
            assert entry.bank_reference == one["bank_reference"]
        if one.get("applicant_iban"):
            assert entry.iban == one["applicant_iban"]
        if one.get("applicant_name"):
            assert flat(entry.counterparty).startswith(flat(one["applicant_name"]))


def test_an_amount_in_every_form_that_banks_write():
    path = DATA / "mt940" / "betterplace-amount_formats.sta"
    forms = [line.partition("EUR")[2] for line in path.read_text().splitlines()]

    read = [read_fragments(f":20:A\n:60F:C100318EUR{form}\n")[0].opening.amount for form in forms]

    assert read == [Decimal(one) for one in ("380115.12", "380115.10", "380115.00", "0.12", "0.12", "1.12")]


def objects(data: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(data, dict):
        own = [data] if str(data.get("__CLASS__", "")).endswith(name) else []
        return own + [one for value in data.values() for one in objects(value, name)]
    return [one for value in data for one in objects(value, name)] if isinstance(data, list) else []


@pytest.mark.parametrize("path", [p for p in CAMT if p.with_suffix(".json").exists()], ids=lambda p: p.name)
def test_camt_says_what_the_dump_beside_it_says(path):
    wanted = objects(json.loads(path.with_suffix(".json").read_bytes()), "DTO\\Entry")
    entries = [entry for one in read_statements(path.name, path.read_bytes()) for entry in one.entries]
    seen = {
        (str(e.booking_date), str(e.value_date), e.currency, str(abs(e.amount)).replace(".", ""), e.amount < 0) for e in entries
    }

    assert wanted
    for one in wanted:
        money = one["getAmount"]
        days = [(one[key] or {}).get("0", "None")[:10] for key in ("getBookingDate", "getValueDate")]
        told = (*days, money["getCurrency"]["getCode"], money["getAmount"].lstrip("-"), money["getAmount"].startswith("-"))
        assert told in seen
    ids = {one["getEndToEndId"] for one in objects(json.loads(path.with_suffix(".json").read_bytes()), "DTO\\Reference")}
    read = {entry.end_to_end_id for entry in entries}
    assert ids - {None, "NOTPROVIDED"} <= read or len(entries) < len(ids)
