"""Rules about single elements of the XML: long code lists, and what UBL's syntax binding allows once or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

from kontorist.einvoice.tree import Tree, local

Breach = tuple[str, str, str]
"""Rule, field, and what stands there."""


@functools.cache
def code_lists() -> dict[str, frozenset[str]]:
    """Name → codes, as `codes.txt` has them."""
    found: dict[str, set[str]] = {}
    for line in (files(__package__) / "codes.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = current = set()
        elif line and not line.startswith("#"):
            current.update(line.split())
    return {name: frozenset(codes) for name, codes in found.items()}


def breaches(tree: Tree) -> tuple[Breach, ...]:
    """Every rule that an element breaks, once for each thing that stands there."""
    of_syntax = (_ubl, _ubl_once) if local(tree.root) in ("Invoice", "CreditNote") else (_cii,)
    return tuple(dict.fromkeys(one for look in of_syntax for one in look(tree)))


def _not_in(name: str, code: str | None) -> bool:
    return code is not None and code.strip() not in code_lists()[name]


def _ubl(tree: Tree) -> Iterator[Breach]:
    for element in tree.root.iter():
        if (look := _UBL.get(local(element))) is not None:
            yield from look(element)
        elif local(element).endswith("Amount"):
            yield from _amount(element)
        elif local(element).endswith("BinaryObject"):
            yield from _binary(element)


def _amount(element: Any) -> Iterator[Breach]:
    parent, name = element.getparent(), local(element)
    in_price = local(parent) == "AllowanceCharge" and local(parent.getparent()) == "Price"
    text = (element.text or "").strip()
    if not name.endswith("PriceAmount") and not in_price and len(text.partition(".")[2]) > 2:
        yield "UBL-DT-01", _FIELDS.get(name, "amounts"), text


def _binary(element: Any) -> Iterator[Breach]:
    for rule, name in (("UBL-DT-06", "mimeCode"), ("UBL-DT-07", "filename")):
        if element.get(name) is None:
            yield rule, "documents", ""


def _ubl_id(element: Any) -> Iterator[Breach]:
    scheme, parent = element.get("schemeID"), element.getparent()
    within = local(parent) if parent is not None else ""
    if within in ("AdditionalDocumentReference", "DocumentReference"):
        kinds = [(one.text or "").strip() for one in parent if local(one) == "DocumentTypeCode"]
        if "130" in kinds and _not_in("untdid-1153", scheme):
            yield "BR-CL-07", "documents", scheme
    elif within == "PartyIdentification":
        payee = {local(one) for one in element.iterancestors()} & {"AccountingSupplierParty", "PayeeParty"}
        if _not_in("icd", scheme) and not (scheme == "SEPA" and payee):
            yield "BR-CL-10", "parties", scheme
    elif within == "StandardItemIdentification" and _not_in("icd", scheme):
        yield "BR-CL-21", "lines", scheme


def _registered(element: Any) -> Iterator[Breach]:
    if local(element.getparent()) == "PartyLegalEntity" and _not_in("icd", element.get("schemeID")):
        yield "BR-CL-11", "parties", element.get("schemeID")


def _classified(element: Any) -> Iterator[Breach]:
    if _not_in("untdid-7143", element.get("listID")):
        yield "BR-CL-13", "lines", element.get("listID")


def _unit(element: Any) -> Iterator[Breach]:
    if _not_in("rec-20-21", element.get("unitCode")):
        yield "BR-CL-23", "lines", element.get("unitCode")


def _reason(element: Any) -> Iterator[Breach]:
    marks = [one for one in element.getparent() if local(one) == "ChargeIndicator"]
    said = "".join(marks[0].itertext()).strip() if marks else ""
    if said in ("true", "1") and _not_in("untdid-7161", element.text or ""):
        yield "BR-CL-20", "allowances", (element.text or "").strip()
    if said in ("false", "0") and _not_in("untdid-5189", element.text or ""):
        yield "BR-CL-19", "allowances", (element.text or "").strip()


def _global_id(element: Any) -> Iterator[Breach]:
    above = {local(one) for one in element.iterancestors()}
    if _not_in("icd", element.get("schemeID")) and "ShipToTradeParty" not in above:
        product = "SpecifiedTradeProduct" in above
        yield "BR-CL-21" if product else "BR-CL-10", "lines" if product else "parties", element.get("schemeID")


def _legal_id(element: Any) -> Iterator[Breach]:
    if local(element.getparent()) == "SpecifiedLegalOrganization" and _not_in("icd", element.get("schemeID")):
        yield "BR-CL-11", "parties", element.get("schemeID")


def _reference(element: Any) -> Iterator[Breach]:
    if _not_in("untdid-1153", element.text or ""):
        yield "BR-CL-07", "documents", (element.text or "").strip()


def _cii(tree: Tree) -> Iterator[Breach]:
    for element in tree.root.iterdescendants():
        if (look := _CII.get(local(element))) is not None:
            yield from look(element)
        elif (found := _CII_AMOUNTS.get((local(element.getparent()), local(element)))) is not None:
            text = (element.text or "").strip()
            if len(text.partition(".")[2]) > 2:
                yield *found, text


def _ubl_once(tree: Tree) -> Iterator[Breach]:
    """What may stand there once, or with one value only."""
    seller = list(tree.all(tree.root, "AccountingSupplierParty/Party/PartyTaxScheme"))
    if len(seller) > 2:
        yield "UBL-SR-42", "seller.vat_id", ""
    buyer = list(tree.all(tree.root, "AccountingCustomerParty/Party/PartyTaxScheme"))
    for rule, field, schemes in (("UBL-SR-12", "seller.vat_id", seller), ("UBL-SR-18", "buyer.vat_id", buyer)):
        taxed = [one for one in schemes if (tree.text(one, "TaxScheme/ID") or "").upper() == "VAT"]
        if sum(len(list(tree.all(one, "CompanyID"))) for one in taxed) > 1:
            yield rule, field, ""
    for rule, name in (("UBL-SR-44", "PaymentID"), ("UBL-SR-47", "PaymentMeansCode")):
        said = {(one.text or "").strip() for one in tree.root.iter("{*}" + name)}
        if len(said) > 1:
            yield rule, "payment", ", ".join(sorted(said))


_FIELDS = {
    "LineExtensionAmount": "lines",
    "TaxAmount": "tax",
    "TaxableAmount": "vat_breakdown",
    "TaxExclusiveAmount": "net",
    "TaxInclusiveAmount": "gross",
    "PayableAmount": "payable",
}
_Look = Callable[[Any], Iterator[Breach]]
_UBL: dict[str, _Look] = {
    "ID": _ubl_id,
    "CompanyID": _registered,
    "ItemClassificationCode": _classified,
    "AllowanceChargeReasonCode": _reason,
    **dict.fromkeys(("InvoicedQuantity", "BaseQuantity", "CreditedQuantity"), _unit),
}
_CII: dict[str, _Look] = {
    "GlobalID": _global_id,
    "ID": _legal_id,
    "ReferenceTypeCode": _reference,
    "ClassCode": _classified,
    "ReasonCode": _reason,
    **dict.fromkeys(("BasisQuantity", "BilledQuantity"), _unit),
}
_HEADER_SUMS = {
    "LineTotalAmount": ("BR-DEC-09", "line_total"),
    "AllowanceTotalAmount": ("BR-DEC-10", "allowances"),
    "ChargeTotalAmount": ("BR-DEC-11", "charges"),
    "TaxBasisTotalAmount": ("BR-DEC-12", "net"),
    "TaxTotalAmount": ("BR-DEC-13", "tax"),
    "GrandTotalAmount": ("BR-DEC-14", "gross"),
    "TotalPrepaidAmount": ("BR-DEC-16", "prepaid"),
    "RoundingAmount": ("BR-DEC-17", "amounts"),
    "DuePayableAmount": ("BR-DEC-18", "payable"),
}
_CII_AMOUNTS = {
    **{("SpecifiedTradeSettlementHeaderMonetarySummation", name): told for name, told in _HEADER_SUMS.items()},
    ("SpecifiedTradeAllowanceCharge", "ActualAmount"): ("BR-DEC-01", "allowances"),
    ("SpecifiedTradeAllowanceCharge", "BasisAmount"): ("BR-DEC-02", "allowances"),
    ("ApplicableTradeTax", "BasisAmount"): ("BR-DEC-19", "vat_breakdown"),
    ("ApplicableTradeTax", "CalculatedAmount"): ("BR-DEC-20", "vat_breakdown"),
    ("SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount"): ("BR-DEC-23", "lines"),
}
"""Where CII has amounts, each with its rule about decimals; prices and allowances on them may have more."""
LABELS = frozenset({"BR-CL-07", "BR-CL-10", "BR-CL-11", "BR-CL-13", "BR-CL-21", "BR-CL-23", "UBL-DT-06", "UBL-DT-07"})
"""Rules about how things are labelled: said to the approver, but no reason to send an invoice back, whose parties and sums are clear."""
TEXTS: dict[str, tuple[str, str]] = {
    "BR-CL-07": (
        "Die Art einer Objektkennung steht nicht in UNTDID 1153",
        "The scheme of an object identifier is not one of UNTDID 1153",
    ),
    "BR-CL-10": ("Die Art einer Kennung steht nicht in ISO 6523", "The scheme of an identifier is not one of ISO 6523"),
    "BR-CL-11": (
        "Die Art einer Registernummer steht nicht in ISO 6523",
        "The scheme of a registration identifier is not one of ISO 6523",
    ),
    "BR-CL-13": (
        "Die Art einer Artikelklasse steht nicht in UNTDID 7143",
        "The scheme of an item class is not one of UNTDID 7143",
    ),
    "BR-CL-19": ("Der Code eines Nachlasses steht nicht in UNTDID 5189", "The code of an allowance is not one of UNTDID 5189"),
    "BR-CL-20": ("Der Code eines Zuschlags steht nicht in UNTDID 7161", "The code of a charge is not one of UNTDID 7161"),
    "BR-CL-21": ("Die Art einer Artikelnummer steht nicht in ISO 6523", "The scheme of an item number is not one of ISO 6523"),
    "BR-CL-23": (
        "Die Einheit einer Menge steht nicht in den UN/ECE-Empfehlungen 20 und 21",
        "The unit of a quantity is not one of UN/ECE Recommendations 20 and 21",
    ),
    **dict.fromkeys(
        ("UBL-DT-01", *(rule for rule, _ in _CII_AMOUNTS.values())),
        ("Ein Betrag hat mehr als zwei Nachkommastellen", "An amount has more than two decimals"),
    ),
    "UBL-DT-06": ("Einer Anlage fehlt die Dateiart", "An attachment has no MIME code"),
    "UBL-DT-07": ("Einer Anlage fehlt der Dateiname", "An attachment has no file name"),
    "UBL-SR-12": ("Der Verkäufer hat mehr als eine USt-IdNr.", "The seller has more than one VAT identifier"),
    "UBL-SR-18": ("Der Käufer hat mehr als eine USt-IdNr.", "The buyer has more than one VAT identifier"),
    "UBL-SR-42": ("Der Verkäufer hat mehr als zwei Steuernummern", "The seller has more than two tax registrations"),
    "UBL-SR-44": ("Es gibt mehr als einen Verwendungszweck", "There is more than one remittance information"),
    "UBL-SR-47": ("Es gibt Zahlungswege verschiedener Art", "There are payment means of different kinds"),
}
"""What a rule says, in German and English."""
