"""The German rules: each one is named when an official XRechnung loses what it asks for, in both syntaxes."""

from __future__ import annotations

import pytest
from lxml import etree

from kontorist.einvoice.document import find_invoice, read_root
from kontorist.einvoice.problem import ERROR
from kontorist.einvoice.problems import problems
from kontorist.einvoice.tree import local
from tests.einvoice.inputs import DATA, needs_data
from tests.growth import LINEAR, growth

UBL, CII = "01.01a-INVOICE_ubl.xml", "01.01a-INVOICE_uncefact.xml"


def root_of(name: str) -> etree._Element:
    return etree.parse(DATA / "xrechnung" / name).getroot()


def found(root: etree._Element) -> dict[str, str]:
    read = read_root(root)
    assert read is not None
    return {one.rule: one.severity for one in problems(read)}


def without(root: etree._Element, path: str) -> etree._Element:
    """Take away the elements at a path of local names, wherever it begins."""
    steps = path.split("/")
    gone = [one for one in root.iter(f"{{*}}{steps[-1]}") if _above(one, len(steps)) == steps]
    assert gone, path
    for one in gone:
        one.getparent().remove(one)
    return root


def _above(element: etree._Element, count: int) -> list[str]:
    return [*(local(one) for one in [element, *element.iterancestors()][:count])][::-1]


PIECES = [
    ("BR-DE-1", "PaymentMeans", "SpecifiedTradeSettlementPaymentMeans"),
    ("BR-DE-2", "AccountingSupplierParty/Party/Contact", "SellerTradeParty/DefinedTradeContact"),
    ("BR-DE-3", "AccountingSupplierParty/Party/PostalAddress/CityName", "SellerTradeParty/PostalTradeAddress/CityName"),
    ("BR-DE-4", "AccountingSupplierParty/Party/PostalAddress/PostalZone", "SellerTradeParty/PostalTradeAddress/PostcodeCode"),
    ("BR-DE-5", "AccountingSupplierParty/Party/Contact/Name", "SellerTradeParty/DefinedTradeContact/PersonName"),
    ("BR-DE-6", "Party/Contact/Telephone", "SellerTradeParty/DefinedTradeContact/TelephoneUniversalCommunication"),
    ("BR-DE-7", "Party/Contact/ElectronicMail", "SellerTradeParty/DefinedTradeContact/EmailURIUniversalCommunication"),
    ("BR-DE-8", "AccountingCustomerParty/Party/PostalAddress/CityName", "BuyerTradeParty/PostalTradeAddress/CityName"),
    ("BR-DE-9", "AccountingCustomerParty/Party/PostalAddress/PostalZone", "BuyerTradeParty/PostalTradeAddress/PostcodeCode"),
    ("BR-DE-14", "TaxSubtotal/TaxCategory/Percent", "ApplicableHeaderTradeSettlement/ApplicableTradeTax/RateApplicablePercent"),
    ("BR-DE-15", "BuyerReference", "BuyerReference"),
    (
        "BR-DE-23-a",
        "PaymentMeans/PayeeFinancialAccount",
        "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount",
    ),
]


@needs_data
@pytest.mark.parametrize(("rule", "ubl", "cii"), PIECES, ids=[one[0] for one in PIECES])
def test_what_is_taken_away_is_missed_by_its_rule(rule, ubl, cii):
    for name, path in ((UBL, ubl), (CII, cii)):
        assert rule not in found(root_of(name))
        assert found(without(root_of(name), path)).get(rule) == ERROR, name


def written(name: str, old: str, new: str) -> etree._Element:
    text = (DATA / "xrechnung" / name).read_text(encoding="utf-8")
    assert old in text
    return etree.fromstring(text.replace(old, new).encode())


@needs_data
def test_a_way_of_payment_that_does_not_fit_its_data():
    rules = found(written(UBL, "<cbc:PaymentMeansCode>58<", "<cbc:PaymentMeansCode>59<"))
    assert {"BR-DE-25-a", "BR-DE-25-b"} <= set(rules)
    assert "BR-CL-16" in found(written(UBL, "<cbc:PaymentMeansCode>58<", "<cbc:PaymentMeansCode>XX<"))


@needs_data
def test_a_telephone_without_digits_is_a_warning():
    root = root_of(UBL)
    next(root.iter("{*}Telephone")).text = "n/a"
    assert found(root)["BR-DE-27"] == "warning"


@needs_data
def test_invoices_that_are_no_xrechnung_are_not_measured_by_it():
    plain = (DATA / "xrechnung" / UBL).read_bytes()
    start = plain.index(b"#compliant#")
    end = plain.index(b"<", start)
    root = etree.fromstring(plain[:start] + plain[end:])
    assert not any(rule.startswith("BR-DE") for rule in found(without(root, "BuyerReference")))


SMALL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</cbc:CustomizationID>
<cbc:ID>R1</cbc:ID><cac:AccountingSupplierParty><cac:Party><cac:Contact><cbc:Name>A</cbc:Name>
<cbc:ElectronicMail>{}</cbc:ElectronicMail></cac:Contact></cac:Party></cac:AccountingSupplierParty></Invoice>"""


def with_address(address: str) -> set[str]:
    """The rules that an invoice with this address of its seller breaks."""
    return {p.rule for p in problems(find_invoice("r.xml", "text/xml", SMALL.format(address).encode()))}


@pytest.mark.parametrize("address", ["a@b.de", "rechnung@lieferant.example", "x@" + "a" * 252])
def test_an_address_is_one(address):
    assert "BR-DE-28" not in with_address(address)


@pytest.mark.parametrize("address", ["a.b.de", "a@.de", "a@b.", "a@b", "a@b@c.de", "x@" + "a" * 253])
def test_what_is_no_address_is_a_warning(address):
    assert "BR-DE-28" in with_address(address)


@pytest.mark.parametrize("end", ["", ".", ".x", "@"])
def test_an_endless_address_costs_no_more_than_its_length(end):
    assert growth(lambda n: with_address("x@" + "a" * n + end)) < LINEAR
