"""What rules ask about an invoice beyond its terms: contact, payment groups, attachments, codes; from UBL or CII."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kontorist.einvoice.codes import Breach, breaches
from kontorist.einvoice.tree import Tree, local


@dataclass(frozen=True)
class Means:
    """One payment instruction (BG-16) with what it holds."""

    code: str = ""
    accounts: tuple[str, ...] = ()
    """BT-84 of each credit transfer (BG-17); empty where it is missing."""
    card: bool = False
    """BG-18."""
    debit: bool = False
    """BG-19: a mandate or a debited account."""
    debited: str = ""
    """BT-91."""


@dataclass(frozen=True)
class Extra:
    """Facts for rules, whatever the syntax."""

    contact: tuple[str, str, str] | None = None
    """Name (BT-41), telephone (BT-42), e-mail (BT-43) of the seller's contact (BG-6)."""
    means: tuple[Means, ...] = ()
    creditor_id: str = ""
    """BT-90."""
    delivered_to: tuple[str, str] | None = None
    """City (BT-77) and post code (BT-78) of a deliver-to address (BG-15)."""
    attachments: tuple[tuple[str, str], ...] = ()
    """File name and MIME code of each attachment (BT-125)."""
    documents: tuple[str, ...] = ()
    """BT-122 of each supporting document."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Name (BT-160) and value (BT-161) of each item attribute."""
    standard_ids: tuple[str, ...] = ()
    """Scheme (BT-157-1) of each standard item identifier."""
    classes: tuple[str, ...] = ()
    """Scheme (BT-158-1) of each item classification."""
    origins: tuple[str, ...] = ()
    """BT-159."""
    currencies: tuple[str, ...] = ()
    """Every currency that an amount names."""
    tax_point: tuple[bool, tuple[str, ...]] = (False, ())
    """Whether there is a VAT point date (BT-7), and the codes for it (BT-8)."""
    periods: tuple[bool, ...] = ()
    """For the invoicing period: whether it has a start, an end or a code."""
    line_periods: tuple[bool, ...] = ()
    breaches: tuple[Breach, ...] = ()
    """Elements that break a rule of their own."""


def extra_of(tree: Tree) -> Extra:
    """The facts of an invoice in UBL or CII."""
    found = _ubl(tree) if local(tree.root) in ("Invoice", "CreditNote") else _cii(tree)
    return replace(found, breaches=breaches(tree))


def _texts(tree: Tree, node: Any, path: str) -> tuple[str, ...]:
    return tuple((one.text or "").strip() for one in tree.all(node, path))


def _three(tree: Tree, node: Any, paths: tuple[str, str, str]) -> tuple[str, str, str] | None:
    return (
        None
        if node is None
        else (tree.text(node, paths[0]) or "", tree.text(node, paths[1]) or "", tree.text(node, paths[2]) or "")
    )


def _ubl(tree: Tree) -> Extra:
    root = tree.root
    seller = tree.one(root, "AccountingSupplierParty/Party")
    address = tree.one(root, "Delivery/DeliveryLocation/Address")
    sepa = [
        one
        for party in (seller, tree.one(root, "PayeeParty"))
        for one in tree.all(party, "PartyIdentification/ID")
        if one.get("schemeID") == "SEPA"
    ]
    items = [one for line in tree.all(root, "InvoiceLine|CreditNoteLine") for one in tree.all(line, "Item")]
    return Extra(
        contact=_three(tree, tree.one(seller, "Contact"), ("Name", "Telephone", "ElectronicMail")),
        means=tuple(_ubl_means(tree, one) for one in tree.all(root, "PaymentMeans")),
        creditor_id=next((one.text or "" for one in sepa), ""),
        delivered_to=None if address is None else (tree.text(address, "CityName") or "", tree.text(address, "PostalZone") or ""),
        attachments=tuple(
            (one.get("filename") or "", one.get("mimeCode") or "")
            for one in tree.all(root, "AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject")
        ),
        documents=tuple(tree.text(one, "ID") or "" for one in tree.all(root, "AdditionalDocumentReference")),
        attributes=tuple(
            (tree.text(one, "Name") or "", tree.text(one, "Value") or "")
            for item in items
            for one in tree.all(item, "AdditionalItemProperty")
        ),
        standard_ids=tuple(
            one.get("schemeID") or "" for item in items for one in tree.all(item, "StandardItemIdentification/ID")
        ),
        classes=tuple(
            one.get("listID") or "" for item in items for one in tree.all(item, "CommodityClassification/ItemClassificationCode")
        ),
        origins=tuple(text for item in items for text in _texts(tree, item, "OriginCountry/IdentificationCode")),
        currencies=tuple(dict.fromkeys(one.get("currencyID") for one in root.iter() if one.get("currencyID") is not None)),
        tax_point=(tree.one(root, "TaxPointDate") is not None, _texts(tree, root, "InvoicePeriod/DescriptionCode")),
        periods=tuple(_dated(tree, one, "StartDate|EndDate|DescriptionCode") for one in tree.all(root, "InvoicePeriod")),
        line_periods=tuple(
            _dated(tree, one, "StartDate|EndDate") for one in tree.all(root, "InvoiceLine|CreditNoteLine/InvoicePeriod")
        ),
    )


def _ubl_means(tree: Tree, node: Any) -> Means:
    mandate = tree.one(node, "PaymentMandate")
    return Means(
        code=tree.text(node, "PaymentMeansCode") or "",
        accounts=tuple(tree.text(one, "ID") or "" for one in tree.all(node, "PayeeFinancialAccount")),
        card=tree.one(node, "CardAccount") is not None,
        debit=mandate is not None,
        debited=tree.text(mandate, "PayerFinancialAccount/ID") or "",
    )


def _cii(tree: Tree) -> Extra:
    root = tree.root
    trade = tree.one(root, "SupplyChainTradeTransaction")
    agreement, delivery, settled = (
        tree.one(trade, f"ApplicableHeaderTrade{name}") for name in ("Agreement", "Delivery", "Settlement")
    )
    address = tree.one(delivery, "ShipToTradeParty/PostalTradeAddress")
    products = list(tree.all(trade, "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct"))
    mandate = tree.text(settled, "SpecifiedTradePaymentTerms/DirectDebitMandateID") or ""
    files = list(tree.all(agreement, "AdditionalReferencedDocument"))
    period, line_period = (
        "BillingSpecifiedPeriod",
        "IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement/BillingSpecifiedPeriod",
    )
    contact = (
        "PersonName|DepartmentName",
        "TelephoneUniversalCommunication/CompleteNumber",
        "EmailURIUniversalCommunication/URIID",
    )
    return Extra(
        contact=_three(tree, tree.one(agreement, "SellerTradeParty/DefinedTradeContact"), contact),
        means=tuple(_cii_means(tree, one, mandate) for one in tree.all(settled, "SpecifiedTradeSettlementPaymentMeans")),
        creditor_id=tree.text(settled, "CreditorReferenceID") or "",
        delivered_to=None
        if address is None
        else (tree.text(address, "CityName") or "", tree.text(address, "PostcodeCode") or ""),
        attachments=tuple(
            (one.get("filename") or "", one.get("mimeCode") or "")
            for file in files
            for one in tree.all(file, "AttachmentBinaryObject")
        ),
        documents=tuple(tree.text(one, "IssuerAssignedID") or "" for one in files if tree.text(one, "TypeCode") == "916"),
        attributes=tuple(
            (tree.text(one, "Description") or "", tree.text(one, "Value") or "")
            for product in products
            for one in tree.all(product, "ApplicableProductCharacteristic")
        ),
        standard_ids=tuple(one.get("schemeID") or "" for product in products for one in tree.all(product, "GlobalID")),
        classes=tuple(
            one.get("listID") or ""
            for product in products
            for one in tree.all(product, "DesignatedProductClassification/ClassCode")
        ),
        origins=tuple(text for product in products for text in _texts(tree, product, "OriginTradeCountry/ID")),
        currencies=tuple(dict.fromkeys(one.get("currencyID") for one in root.iter() if one.get("currencyID") is not None)),
        periods=tuple(_dated(tree, one, "StartDateTime|EndDateTime") for one in tree.all(settled, period)),
        line_periods=tuple(_dated(tree, one, "StartDateTime|EndDateTime") for one in tree.all(trade, line_period)),
    )


def _cii_means(tree: Tree, node: Any, mandate: str) -> Means:
    debited = tree.text(node, "PayerPartyDebtorFinancialAccount/IBANID") or ""
    return Means(
        code=tree.text(node, "TypeCode") or "",
        accounts=tuple(
            tree.text(one, "IBANID|ProprietaryID") or "" for one in tree.all(node, "PayeePartyCreditorFinancialAccount")
        ),
        card=tree.one(node, "ApplicableTradeSettlementFinancialCard") is not None,
        debit=bool(debited or mandate),
        debited=debited,
    )


def _dated(tree: Tree, node: Any, names: str) -> bool:
    return tree.one(node, names) is not None
