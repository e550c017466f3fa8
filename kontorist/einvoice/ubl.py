"""UBL 2.1 Invoice and CreditNote to the terms of EN 16931."""

from __future__ import annotations

import re
from typing import Any

from kontorist.einvoice.invoice import DIRECT_DEBIT, Allowance, Invoice, Line, Party, VatRow
from kontorist.einvoice.terms import discount, due_date
from kontorist.einvoice.tree import Tree

_SUBJECT = re.compile(r"^#[A-Z]{3}#\s*")


def read_ubl(tree: Tree) -> Invoice:
    """The invoice in a UBL document, as far as it goes."""
    root = tree.root
    issued = tree.day(root, "IssueDate", "issue_date")
    terms = _terms(tree)
    currency = tree.text(root, "DocumentCurrencyCode", "currency")
    codes = tuple(tree.text(means, "PaymentMeansCode") for means in tree.all(root, "PaymentMeans"))
    return Invoice(
        number=tree.text(root, "ID", "number"),
        type_code=tree.text(root, "InvoiceTypeCode|CreditNoteTypeCode", "type_code"),
        issue_date=issued,
        due_date=_due(tree) or due_date(terms, issued),
        delivery_date=tree.day(root, "Delivery/ActualDeliveryDate", "delivery_date"),
        currency=currency,
        buyer_reference=tree.text(root, "BuyerReference", "buyer.reference"),
        order_reference=tree.text(root, "OrderReference/ID", "order_reference"),
        payment_terms=terms,
        bic=tree.text(root, "PaymentMeans/PayeeFinancialAccount/FinancialInstitutionBranch/ID", "bic"),
        lines=tuple(_line(tree, line, index) for index, line in enumerate(tree.all(root, "InvoiceLine|CreditNoteLine"))),
        notes=tuple(_SUBJECT.sub("", note.text.strip()).strip() for note in tree.all(root, "Note") if (note.text or "").strip()),
        profile=tree.text(root, "CustomizationID", "profile"),
        syntax="UBL",
        direct_debit=bool(DIRECT_DEBIT.intersection(filter(None, codes)))
        or tree.one(root, "PaymentMeans/PaymentMandate/ID") is not None,
        skonto=discount(terms),
        payment_codes=codes,
        corrects=tuple(tree.text(one, "InvoiceDocumentReference/ID") for one in tree.all(root, "BillingReference")),
        **_parties(tree),
        **_totals(tree),
        **_tax(tree, currency),
        **_rest(tree),
    )


def _terms(tree: Tree) -> str | None:
    notes = [(note, (note.text or "").strip()) for note in tree.all(tree.root, "PaymentTerms/Note")]
    for note, text in notes:
        if text:
            tree.note("payment_terms", note, text)
    return "\n".join(text for _, text in notes if text) or None


def _due(tree: Tree) -> Any:
    return tree.day(tree.root, "DueDate", "due_date") or tree.day(tree.root, "PaymentMeans/PaymentDueDate", "due_date")


def _parties(tree: Tree) -> dict[str, Any]:
    root = tree.root
    representative = tree.one(root, "TaxRepresentativeParty")
    payee = tree.one(root, "PayeeParty")
    return {
        "seller": _party(tree, tree.one(root, "AccountingSupplierParty/Party"), "seller"),
        "buyer": _party(tree, tree.one(root, "AccountingCustomerParty/Party"), "buyer"),
        "representative": None if representative is None else _party(tree, representative, ""),
        "payee": None if payee is None else tree.text(payee, "PartyName/Name") or "",
        "ibans": _ibans(tree),
    }


def _ibans(tree: Tree) -> tuple[str, ...]:
    accounts = tree.all(tree.root, "PaymentMeans/PayeeFinancialAccount/ID")
    found = [(account, (account.text or "").strip()) for account in accounts]
    for account, text in found:
        if text:
            tree.note("iban", account, text)
    return tuple(dict.fromkeys(re.sub(r"\s", "", text) for _, text in found if text))


def _party(tree: Tree, party: Any, key: str) -> Party:
    def named(field: str) -> str:
        return f"{key}.{field}" if key else ""

    taxes = {tree.text(tax, "TaxScheme/ID") or "": tax for tax in tree.all(party, "PartyTaxScheme")}
    vat = tree.text(taxes.get("VAT"), "CompanyID", named("vat_id"))
    other = next((tax for scheme, tax in taxes.items() if scheme != "VAT"), None)
    endpoint = tree.one(party, "EndpointID")
    scheme = None if endpoint is None else endpoint.get("schemeID")
    by_mail = endpoint is not None and scheme == "EM"
    ids = ("PartyIdentification/ID", "PartyLegalEntity/CompanyID")
    return Party(
        name=tree.text(party, "PartyLegalEntity/RegistrationName", named("name"))
        or tree.text(party, "PartyName/Name", named("name")),
        vat_id=_flat(vat),
        tax_number=tree.text(other, "CompanyID", named("tax_number")),
        street=tree.text(party, "PostalAddress/StreetName", named("street")),
        postcode=tree.text(party, "PostalAddress/PostalZone", named("postcode")),
        city=tree.text(party, "PostalAddress/CityName", named("city")),
        country=tree.text(party, "PostalAddress/Country/IdentificationCode", named("country")),
        email=tree.text(party, "Contact/ElectronicMail", named("email"))
        or (tree.text(party, "EndpointID", named("email")) if by_mail else None),
        has_address=tree.one(party, "PostalAddress") is not None,
        identified=vat is not None or any(tree.text(party, path) for path in ids),
        electronic_address=tree.text(party, "EndpointID"),
        electronic_scheme=scheme,
    )


def _flat(text: str | None) -> str | None:
    return None if text is None else re.sub(r"\s", "", text)


def _totals(tree: Tree) -> dict[str, Any]:
    names = {
        "line_total": "LineExtensionAmount",
        "allowances": "AllowanceTotalAmount",
        "charges": "ChargeTotalAmount",
        "net": "TaxExclusiveAmount",
        "gross": "TaxInclusiveAmount",
        "prepaid": "PrepaidAmount",
        "payable": "PayableAmount",
        "rounding": "PayableRoundingAmount",
    }
    totals = tree.one(tree.root, "LegalMonetaryTotal")
    return {key: tree.amount(totals, name, key) for key, name in names.items()}


def _tax(tree: Tree, currency: str | None) -> dict[str, Any]:
    other = tree.text(tree.root, "TaxCurrencyCode")
    totals = list(tree.all(tree.root, "TaxTotal"))
    ours = [total for total in totals if _currency(tree, total) in (currency, None)] or totals
    ours.sort(key=lambda total: tree.one(total, "TaxSubtotal") is None)
    stated = {tree.amount(total, "TaxAmount") for total in ours} - {None}
    main = ours[0] if ours else None
    second = next((total for total in totals if other and other != currency and _currency(tree, total) == other), None)
    return {
        "tax": tree.amount(main, "TaxAmount", "tax"),
        "tax_currency": other,
        "tax_in_tax_currency": tree.amount(second, "TaxAmount"),
        "vat_breakdown": tuple(_vat_row(tree, row) for total in ours for row in tree.all(total, "TaxSubtotal")),
        "tax_is_ambiguous": len(stated) > 1,
    }


def _currency(tree: Tree, total: Any) -> str | None:
    amount = tree.one(total, "TaxAmount")
    return None if amount is None else amount.get("currencyID")


def _vat_row(tree: Tree, row: Any) -> VatRow:
    reason = tree.text(row, "TaxCategory/TaxExemptionReason") or tree.text(row, "TaxCategory/TaxExemptionReasonCode")
    return VatRow(
        category=tree.text(row, "TaxCategory/ID"),
        rate=tree.amount(row, "TaxCategory/Percent", places=0),
        base=tree.amount(row, "TaxableAmount"),
        tax=tree.amount(row, "TaxAmount"),
        exemption_reason=reason,
    )


def _rest(tree: Tree) -> dict[str, Any]:
    root = tree.root
    return {
        "allowance_charges": tuple(_allowance(tree, one) for one in tree.all(root, "AllowanceCharge")),
        "delivery_country": tree.text(root, "Delivery/DeliveryLocation/Address/Country/IdentificationCode"),
        "delivers_somewhere": tree.one(root, "Delivery/DeliveryLocation/Address") is not None,
        "start": tree.day(root, "InvoicePeriod/StartDate"),
        "end": tree.day(root, "InvoicePeriod/EndDate"),
    }


def _allowance(tree: Tree, one: Any) -> Allowance:
    return Allowance(
        charge=tree.text(one, "ChargeIndicator") in ("true", "1"),
        amount=tree.amount(one, "Amount"),
        category=tree.text(one, "TaxCategory/ID"),
        rate=tree.amount(one, "TaxCategory/Percent", places=0),
        reason=tree.text(one, "AllowanceChargeReason") or tree.text(one, "AllowanceChargeReasonCode"),
    )


def _line(tree: Tree, line: Any, index: int) -> Line:
    key = f"lines.{index}"
    quantity = tree.one(line, "InvoicedQuantity|CreditedQuantity")
    return Line(
        id=tree.text(line, "ID", f"{key}.id"),
        name=tree.text(line, "Item/Name", f"{key}.name"),
        seller_item_id=tree.text(line, "Item/SellersItemIdentification/ID", f"{key}.seller_item_id"),
        quantity=tree.amount(line, "InvoicedQuantity|CreditedQuantity", f"{key}.quantity", places=0),
        unit=None if quantity is None else quantity.get("unitCode"),
        unit_price=tree.amount(line, "Price/PriceAmount", f"{key}.unit_price"),
        price_base_quantity=tree.amount(line, "Price/BaseQuantity", places=0),
        net=tree.amount(line, "LineExtensionAmount", f"{key}.net"),
        vat_category=tree.text(line, "Item/ClassifiedTaxCategory/ID"),
        vat_rate=tree.amount(line, "Item/ClassifiedTaxCategory/Percent", places=0),
        allowances=tuple(_allowance(tree, one) for one in tree.all(line, "AllowanceCharge")),
        gross_price=tree.amount(line, "Price/AllowanceCharge/BaseAmount"),
        start=tree.day(line, "InvoicePeriod/StartDate"),
        end=tree.day(line, "InvoicePeriod/EndDate"),
    )
