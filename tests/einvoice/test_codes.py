"""Code lists of EN 16931 and what UBL allows once, on the examples of both syntaxes that the project has."""

from __future__ import annotations

import pytest
from lxml import etree

from kontorist.einvoice.codes import TEXTS, breaches, code_lists
from kontorist.einvoice.tree import Tree

UBL = (
    '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">{}</Invoice>'
)
CII = (
    '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
    ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
    ' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">{}</rsm:CrossIndustryInvoice>'
)


def cii_sum(name: str, amount: str) -> str:
    group = "SpecifiedTradeSettlementHeaderMonetarySummation"
    return f"<ram:{group}><ram:{name}>{amount}</ram:{name}></ram:{group}>"


def rules(frame: str, inner: str) -> set[str]:
    return {rule for rule, _, _ in breaches(Tree(etree.fromstring(frame.format(inner))))}


def charge(true: str, code: str) -> str:
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{true}</cbc:ChargeIndicator>"
        f"<cbc:AllowanceChargeReasonCode>{code}</cbc:AllowanceChargeReasonCode></cac:AllowanceCharge>"
    )


def cii_charge(true: str, code: str) -> str:
    return (
        f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{true}</udt:Indicator></ram:ChargeIndicator>"
        f"<ram:ReasonCode>{code}</ram:ReasonCode></ram:SpecifiedTradeAllowanceCharge>"
    )


@pytest.mark.parametrize(
    ("frame", "good", "bad", "rule"),
    [
        (UBL, '<cbc:InvoicedQuantity unitCode="H87"/>', '<cbc:InvoicedQuantity unitCode="Stk"/>', "BR-CL-23"),
        (CII, '<ram:BilledQuantity unitCode="XPK"/>', '<ram:BilledQuantity unitCode="Stück"/>', "BR-CL-23"),
        (UBL, charge("false", "95"), charge("false", "AA"), "BR-CL-19"),
        (UBL, charge("true", "FC"), charge("true", "95"), "BR-CL-20"),
        (CII, cii_charge("false", "95"), cii_charge("false", "17"), "BR-CL-19"),
        (CII, cii_charge("true", "FC"), cii_charge("true", "FRACHT"), "BR-CL-20"),
        (CII, '<ram:GlobalID schemeID="0088"/>', '<ram:GlobalID schemeID="GTIN"/>', "BR-CL-10"),
        (
            CII,
            "<ram:ReferenceTypeCode>ABT</ram:ReferenceTypeCode>",
            "<ram:ReferenceTypeCode>X</ram:ReferenceTypeCode>",
            "BR-CL-07",
        ),
        (UBL, "<cbc:TaxAmount>1.00</cbc:TaxAmount>", "<cbc:TaxAmount>1.005</cbc:TaxAmount>", "UBL-DT-01"),
        (CII, cii_sum("GrandTotalAmount", "1.18"), cii_sum("GrandTotalAmount", "1.189"), "BR-DEC-14"),
        (CII, cii_sum("LineTotalAmount", "1"), cii_sum("LineTotalAmount", "0.999"), "BR-DEC-09"),
        (
            CII,
            "<ram:NetPriceProductTradePrice><ram:ChargeAmount>0.333</ram:ChargeAmount></ram:NetPriceProductTradePrice>",
            "<ram:ApplicableTradeTax><ram:BasisAmount>0.999</ram:BasisAmount></ram:ApplicableTradeTax>",
            "BR-DEC-19",
        ),
        (UBL, "<cbc:PriceAmount>1.00001</cbc:PriceAmount>", "<cbc:PayableAmount>1.00001</cbc:PayableAmount>", "UBL-DT-01"),
    ],
)
def test_a_code_is_one_of_its_list_and_another_is_named_by_its_rule(frame: str, good: str, bad: str, rule: str) -> None:
    assert rules(frame, good) == set()
    assert rules(frame, bad) == {rule}


def test_two_kinds_of_payment_or_purposes_are_named() -> None:
    means = (
        "<cac:PaymentMeans><cbc:PaymentMeansCode>{}</cbc:PaymentMeansCode><cbc:PaymentID>{}</cbc:PaymentID></cac:PaymentMeans>"
    )
    assert rules(UBL, means.format(58, "RE-1") * 2) == set()
    assert rules(UBL, means.format(58, "RE-1") + means.format(59, "RE-2")) == {"UBL-SR-44", "UBL-SR-47"}


def test_the_lists_are_whole_and_every_rule_has_its_words() -> None:
    assert {name: len(codes) for name, codes in code_lists().items()} == {
        "untdid-1153": 818,
        "icd": 243,
        "untdid-7143": 185,
        "untdid-5189": 19,
        "untdid-7161": 178,
        "rec-20-21": 2162,
    }
    assert all(len(words) == 2 and all(words) for words in TEXTS.values())
