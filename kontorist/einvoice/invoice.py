"""An invoice in the terms of EN 16931 (BT and BG numbers), whatever syntax it came in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

CREDIT_NOTES = frozenset({"81", "83", "261", "296", "308", "381", "396", "420", "458", "532"})
"""Type codes of documents that give money back (UNTDID 1001, as EN 16931 lists them for credit notes)."""
NO_INVOICE_PROFILES = ("minimum", "basicwl")
DIRECT_DEBIT = frozenset({"49", "59"})


@dataclass(frozen=True)
class Party:
    """Seller (BG-4), buyer (BG-7) or tax representative (BG-11)."""

    name: str | None = None
    """BT-27, BT-44, BT-62: the legal name, else the trading name."""
    vat_id: str | None = None
    """BT-31, BT-48, BT-63."""
    tax_number: str | None = None
    """BT-32."""
    street: str | None = None
    """BT-35, BT-50."""
    postcode: str | None = None
    """BT-38, BT-53."""
    city: str | None = None
    """BT-37, BT-52."""
    country: str | None = None
    """BT-40, BT-55."""
    email: str | None = None
    """BT-43, BT-58, else the electronic address (BT-34, BT-49) if it is one for e-mail."""
    has_address: bool = False
    identified: bool = False
    """An identifier (BT-29, BT-46), a registration (BT-30, BT-47) or a VAT id is there."""
    electronic_address: str | None = None
    """BT-34, BT-49."""
    electronic_scheme: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What flows see of a party."""
        kept = ("name", "vat_id", "tax_number", "street", "postcode", "city", "country", "email")
        return {key: getattr(self, key) for key in kept}


@dataclass(frozen=True)
class VatRow:
    """One row of the VAT breakdown (BG-23)."""

    category: str | None = None
    """BT-118."""
    rate: Decimal | None = None
    """BT-119."""
    base: Decimal | None = None
    """BT-116."""
    tax: Decimal | None = None
    """BT-117."""
    exemption_reason: str | None = None
    """BT-120, else the code BT-121."""


@dataclass(frozen=True)
class Allowance:
    """An allowance or a charge, of the document (BG-20, BG-21) or a line (BG-27, BG-28)."""

    charge: bool
    amount: Decimal | None = None
    """BT-92, BT-99, BT-136, BT-141."""
    category: str | None = None
    """BT-95, BT-102."""
    rate: Decimal | None = None
    """BT-96, BT-103."""
    reason: str | None = None
    """BT-97, BT-104, BT-139, BT-144, else the code."""


@dataclass(frozen=True)
class Line:
    """An invoice line (BG-25)."""

    id: str | None = None
    """BT-126."""
    name: str | None = None
    """BT-153."""
    seller_item_id: str | None = None
    """BT-155."""
    quantity: Decimal | None = None
    """BT-129."""
    unit: str | None = None
    """BT-130."""
    unit_price: Decimal | None = None
    """BT-146."""
    price_base_quantity: Decimal | None = None
    """BT-149."""
    net: Decimal | None = None
    """BT-131."""
    vat_category: str | None = None
    """BT-151."""
    vat_rate: Decimal | None = None
    """BT-152."""
    allowances: tuple[Allowance, ...] = ()
    gross_price: Decimal | None = None
    """BT-148."""
    start: date | None = None
    """BT-134."""
    end: date | None = None
    """BT-135."""

    def as_dict(self) -> dict[str, Any]:
        """What flows see of a line."""
        hidden = {"allowances", "gross_price", "start", "end"}
        return {key: value for key, value in asdict(self).items() if key not in hidden}


@dataclass(frozen=True)
class Invoice:
    """One invoice, credit note or correction. Amounts are in `currency`; what is missing is None."""

    number: str | None = None
    """BT-1."""
    type_code: str | None = None
    """BT-3."""
    issue_date: date | None = None
    """BT-2."""
    due_date: date | None = None
    """BT-9, else from the payment terms if they are unambiguous."""
    delivery_date: date | None = None
    """BT-72."""
    currency: str | None = None
    """BT-5."""
    seller: Party = field(default_factory=Party)
    buyer: Party = field(default_factory=Party)
    buyer_reference: str | None = None
    """BT-10."""
    order_reference: str | None = None
    """BT-13."""
    payment_terms: str | None = None
    """BT-20."""
    ibans: tuple[str, ...] = ()
    """BT-84."""
    bic: str | None = None
    """BT-86."""
    line_total: Decimal | None = None
    """BT-106."""
    allowances: Decimal | None = None
    """BT-107."""
    charges: Decimal | None = None
    """BT-108."""
    net: Decimal | None = None
    """BT-109."""
    tax: Decimal | None = None
    """BT-110."""
    gross: Decimal | None = None
    """BT-112."""
    prepaid: Decimal | None = None
    """BT-113."""
    payable: Decimal | None = None
    """BT-115."""
    vat_breakdown: tuple[VatRow, ...] = ()
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    """BT-22."""
    profile: str | None = None
    """BT-24."""
    syntax: str = ""
    direct_debit: bool = False
    skonto: str | None = None
    """The part of the payment terms that grants a cash discount, as written."""
    # what the rules look at beyond that
    rounding: Decimal | None = None
    """BT-114."""
    tax_currency: str | None = None
    """BT-6."""
    tax_in_tax_currency: Decimal | None = None
    """BT-111."""
    tax_is_ambiguous: bool = False
    """There are different VAT totals in the same currency."""
    allowance_charges: tuple[Allowance, ...] = ()
    payment_codes: tuple[str | None, ...] = ()
    """BT-81."""
    representative: Party | None = None
    payee: str | None = None
    """BT-59; empty when there is a payee without a name."""
    delivery_country: str | None = None
    """BT-80."""
    delivers_somewhere: bool = False
    start: date | None = None
    """BT-73."""
    end: date | None = None
    """BT-74."""
    corrects: tuple[str | None, ...] = ()
    """BT-25 of each preceding invoice."""

    @property
    def is_credit_note(self) -> bool:
        """Whether the amounts are owed by the seller."""
        return self.type_code in CREDIT_NOTES

    @property
    def is_full_invoice(self) -> bool:
        """Whether the profile carries enough to be an invoice for the tax office."""
        flat = (self.profile or "").lower().replace("-", "").replace(" ", "").replace("_", "")
        return not flat.endswith(NO_INVOICE_PROFILES)

    def as_dict(self) -> dict[str, Any]:
        """The invoice as journal values, with the keys that flows use."""
        plain = {key: getattr(self, key) for key in _KEYS}
        plain |= {
            "seller": self.seller.as_dict(),
            "buyer": self.buyer.as_dict() | {"reference": self.buyer_reference},
            "iban": self.ibans[0] if self.ibans else None,
            "ibans": list(self.ibans),
            "vat_breakdown": [asdict(row) for row in self.vat_breakdown],
            "lines": [line.as_dict() for line in self.lines],
            "notes": list(self.notes),
        }
        return plain


_KEYS = (
    *("number", "type_code", "issue_date", "due_date", "delivery_date", "currency", "order_reference", "payment_terms"),
    *("bic", "line_total", "allowances", "charges", "net", "tax", "gross", "prepaid", "payable"),
    *("profile", "syntax", "direct_debit", "skonto", "payee"),
)
