"""UN/CEFACT CII (ZUGFeRD 2, Factur-X, XRechnung) and the older CrossIndustryDocument (ZUGFeRD 1) to the terms of EN 16931."""

from __future__ import annotations

import re
from typing import Any

from kontorist.einvoice.invoice import DIRECT_DEBIT, Allowance, Invoice, Line, Party, VatRow
from kontorist.einvoice.terms import discount, due_date
from kontorist.einvoice.tree import Tree

# names of ZUGFeRD 2 | ZUGFeRD 1
_CONTEXT = "ExchangedDocumentContext|SpecifiedExchangedDocumentContext"
_DOCUMENT = "ExchangedDocument|HeaderExchangedDocument"
_DEAL = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREEMENT = f"{_DEAL}/ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_DELIVERY = f"{_DEAL}/ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery"
_SETTLEMENT = f"{_DEAL}/ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_MEANS = "SpecifiedTradeSettlementPaymentMeans"
_LINE_AGREEMENT = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
_LINE_DELIVERY = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
_LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
_LINE_SUMS = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_PERCENT = "RateApplicablePercent|ApplicablePercent"


def read_cii(tree: Tree) -> Invoice:
    """The invoice in a CII document, as far as it goes."""
    document = tree.one(tree.root, _DOCUMENT)
    agreement, delivery, settlement = (tree.one(tree.root, path) for path in (_AGREEMENT, _DELIVERY, _SETTLEMENT))
    issued = tree.day(document, "IssueDateTime/DateTimeString", "issue_date")
    terms = _terms(tree, settlement)
    due = tree.day(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString", "due_date")
    lines = tree.all(tree.root, f"{_DEAL}/IncludedSupplyChainTradeLineItem")
    contents = tree.all(document, "IncludedNote/Content")
    return Invoice(
        number=tree.text(document, "ID", "number"),
        type_code=tree.text(document, "TypeCode", "type_code"),
        issue_date=issued,
        due_date=due or due_date(terms, issued),
        payment_terms=terms,
        skonto=discount(terms),
        buyer_reference=tree.text(agreement, "BuyerReference", "buyer.reference"),
        order_reference=tree.text(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID|ID", "order_reference"),
        lines=tuple(_line(tree, line, index) for index, line in enumerate(lines)),
        notes=tuple((note.text or "").strip() for note in contents if (note.text or "").strip()),
        profile=tree.text(tree.root, f"{_CONTEXT}/GuidelineSpecifiedDocumentContextParameter/ID", "profile"),
        syntax="ZUGFeRD1" if str(tree.root.tag).endswith("}CrossIndustryDocument") else "CII",
        **_parties(tree, agreement, settlement),
        **_delivery(tree, delivery),
        **_payment(tree, settlement),
        **_totals(tree, settlement),
        **_rest(tree, settlement),
    )


def _terms(tree: Tree, settlement: Any) -> str | None:
    notes = [(note, (note.text or "").strip()) for note in tree.all(settlement, "SpecifiedTradePaymentTerms/Description")]
    for note, text in notes:
        if text:
            tree.note("payment_terms", note, text)
    return "\n".join(text for _, text in notes if text) or None


def _parties(tree: Tree, agreement: Any, settlement: Any) -> dict[str, Any]:
    representative = tree.one(agreement, "SellerTaxRepresentativeTradeParty")
    payee = tree.one(settlement, "PayeeTradeParty")
    return {
        "seller": _party(tree, tree.one(agreement, "SellerTradeParty"), "seller"),
        "buyer": _party(tree, tree.one(agreement, "BuyerTradeParty"), "buyer"),
        "representative": None if representative is None else _party(tree, representative, ""),
        "payee": None if payee is None else tree.text(payee, "Name") or "",
    }


def _party(tree: Tree, party: Any, key: str) -> Party:
    def named(field: str) -> str:
        return f"{key}.{field}" if key else ""

    taxes = {tax.get("schemeID"): tax for tax in tree.all(party, "SpecifiedTaxRegistration/ID") if (tax.text or "").strip()}
    vat, other = taxes.get("VA"), taxes.get("FC")
    endpoint = tree.one(party, "URIUniversalCommunication/URIID")
    scheme = None if endpoint is None else endpoint.get("schemeID")
    contact = tree.text(party, "DefinedTradeContact/EmailURIUniversalCommunication/URIID|CompleteNumber", named("email"))
    ids = ("ID", "GlobalID", "SpecifiedLegalOrganization/ID")
    return Party(
        name=tree.text(party, "Name", named("name"))
        or tree.text(party, "SpecifiedLegalOrganization/TradingBusinessName", named("name")),
        vat_id=_registered(tree, vat, named("vat_id"), flat=True),
        tax_number=_registered(tree, other, named("tax_number")),
        street=tree.text(party, "PostalTradeAddress/LineOne", named("street")),
        postcode=tree.text(party, "PostalTradeAddress/PostcodeCode", named("postcode")),
        city=tree.text(party, "PostalTradeAddress/CityName", named("city")),
        country=tree.text(party, "PostalTradeAddress/CountryID", named("country")),
        email=contact or (tree.text(party, "URIUniversalCommunication/URIID", named("email")) if scheme == "EM" else None),
        has_address=tree.one(party, "PostalTradeAddress") is not None,
        identified=vat is not None or any(tree.text(party, path) for path in ids),
        electronic_address=tree.text(party, "URIUniversalCommunication/URIID"),
        electronic_scheme=scheme,
    )


def _registered(tree: Tree, element: Any, key: str, *, flat: bool = False) -> str | None:
    if element is None:
        return None
    text: str = element.text.strip()
    if key:
        tree.note(key, element, text)
    return re.sub(r"\s", "", text) if flat else text


def _delivery(tree: Tree, delivery: Any) -> dict[str, Any]:
    address = tree.one(delivery, "ShipToTradeParty/PostalTradeAddress")
    return {
        "delivery_date": tree.day(delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString", "delivery_date"),
        "delivery_country": tree.text(address, "CountryID"),
        "delivers_somewhere": address is not None,
    }


def _payment(tree: Tree, settlement: Any) -> dict[str, Any]:
    codes = tuple(tree.text(means, "TypeCode") for means in tree.all(settlement, _MEANS))
    mandate = tree.one(settlement, "SpecifiedTradePaymentTerms/DirectDebitMandateID")
    return {
        "payment_codes": codes,
        "direct_debit": bool(DIRECT_DEBIT.intersection(filter(None, codes))) or mandate is not None,
        "ibans": tuple(dict.fromkeys(filter(None, (_account(tree, means) for means in tree.all(settlement, _MEANS))))),
        "bic": tree.text(settlement, f"{_MEANS}/PayeeSpecifiedCreditorFinancialInstitution/BICID", "bic"),
    }


def _account(tree: Tree, means: Any) -> str | None:
    account = tree.one(means, "PayeePartyCreditorFinancialAccount")
    text = tree.text(account, "IBANID", "iban") or tree.text(account, "ProprietaryID", "iban")
    return None if text is None else re.sub(r"\s", "", text)


def _totals(tree: Tree, settlement: Any) -> dict[str, Any]:
    names = {
        "line_total": "LineTotalAmount",
        "allowances": "AllowanceTotalAmount",
        "charges": "ChargeTotalAmount",
        "net": "TaxBasisTotalAmount",
        "gross": "GrandTotalAmount",
        "prepaid": "TotalPrepaidAmount",
        "payable": "DuePayableAmount",
        "rounding": "RoundingAmount",
    }
    sums = tree.one(settlement, _SUMS)
    currency = tree.text(settlement, "InvoiceCurrencyCode", "currency")
    found: dict[str, Any] = {key: _in_currency(tree, sums, name, key, currency) for key, name in names.items()}
    other = tree.text(settlement, "TaxCurrencyCode")
    found |= {"currency": currency, "tax": _in_currency(tree, sums, "TaxTotalAmount", "tax", currency), "tax_currency": other}
    second = [one for one in tree.all(sums, "TaxTotalAmount") if other and other != currency and one.get("currencyID") == other]
    found["tax_in_tax_currency"] = tree.number((second[0].text or "").strip(), "tax") if second else None
    return found


def _in_currency(tree: Tree, sums: Any, name: str, key: str, currency: str | None) -> Any:
    """An amount in the invoice's currency: some totals may stand there twice, once in the tax office's currency."""
    every = [one for one in tree.all(sums, name) if (one.text or "").strip()]
    ours = [one for one in every if one.get("currencyID") in (None, currency)] or every
    ours.sort(key=lambda one: one.get("currencyID") is None)
    if not ours:
        return None
    text = ours[0].text.strip()
    tree.note(key, ours[0], text)
    return tree.number(text, key)


def _rest(tree: Tree, settlement: Any) -> dict[str, Any]:
    charges = tree.all(settlement, "SpecifiedTradeAllowanceCharge")
    return {
        "vat_breakdown": tuple(_vat_row(tree, row) for row in tree.all(settlement, "ApplicableTradeTax")),
        "allowance_charges": tuple(_allowance(tree, one) for one in charges) + tuple(_logistics(tree, settlement)),
        "start": tree.day(settlement, "BillingSpecifiedPeriod/StartDateTime/DateTimeString"),
        "end": tree.day(settlement, "BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
        "corrects": tuple(tree.text(one, "IssuerAssignedID|ID") for one in tree.all(settlement, "InvoiceReferencedDocument")),
    }


def _vat_row(tree: Tree, row: Any) -> VatRow:
    return VatRow(
        category=tree.text(row, "CategoryCode"),
        rate=tree.amount(row, _PERCENT, places=0),
        base=tree.amount(row, "BasisAmount"),
        tax=tree.amount(row, "CalculatedAmount"),
        exemption_reason=tree.text(row, "ExemptionReason") or tree.text(row, "ExemptionReasonCode"),
    )


def _allowance(tree: Tree, one: Any) -> Allowance:
    return Allowance(
        charge=tree.text(one, "ChargeIndicator/Indicator") in ("true", "1"),
        amount=tree.amount(one, "ActualAmount"),
        category=tree.text(one, "CategoryTradeTax/CategoryCode"),
        rate=tree.amount(one, f"CategoryTradeTax/{_PERCENT}", places=0),
        reason=tree.text(one, "Reason") or tree.text(one, "ReasonCode"),
    )


def _logistics(tree: Tree, settlement: Any) -> list[Allowance]:
    """Freight and packing (EXTENDED and ZUGFeRD 1) are charges of the document."""
    return [
        Allowance(
            charge=True,
            amount=tree.amount(one, "AppliedAmount"),
            category=tree.text(one, "AppliedTradeTax/CategoryCode"),
            rate=tree.amount(one, f"AppliedTradeTax/{_PERCENT}", places=0),
            reason=tree.text(one, "Description"),
        )
        for one in tree.all(settlement, "SpecifiedLogisticsServiceCharge")
    ]


def _line(tree: Tree, line: Any, index: int) -> Line:
    key = f"lines.{index}"
    agreement, delivery, settlement = (tree.one(line, path) for path in (_LINE_AGREEMENT, _LINE_DELIVERY, _LINE_SETTLEMENT))
    quantity = tree.one(delivery, "BilledQuantity")
    price = tree.one(agreement, "NetPriceProductTradePrice")
    return Line(
        id=tree.text(line, "AssociatedDocumentLineDocument/LineID", f"{key}.id"),
        name=tree.text(line, "SpecifiedTradeProduct/Name", f"{key}.name"),
        seller_item_id=tree.text(line, "SpecifiedTradeProduct/SellerAssignedID", f"{key}.seller_item_id"),
        quantity=tree.amount(delivery, "BilledQuantity", f"{key}.quantity", places=0),
        unit=None if quantity is None else quantity.get("unitCode"),
        unit_price=tree.amount(price, "ChargeAmount", f"{key}.unit_price"),
        price_base_quantity=tree.amount(price, "BasisQuantity", places=0),
        net=tree.amount(settlement, f"{_LINE_SUMS}/LineTotalAmount", f"{key}.net"),
        vat_category=tree.text(settlement, "ApplicableTradeTax/CategoryCode"),
        vat_rate=tree.amount(settlement, f"ApplicableTradeTax/{_PERCENT}", places=0),
        allowances=tuple(_allowance(tree, one) for one in tree.all(settlement, "SpecifiedTradeAllowanceCharge")),
        gross_price=tree.amount(agreement, "GrossPriceProductTradePrice/ChargeAmount"),
        start=tree.day(settlement, "BillingSpecifiedPeriod/StartDateTime/DateTimeString"),
        end=tree.day(settlement, "BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
    )
