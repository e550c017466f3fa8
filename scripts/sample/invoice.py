"""Invoices of invented vendors, as CII and UBL (EN 16931); `page.py` draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import NamedTuple
from xml.sax.saxutils import escape

from scripts.sample.vendors import Vendor, german_vat_id

OFFICE = ("Hansen & Brandt Großhandel GmbH", "Kaiserstraße 12", "23552", "Lübeck", "DE136695976", "service@hansen-brandt.example")
OTHER = (
    "Brandt & Söhne Baustoffe GmbH",
    "Werftstraße 80",
    "24143",
    "Kiel",
    german_vat_id("27315460"),
    "rechnung@brandt-soehne.example",
)


class Line(NamedTuple):
    """What was delivered."""

    name: str
    quantity: str
    price: str
    rate: str = "19"
    category: str = "S"
    unit: str = "H87"


@dataclass(frozen=True)
class Invoice:
    """An invoice; the `shown_` fields make its page or its sums differ from what is right."""

    number: str
    vendor: Vendor
    issued: date
    lines: list[Line] = field(default_factory=list)
    type_code: str = "380"
    buyer: tuple[str, ...] = OFFICE
    discount: str = "0"
    """Allowance on the whole document, in the first line's VAT category."""
    iban: str = ""
    gross_in_xml: str = ""
    shown_gross: str = ""
    shown_iban: str = ""
    without_tax_ids: bool = False

    def nets(self) -> list[Decimal]:
        """The net amount of each line."""
        return [_cents(Decimal(line.quantity) * Decimal(line.price)) for line in self.lines]

    def vat(self) -> list[tuple[str, str, Decimal, Decimal]]:
        """Category, rate, base and tax."""
        keyed = sorted(
            ((line.category, line.rate, net) for line, net in zip(self.lines, self.nets(), strict=True)), key=lambda k: k[:2]
        )
        found = []
        for (category, rate), group in groupby(keyed, key=lambda k: k[:2]):
            base = sum((n for _, _, n in group), Decimal())
            if (category, rate) == (self.lines[0].category, self.lines[0].rate):
                base -= Decimal(self.discount)
            found.append((category, rate, base, _cents(base * Decimal(rate) / 100)))
        return found

    @property
    def net(self) -> Decimal:
        """The sum without tax."""
        return sum((base for _, _, base, _ in self.vat()), Decimal())

    @property
    def tax(self) -> Decimal:
        """The tax."""
        return sum((tax for *_, tax in self.vat()), Decimal())

    @property
    def gross(self) -> Decimal:
        """The sum with tax."""
        return self.net + self.tax

    @property
    def account(self) -> str:
        """The IBAN that the XML names."""
        return self.iban or self.vendor.iban

    @property
    def due(self) -> date:
        """When it is to be paid."""
        return self.issued + timedelta(days=self.vendor.days)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


REASONS = {
    "AE": ("Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG)", "VATEX-EU-AE"),
    "K": ("Intra-community supply", "VATEX-EU-IC"),
    "E": ("Kein Ausweis von Umsatzsteuer, § 19 UStG", ""),
}


def cii(invoice: Invoice, profile: str = "urn:cen.eu:en16931:2017") -> bytes:
    """UN/CEFACT Cross Industry Invoice D16B."""
    v, b = invoice.vendor, invoice.buyer
    lines = "".join(
        f"""<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>{i}</ram:LineID></ram:AssociatedDocumentLineDocument>
<ram:SpecifiedTradeProduct><ram:Name>{escape(line.name)}</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{line.price}</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="{line.unit}">{line.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{line.category}</ram:CategoryCode><ram:RateApplicablePercent>{line.rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{net}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>
"""
        for i, (line, net) in enumerate(zip(invoice.lines, invoice.nets(), strict=True), 1)
    )
    taxes = "".join(
        f"""<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>{_reason_cii(category)}<ram:BasisAmount>{base}</ram:BasisAmount><ram:CategoryCode>{category}</ram:CategoryCode>{_code_cii(category)}<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>
"""
        for category, rate, base, tax in invoice.vat()
    )
    discount = Decimal(invoice.discount)
    first = invoice.lines[0]
    allowance = (
        f"""<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>{_cents(discount)}</ram:ActualAmount><ram:Reason>Rabatt</ram:Reason><ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{first.category}</ram:CategoryCode><ram:RateApplicablePercent>{first.rate}</ram:RateApplicablePercent></ram:CategoryTradeTax></ram:SpecifiedTradeAllowanceCharge>
"""
        if discount
        else ""
    )
    gross = invoice.gross_in_xml or str(invoice.gross)
    bank = (
        f"<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{invoice.account}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>\n"
        if invoice.account
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext>{_process(profile)}<ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{profile}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>{invoice.number}</ram:ID><ram:TypeCode>{invoice.type_code}</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format="102">{invoice.issued:%Y%m%d}</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
{lines}<ram:ApplicableHeaderTradeAgreement><ram:BuyerReference>04011-23552</ram:BuyerReference>
<ram:SellerTradeParty>{f"<ram:ID>{v.number}</ram:ID>" if v.number and not invoice.without_tax_ids else ""}<ram:Name>{escape(v.name)}</ram:Name><ram:DefinedTradeContact><ram:PersonName>Buchhaltung</ram:PersonName><ram:TelephoneUniversalCommunication><ram:CompleteNumber>+49 451 000</ram:CompleteNumber></ram:TelephoneUniversalCommunication><ram:EmailURIUniversalCommunication><ram:URIID>rechnung@{v.domain}</ram:URIID></ram:EmailURIUniversalCommunication></ram:DefinedTradeContact><ram:PostalTradeAddress><ram:PostcodeCode>{v.postcode}</ram:PostcodeCode><ram:LineOne>{escape(v.street)}</ram:LineOne><ram:CityName>{escape(v.city)}</ram:CityName><ram:CountryID>{v.country}</ram:CountryID></ram:PostalTradeAddress><ram:URIUniversalCommunication><ram:URIID schemeID="EM">rechnung@{v.domain}</ram:URIID></ram:URIUniversalCommunication>{_tax_ids_cii(invoice)}</ram:SellerTradeParty>
<ram:BuyerTradeParty><ram:Name>{escape(b[0])}</ram:Name><ram:PostalTradeAddress><ram:PostcodeCode>{b[2]}</ram:PostcodeCode><ram:LineOne>{escape(b[1])}</ram:LineOne><ram:CityName>{b[3]}</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress><ram:URIUniversalCommunication><ram:URIID schemeID="EM">{b[5]}</ram:URIID></ram:URIUniversalCommunication><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{b[4]}</ram:ID></ram:SpecifiedTaxRegistration></ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeDelivery><ram:ShipToTradeParty><ram:Name>{escape(b[0])}</ram:Name><ram:PostalTradeAddress><ram:PostcodeCode>{b[2]}</ram:PostcodeCode><ram:LineOne>{escape(b[1])}</ram:LineOne><ram:CityName>{b[3]}</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress></ram:ShipToTradeParty><ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime><udt:DateTimeString format="102">{invoice.issued - timedelta(days=2):%Y%m%d}</udt:DateTimeString></ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent></ram:ApplicableHeaderTradeDelivery>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
{bank}{taxes}{allowance}<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">{invoice.due:%Y%m%d}</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:LineTotalAmount>{sum(invoice.nets(), Decimal())}</ram:LineTotalAmount><ram:AllowanceTotalAmount>{_cents(discount)}</ram:AllowanceTotalAmount><ram:TaxBasisTotalAmount>{invoice.net}</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">{invoice.tax}</ram:TaxTotalAmount><ram:GrandTotalAmount>{gross}</ram:GrandTotalAmount><ram:DuePayableAmount>{gross}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>
""".encode()


def _process(profile: str) -> str:
    if "xrechnung" not in profile:
        return ""
    process = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    return f"<ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>{process}</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>"


def _reason_cii(category: str) -> str:
    return f"<ram:ExemptionReason>{REASONS[category][0]}</ram:ExemptionReason>" if category in REASONS else ""


def _code_cii(category: str) -> str:
    code = REASONS.get(category, ("", ""))[1]
    return f"<ram:ExemptionReasonCode>{code}</ram:ExemptionReasonCode>" if code else ""


def _tax_ids_cii(invoice: Invoice) -> str:
    if invoice.without_tax_ids:
        return ""
    kind, value = ("VA", invoice.vendor.vat_id) if invoice.vendor.vat_id else ("FC", invoice.vendor.tax_number)
    return f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="{kind}">{value}</ram:ID></ram:SpecifiedTaxRegistration>'


def ubl(invoice: Invoice) -> bytes:
    """OASIS UBL 2.1 in the profile XRechnung 3.0."""
    v, b = invoice.vendor, invoice.buyer
    lines = "".join(
        f"""<cac:InvoiceLine><cbc:ID>{i}</cbc:ID><cbc:InvoicedQuantity unitCode="{line.unit}">{line.quantity}</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount><cac:Item><cbc:Name>{escape(line.name)}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>{line.category}</cbc:ID><cbc:Percent>{line.rate}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount currencyID="EUR">{line.price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
"""
        for i, (line, net) in enumerate(zip(invoice.lines, invoice.nets(), strict=True), 1)
    )
    taxes = "".join(
        f"""<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">{base}</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount><cac:TaxCategory><cbc:ID>{category}</cbc:ID><cbc:Percent>{rate}</cbc:Percent>{_reason_ubl(category)}<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>
"""
        for category, rate, base, tax in invoice.vat()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</cbc:CustomizationID><cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
<cbc:ID>{invoice.number}</cbc:ID><cbc:IssueDate>{invoice.issued}</cbc:IssueDate><cbc:DueDate>{invoice.due}</cbc:DueDate><cbc:InvoiceTypeCode>{invoice.type_code}</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:BuyerReference>04011-23552</cbc:BuyerReference>
<cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID="EM">rechnung@{v.domain}</cbc:EndpointID><cac:PostalAddress><cbc:StreetName>{escape(v.street)}</cbc:StreetName><cbc:CityName>{escape(v.city)}</cbc:CityName><cbc:PostalZone>{v.postcode}</cbc:PostalZone><cac:Country><cbc:IdentificationCode>{v.country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>{v.vat_id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>{escape(v.name)}</cbc:RegistrationName></cac:PartyLegalEntity><cac:Contact><cbc:Name>Buchhaltung</cbc:Name><cbc:Telephone>+49 451 000</cbc:Telephone><cbc:ElectronicMail>rechnung@{v.domain}</cbc:ElectronicMail></cac:Contact></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cbc:EndpointID schemeID="EM">{b[5]}</cbc:EndpointID><cac:PostalAddress><cbc:StreetName>{escape(b[1])}</cbc:StreetName><cbc:CityName>{b[3]}</cbc:CityName><cbc:PostalZone>{b[2]}</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>{b[4]}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>{escape(b[0])}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
<cac:Delivery><cbc:ActualDeliveryDate>{invoice.issued - timedelta(days=2)}</cbc:ActualDeliveryDate></cac:Delivery>
<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>{invoice.account}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{invoice.tax}</cbc:TaxAmount>{taxes}</cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">{sum(invoice.nets(), Decimal())}</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount currencyID="EUR">{invoice.net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">{invoice.gross_in_xml or invoice.gross}</cbc:TaxInclusiveAmount><cbc:PayableAmount currencyID="EUR">{invoice.gross_in_xml or invoice.gross}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{lines}</Invoice>
""".encode()


def _reason_ubl(category: str) -> str:
    if category not in REASONS:
        return ""
    reason, code = REASONS[category]
    return (
        f"<cbc:TaxExemptionReasonCode>{code}</cbc:TaxExemptionReasonCode>" if code else ""
    ) + f"<cbc:TaxExemptionReason>{reason}</cbc:TaxExemptionReason>"
