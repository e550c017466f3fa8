"""Faulty invoices are found, right ones are not accused."""

from __future__ import annotations

import copy
import dataclasses
from decimal import Decimal

import pytest

from kontorist.core.errors import NotReadable
from kontorist.einvoice.document import find_invoice, read_root
from kontorist.einvoice.onpage import with_places
from kontorist.einvoice.problem import ERROR, WARNING
from kontorist.einvoice.problems import problems
from kontorist.einvoice.render import summary
from kontorist.reading import pdf
from tests.einvoice.inputs import DATA, load, made, make_pdf, make_ubl, needs_data


def rules(found, severity=ERROR):
    return {problem.rule for problem in problems(found) if problem.severity == severity}


@needs_data
@pytest.mark.parametrize("path", sorted((DATA / "zugferd-invalid").glob("*")), ids=lambda p: p.name)
def test_faulty_invoices_are_reported(path):
    sentence, found = "", None
    try:
        found = find_invoice(path.name, "", path.read_bytes())
    except NotReadable as error:
        sentence = str(error)
    assert rules(found) if found else "cannot be read" in sentence


@needs_data
@pytest.mark.parametrize("path", sorted([*(DATA / "zugferd").glob("*"), *(DATA / "xrechnung").glob("*")]), ids=lambda p: p.name)
def test_right_invoices_have_no_errors(path):
    assert rules(load(path)) == set()


@needs_data
def test_the_official_rule_tests_are_met_without_a_false_alarm():
    from lxml import etree

    hits = misses = 0
    false = []
    for path in sorted((DATA / "en16931-rules" / "test").glob("*/*.xml")):
        for test in etree.parse(path).getroot().iter("{*}test"):
            inner = [child for child in test if etree.QName(child).localname in {"Invoice", "CreditNote"}]
            found = {problem.rule for problem in problems(read_root(copy.deepcopy(inner[0])))} if inner else set()
            errors = [one.text.strip() for one in test.iter("{*}error")]
            hits += sum(rule in found for rule in errors)
            misses += sum(rule not in found for rule in errors)
            false += [(path.name, one.text) for one in test.iter("{*}success") if one.text.strip() in found]
    assert false == []
    assert hits / (hits + misses) > 0.9


def test_a_right_invoice_has_no_problems():
    assert problems(made()) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b">119.00</cbc:TaxInc", b">129.00</cbc:TaxInc", "BR-CO-15"),
        (b'<cbc:PriceAmount currencyID="EUR">25.00', b'<cbc:PriceAmount currencyID="EUR">27.00', "LINE-NET"),
        (b"<cbc:IssueDate>2026-03-02</cbc:IssueDate>", b"", "BR-03"),
        (
            b"<cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>\n</cac:ClassifiedTaxCategory>",
            b"<cbc:ID>E</cbc:ID><cbc:Percent>0</cbc:Percent></cac:ClassifiedTaxCategory>",
            "BR-E-01",
        ),
        (b"119.00</cbc:PayableAmount>", b"twelve</cbc:PayableAmount>", "VALUE"),
        (b"urn:cen.eu:en16931:2017<", b"urn:cen.eu:en16931:2017:nonsense<", "BR-01"),
        (b"urn:cen.eu:en16931:2017<", b"urn:factur-x.eu:1p0:basicwl<", "PROFILE"),
        (b"<cbc:ID>1</cbc:ID>", b"<ID xmlns=''>1</ID>", "SYNTAX"),
        (b">EUR</cbc:DocumentCurrencyCode>", b">EURO</cbc:DocumentCurrencyCode>", "BR-CL-04"),
    ],
)
def test_each_kind_of_fault_is_named_by_its_rule(old, new, rule):
    from kontorist.einvoice.document import read_xml

    data = make_ubl()
    assert old in data
    assert rule in rules(read_xml(data.replace(old, new, 1)))


def test_amounts_of_forty_digits_are_reckoned_with():
    from kontorist.einvoice.document import read_xml

    data = make_ubl().replace(b"100.00</cbc:TaxableAmount>", b"9" * 26 + b"</cbc:TaxableAmount>")
    found = read_xml(data.replace(b"<cbc:Percent>19</cbc:Percent>", b"<cbc:Percent>99999</cbc:Percent>"))
    assert "BR-CO-17" in rules(found)


def test_numbers_that_nothing_can_be_calculated_with_are_a_problem():
    found = made()
    found = dataclasses.replace(found, invoice=dataclasses.replace(found.invoice, gross=Decimal("1E+999999")))
    assert "VALUE" in rules(found)


def test_a_wrong_iban_in_small_letters_is_a_warning():
    assert "IBAN" in rules(made(iban="de89370400440532013001"), WARNING)


def test_a_wrong_iban_is_a_warning():
    assert rules(made(iban="DE89370400440532013001"), "warning") == {"IBAN"}


PAGE = (
    "Kieler Tauwerk GmbH",
    "Rechnung Nr. R-2026/7 vom 02.03.2026",
    "Netto 100,00 EUR",
    "USt. 19 % 19,00 EUR",
    "Gesamtbetrag 119,00 EUR",
    "IBAN DE89 3704 0044 0532 0130 00",
)


def beside(*lines, **changes):
    return with_places(made(**changes), pdf.pages(make_pdf(*lines)), "p" * 64)


def test_a_pdf_that_shows_what_the_xml_says_is_no_problem():
    assert problems(beside(*PAGE)) == []


@pytest.mark.parametrize(
    ("line", "shown", "field"),
    [
        (5, "IBAN DE02 1203 0000 0000 2020 51", "iban"),
        (5, "IBAN: DE02 1203 0000 0000 2020 99", "iban"),
        (4, "Gesamtbetrag 219,00 EUR", "gross"),
        (1, "Rechnung Nr. R-2026/8 vom 02.03.2026", "number"),
        (0, "Kielner Tauwerk GmbH", "seller.name"),
    ],
)
def test_a_pdf_that_shows_something_else_than_the_xml_is_an_error(line, shown, field):
    page = [*PAGE[:line], shown, *PAGE[line + 1 :]]
    assert [(problem.rule, problem.field, problem.severity) for problem in problems(beside(*page))] == [("PDF-XML", field, ERROR)]


def test_a_total_that_hides_the_amount_of_the_xml_among_the_lines_is_an_error():
    page = (*PAGE[:2], "1 Tauwerk 119,00 EUR", "Netto 184,03 EUR", "USt. 19 % 34,97 EUR", "Gesamtbetrag 219,00 EUR", PAGE[-1])
    assert [(problem.rule, problem.field) for problem in problems(beside(*page))] == [("PDF-XML", "gross")]


def test_an_invoice_is_shown_in_german_and_english():
    values = made().invoice.as_dict()
    german, english = dict(summary(values, "de")), dict(summary(values, "en"))
    assert ("Brutto", "119,00 EUR") in german["Summen"]
    assert ("Gross", "119.00 EUR") in english["Totals"]
    assert ("1 Tauwerk", "4 × 25,00 = 100,00 EUR") in german["Positionen"]
