"""What an admin says about the books, and what a posting needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator

from connectors.base import Config as BaseConfig
from connectors.base import Payload as BasePayload

# Tax keys (BU-Schlüssel) are the same in SKR03 and SKR04: 9 and 8 input tax 19 % and 7 %; 94 services under § 13b with
# 19 %; 19 intra-community acquisition with 19 % (DATEV: Steuerschlüssel, Standard-BU).
TAX_KEYS = {"S/19": "9", "S/7": "8", "Z/0": "", "E/0": "", "O/0": "", "G/0": "", "AE/0": "94", "K/0": "19"}
# Accounts that carry their tax themselves (Automatikkonten): a tax key beside them is refused at the import.
AUTOMATIC = {
    "SKR03": {
        "330": "S/7",
        "340": "S/19",
        "342": "K/7",
        "3425": "K/19",
        "3426": "K/19",
        "3427": "K/19",
        "3428": "K/19",
        "3429": "K/19",
    },
    "SKR04": {
        "530": "S/7",
        "540": "S/19",
        "542": "K/7",
        "5425": "K/19",
        "5426": "K/19",
        "5427": "K/19",
        "5428": "K/19",
        "5429": "K/19",
    },
}
BANK_ACCOUNT = {"SKR03": "1200", "SKR04": "1800"}
DEFAULT_ACCOUNT = {"SKR03": "4980", "SKR04": "6850"}


class Rule(BaseConfig):
    """An expense account by words in the lines of an invoice or the seller's name."""

    words: list[str] = Field(description="Words, one of which must stand in the seller's name or in a line")
    account: str = Field(pattern=r"^\d{4,9}$", description="The expense account then")
    cost_center: str = Field(default="", description="The cost centre then")


class Config(BaseConfig):
    """Options of a connection to the books."""

    chart: Literal["SKR03", "SKR04"] = Field(default="SKR03", description="The chart of accounts")
    consultant_number: int = Field(ge=1001, le=9999999, description="The tax consultant's number at DATEV")
    client_number: int = Field(ge=1, le=99999, description="The client's number at the consultant")
    fiscal_year_start: str = Field(default="01-01", pattern=r"^\d{2}-\d{2}$", description="Month and day the fiscal year begins")
    account_length: int = Field(default=4, ge=4, le=8, description="Digits of a ledger account")
    vendors: str = Field(
        description="Creditors: a CSV file with semicolons, UTF-8 or Windows-1252, or DATEV's export Debitoren/Kreditoren (EXTF)"
    )
    default_account: str = Field(default="", pattern=r"^\d{0,9}$", description="Expense account when nothing else says one")
    bank_account: str = Field(default="", pattern=r"^\d{0,9}$", description="The bank's ledger account; default: 1200 or 1800")
    rules: list[Rule] = Field(default=[], description="Expense accounts by words, first match wins")
    tax_keys: dict[str, str] = Field(default={}, description="BU keys by `category/rate`, beside the usual ones: {'S/20': ''}")
    output: str = Field(default="data:books", description="Folder for the batches that are imported into DATEV")
    archive: str = Field(default="", description="Folder for the original documents; default: `belege` in the output folder")

    @field_validator("fiscal_year_start")
    @classmethod
    def _a_day_of_every_year(cls, value: str) -> str:
        month, day = map(int, value.split("-"))
        try:
            date(2023, month, day)  # no leap year
        except ValueError as error:
            raise ValueError(f"'{value}' is no month and day of every year, such as 01-01 or 07-01") from error
        return value

    def tax_key(self, category: str, rate: Decimal) -> str | None:
        """The BU key for a VAT row; None when nobody said one."""
        return (TAX_KEYS | self.tax_keys).get(f"{category}/{rate.normalize() + 0:f}")

    def tax_of_account(self, account: str) -> str | None:
        """The `category/rate` that an account carries itself; None for one that needs a tax key."""
        carried = AUTOMATIC[self.chart]
        return next(
            (carried[account[:n]] for n in (4, 3) if account[:n] in carried and len(account) == self.account_length), None
        )

    def bank(self) -> str:
        """The ledger account of the bank."""
        return self.bank_account or BANK_ACCOUNT[self.chart].ljust(self.account_length, "0")

    def expense_account(self) -> str:
        """The account when nothing else says one."""
        return self.default_account or DEFAULT_ACCOUNT[self.chart]


class Payload(BasePayload):
    """A posting. A flow gives `invoice` and `document`; what else there is was resolved and is resolved again after an edit."""

    invoice: dict[str, Any] = Field(description="The invoice as the agent `invoice` gives it")
    document: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that is booked")
    vendor: str | None = Field(
        default=None,
        pattern=r"^\d{4,9}$",
        description="Creditor account; else found by VAT id, IBAN, name",
        json_schema_extra={"one_of": {"table": "vendors", "value": "number", "called": "name"}},
    )
    account: str | None = Field(default=None, pattern=r"^\d{4,9}$", description="Expense account; else of the vendor or a rule")
    text: str | None = Field(default=None, max_length=60, description="Posting text; else the seller and the number")
    cost_center: str | None = Field(default=None, max_length=36, description="Cost centre; else of the vendor")
    document_name: str = Field(default="", description="The document's name, for its suffix in the archive")
    vendor_name: str = Field(default="", description="Resolved: the creditor's name")
    rows: list[dict[str, str]] = Field(default=[], description="Resolved: the postings, column by column")

    @field_validator("vendor", "account", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value or None
