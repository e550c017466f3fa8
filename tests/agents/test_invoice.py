"""The invoice among a case's documents: found, checked, joined with its PDF, and said in the office's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agents.base import Result, Setting, Task
from agents.invoice import Invoice, InvoiceOptions
from kontorist.core.values import decode, encode, sha256
from scripts.sample.invoice import cii, ubl
from scripts.sample.page import pdf
from tests.connectors.accounting.books import INVOICE, OTHER_IBAN, page

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared inputs are not here")
NAME = "Hansen & Brandt Großhandel GmbH"


def task(documents: dict[str, bytes], *, ignore_xml: bool = False) -> Task:
    listed = [{"name": name, "media_type": "", "sha256": sha256(data)} for name, data in documents.items()]
    options = InvoiceOptions(documents="{{ mail.attachments }}", ignore_xml=ignore_xml)
    return Task(options, {"documents": listed}, documents={sha256(data): data for data in documents.values()})


def read(setting: Setting, documents: dict[str, bytes], *, ignore_xml: bool = False) -> Result:
    setting = replace(setting, settings={"company": {"name": NAME}})
    (result,) = Invoice().run([task(documents, ignore_xml=ignore_xml)], setting)
    assert isinstance(result, Result)
    assert decode(encode(result.output)) == result.output
    return result


def test_an_xml_and_its_pdf_are_one_invoice(setting: Setting) -> None:
    result = read(setting, {"re.pdf": pdf(INVOICE, with_xml=False), "re.xml": ubl(INVOICE)})
    assert (result.output["document_name"], result.output["more"], result.output["errors"]) == ("re.xml", [], 0)
    assert {place.part for place in result.evidence["invoice.gross"]} == {"xml", "page"}
    assert result.warnings == []


def test_a_pdf_beside_the_xml_that_names_another_account_is_an_error(setting: Setting) -> None:
    shown = pdf(replace(INVOICE, shown_iban=OTHER_IBAN), with_xml=False)
    result = read(setting, {"re.xml": cii(INVOICE), "re.pdf": shown})
    assert [(one["rule"], one["field"]) for one in result.output["problems"] if one["severity"] == "error"] == [
        ("PDF-XML", "iban")
    ]


def test_two_versions_of_one_invoice_with_other_sums_are_an_error(setting: Setting) -> None:
    other = replace(INVOICE, lines=INVOICE.lines[:1])
    result = read(setting, {"a.xml": cii(INVOICE), "b.xml": ubl(other)})
    assert [one["text"] for one in result.output["problems"]] == [
        "'b.xml' ist dieselbe Rechnung mit anderen Angaben: Brutto ist dort 119,00, hier 140,40."
    ]
    assert result.output["errors"] == 1


def test_further_invoices_are_not_passed_over_in_silence(setting: Setting) -> None:
    result = read(setting, {"a.xml": cii(INVOICE), "b.xml": ubl(replace(INVOICE, number="RE-2"))})
    assert [one["invoice"]["number"] for one in result.output["more"]] == ["RE-2"]
    assert result.warnings == ["Hier sind weitere Rechnungen dabei: RE-2 ('b.xml')."]


def test_a_page_without_data_is_read_from_its_words(setting: Setting) -> None:
    result = read(setting, {"re.pdf": pdf(INVOICE)}, ignore_xml=True)
    invoice = result.output["invoice"]
    assert (invoice["syntax"], invoice["number"], invoice["gross"]) == ("PDF", INVOICE.number, INVOICE.gross)
    assert (invoice["seller"]["name"], invoice["iban"], invoice["buyer"]["name"]) == (
        INVOICE.vendor.name,
        INVOICE.vendor.iban,
        NAME,
    )
    assert [(row["rate"], row["base"]) for row in invoice["vat_breakdown"]] == [(Decimal(19), 100), (Decimal(7), 20)]


def test_other_papers_are_no_invoice(setting: Setting) -> None:
    result = read(
        setting, {"brief.pdf": page("Lieferschein 4711", "Summe 12,00 EUR"), "logo.png": b"\x89PNG", "x.txt": b"Rechnung?"}
    )
    assert (result.output["found"], result.unclear) == (False, "")


def test_a_document_that_cannot_be_read_is_said_in_german_and_english(setting: Setting) -> None:
    broken = {"re.pdf": b"%PDF-1.7 nothing else"}
    assert read(setting, broken).unclear == "Nicht lesbar: 're.pdf': Das PDF ist beschädigt und lässt sich nicht öffnen."
    english = read(replace(setting, languages=("en",)), broken).unclear
    assert english == "Not readable: 're.pdf': The PDF is broken and cannot be opened."


def test_an_unreadable_document_beside_an_invoice_goes_to_a_person(setting: Setting) -> None:
    result = read(setting, {"re.xml": cii(INVOICE), "zwei.pdf": b"%PDF-1.7 nothing else"})
    assert result.output["found"]
    assert "zwei.pdf" in result.unclear


def test_one_bad_case_does_not_harm_the_others(setting: Setting) -> None:
    found = Invoice().run([task({"a.xml": b"<!DOCTYPE x><x/>"}), task({"b.xml": cii(INVOICE)})], setting)
    assert [one.output["found"] for one in found if isinstance(one, Result)] == [False, True]


@needs_data
@pytest.mark.parametrize("path", sorted((DATA / "hostile/xml").glob("*.xml")), ids=lambda p: p.name)
def test_hostile_xml_is_refused_with_a_sentence_or_is_no_invoice(setting: Setting, path: Path) -> None:
    data = path.read_bytes()
    result = read(setting, {path.name: data})
    assert not result.output["found"]
    assert ("DOCTYPE" in result.unclear) == (b"<!DOCTYPE" in data)


@needs_data
@pytest.mark.parametrize("path", sorted((DATA / "einvoice/zugferd-invalid").glob("*")), ids=lambda p: p.name)
def test_a_faulty_invoice_is_an_error_or_not_readable(setting: Setting, path: Path) -> None:
    result = read(setting, {path.name: path.read_bytes()})
    assert result.output["errors"] > 0 or result.unclear.startswith("Nicht lesbar")
    assert "The " not in result.unclear


@pytest.mark.parametrize(("days", "stops"), [(3, None), (20, False), (60, True)])
def test_an_invoice_dated_ahead_is_told_and_one_far_ahead_stops(setting: Setting, days: int, stops: bool | None) -> None:
    received = INVOICE.issued - timedelta(days=days)
    setting = replace(setting, settings={"company": {"name": NAME}})
    one = replace(task({"re.xml": cii(INVOICE)}), context={"case": {"received": received}})
    (result,) = Invoice().run([one], setting)
    assert isinstance(result, Result)
    told = [problem["text"] for problem in result.output["problems"] if problem["rule"] == "DATE-AHEAD"]
    assert (len(told), result.output["errors"]) == (0 if stops is None else 1, 0)
    assert [text for text in result.warnings if "nach dem Eingang" in text] == told
    assert list(result.alarms) == (told if stops else [])
