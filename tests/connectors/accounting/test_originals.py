"""The originals for DATEV: each link in a batch leads to the file whose GUID it names, byte for byte."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from lxml import etree

from connectors.accounting.extf import read
from connectors.base import Context
from kontorist.core.errors import NotApproved, Rejected
from kontorist.core.values import sha256
from kontorist.testing import carried_out, permit_for
from scripts.sample.invoice import cii
from scripts.sample.page import pdf
from tests.connectors.accounting.books import INVOICE, Books

NOVEMBER = {"since": "2026-11-01", "until": "2026-11-30"}
SPACE = "{http://xml.datev.de/bedi/tps/document/v06.0}"


def _action(books: Books) -> Any:
    return books.connector.actions["export_documents"]()


def _proposed(books: Books, **days: str) -> Any:
    action = _action(books)
    return action.propose(books.connector, action.Payload.model_validate(days or NOVEMBER), Context(1, "test", {}, {}, "de"))


def _posted(books: Books) -> list[bytes]:
    originals = [cii(INVOICE), pdf(replace(INVOICE, number="RE-2/2026", issued=date(2026, 11, 28)))]
    for number, data in enumerate(originals):
        books.post(books.propose(data), key=f"k{number}")
    return originals


def test_each_link_in_the_batches_leads_to_its_original(books: Books) -> None:
    originals = _posted(books)
    proposal = _proposed(books)
    receipt = carried_out(_action(books), books.connector, proposal.payload)
    data = (books.connector.output / receipt.evidence["file"]).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    index = etree.fromstring(files.pop("document.xml"))
    linked = {one.get("guid"): one.find(f"{SPACE}extension").get("name") for one in index.iter(f"{SPACE}document")}
    links = {
        re.fullmatch(r'BEDI "([0-9a-f-]{36})"', row["Beleglink"])[1]
        for path in books.batches()
        for row in read(path.read_bytes()).rows
    }
    assert set(linked) == links
    assert {sha256(files[name]) for name in linked.values()} == {sha256(one) for one in originals}
    assert set(files) == set(linked.values())
    assert {name.rpartition(".")[2] for name in files} == {"xml", "pdf"}
    header = [child.tag.removeprefix(SPACE) for child in index.find(f"{SPACE}header")]
    assert (index.get("version"), header) == ("6.0", ["date", "description"])
    assert "2 Belege vom 01.11.2026 bis 30.11.2026" in proposal.sentence


def test_the_file_is_the_same_at_every_attempt_and_found_afterwards(books: Books) -> None:
    _posted(books)
    action, proposal = _action(books), _proposed(books)

    def closed() -> None:
        raise NotApproved("closed")

    with pytest.raises(NotApproved):
        action.execute(books.connector, permit_for(proposal.payload, fence=closed))
    assert action.find(books.connector, proposal.payload, "k") is None
    first = action.execute(books.connector, permit_for(proposal.payload))
    assert (
        action.execute(books.connector, permit_for(proposal.payload))
        == first
        == action.find(books.connector, proposal.payload, "k")
    )


def test_a_posting_that_came_meanwhile_an_original_that_is_gone_and_empty_days_are_said(books: Books) -> None:
    books.post(books.propose(cii(INVOICE)))
    proposal = _proposed(books)
    books.post(books.propose(cii(replace(INVOICE, number="RE-2/2026", issued=date(2026, 11, 28)))), key="k2")
    assert list(_action(books).check(books.connector, proposal.payload, proposal.rests_on))
    with pytest.raises(Rejected, match="Nothing was posted"):
        _proposed(books, since="2025-01-01", until="2025-12-31")
    for path in books.connector.archive.iterdir():
        path.unlink()
    with pytest.raises(Rejected, match="put it back"):
        _proposed(books)


def test_more_than_datev_takes_at_once_are_asked_for_in_parts(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    _posted(books)
    monkeypatch.setattr("connectors.accounting.originals._COUNT", 1)
    with pytest.raises(Rejected, match="choose a shorter time"):
        _proposed(books)
