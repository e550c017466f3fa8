"""An invoice that is dated in the future, from the folder it came by to the card: said once, in the office's language, and stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import Item, NewDocument
from flows.intake import take_in
from kontorist.core.clock import utcnow
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import COMPANY, INVOICE, VENDOR
from tests.flows.offices import work
from tests.inbox.desks import OFFICE, make_desk

CONNECTIONS = """
scans: {connector: folder, path: "data:scans"}
books: {connector: accounting, consultant_number: 1001, client_number: 456, vendors: vendors.csv, output: "data:books"}
"""
FLOW = """
    trigger: {file: {connection: scans}}
    steps:
      - id: read
        agent: invoice
        documents: "{{ documents }}"
      - id: posting
        action: books.post
        with: {invoice: "{{ read.invoice }}", document: "{{ read.source_document }}"}
        approve: {by: service}
"""
VENDORS = f"""Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle
70001;Wellpappe Nord GmbH;{VENDOR.vat_id};;{VENDOR.iban};wellpappe-nord.example;3200;14;
"""


@pytest.mark.parametrize(("language", "words"), [("de", "nach dem Eingang am"), ("en", "days after it came on")])
@pytest.mark.parametrize(("days", "people"), [(0, 1), (14, 1), (40, 2)])
def test_a_date_in_the_future_stands_on_the_card_once(tmp_path: Path, language: str, words: str, days: int, people: int) -> None:
    office = OFFICE.replace("Muster GmbH", COMPANY["name"]).replace("[en, de]", f"[{language}]")
    desk = make_desk(
        tmp_path, connections=CONNECTIONS, flows={"bills": FLOW}, files={"office.yaml": office, "vendors.csv": VENDORS}
    )
    data = cii(replace(INVOICE, issued=(utcnow() + timedelta(days=days)).date()))
    document = NewDocument("re.xml", "application/xml", data)
    take_in(desk.runtime, "bills", "scans", [Item("k", "scans/re.xml", "re.xml", {"file": {"name": "re.xml"}}, [document])])
    work(desk.runtime)
    (row,) = desk.rows()
    page = desk.browser("anna").get(f"/card/{row.id}").text
    assert page.count(words) == (1 if days else 0)
    assert row.rule["count"] == people, "far ahead takes another pair of eyes"
    desk.runtime.close()
