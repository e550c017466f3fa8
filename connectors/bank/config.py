"""What an admin says about a bank account, and what a payment file needs."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from connectors.base import Config, Payload

Message = Literal["statement", "report", "notification"]


def checked_iban(text: str) -> str:
    """An IBAN without blanks. Raises ValueError when its check digits or its length are wrong."""
    try:
        return str(IBAN(re.sub(r"\s", "", text)))
    except SchwiftyException as error:
        raise ValueError(f"'{text}' is no IBAN: {str(error).rstrip('.')}") from error


class BankConfig(Config):
    """Accounts at a bank, through the statements it gives and the payment files it takes."""

    folder: str = Field(description="Where statements arrive (camt, MT940, CSV); `data:` is the data folder.")
    accounts: list[str] = Field(default=[], description="Our accounts; statements of others are refused. Empty: all are ours.")
    output: str = Field("data:payments", description="Where payment files (pain.001) are written.")
    pay_from: str = Field("", description="The IBAN that is paid from; needed for payment files.")
    holder: str = Field("", description="The account's holder as the bank knows it; default: the company's name.")
    bic: str = Field("", description="The bank's BIC; not needed within the EU.")

    @field_validator("pay_from")
    @classmethod
    def _iban(cls, value: str) -> str:
        return checked_iban(value) if value else ""


class EntryOptions(BaseModel):
    """The trigger `rows`: each new entry of a statement becomes a case."""

    model_config = ConfigDict(extra="forbid")
    table: Literal["entries"] = Field("entries", description="`entries`, the only table with a trigger.")
    direction: Literal["in", "out", "both"] = Field("both", description="Money that came in, went out, or both.")
    messages: list[Message] = Field(
        ["statement"],
        description="statement (final), report (of the day), notification (details): with more than one the same money may come twice.",
    )


class Transfer(BaseModel):
    """One payment."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=70, description="Who gets the money.")
    iban: str = Field(description="The account it goes to: from master data, never from an invoice or a mail.")
    amount: Decimal = Field(gt=0, max_digits=11, decimal_places=2, description="In euros.")
    purpose: str = Field(min_length=1, max_length=140, description="What the receiver reads: numbers of invoices.")
    reference: str = Field(
        min_length=1, max_length=35, description="Names the fact that is paid (an invoice): it is paid once at most."
    )

    @field_validator("iban")
    @classmethod
    def _iban(cls, value: str) -> str:
        return checked_iban(value)


class TransferPayload(Payload):
    """A file of payments."""

    transfers: list[Transfer] = Field(min_length=1, max_length=1000, description="The payments of the file.")
    execute_on: date | None = Field(None, description="The day the bank should execute them; default: at once.")
    file: str = Field("", description="Resolved: the name of the file.")
    pay_from: str = Field("", description="Resolved: the account that is paid from.")
    total: Decimal = Field(Decimal(0), description="Resolved: the sum of the payments.")
