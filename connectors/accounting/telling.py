"""What a posting is called: the sentence that people approve, and the key that names the invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.accounting import booking
from connectors.accounting.postings import Posting
from connectors.accounting.vendors import Vendor, flat
from kontorist.core.filters import format_amount
from kontorist.einvoice.accounts import unmasked


def business_key(invoice: Mapping[str, Any], vendor: Vendor | None, number: str) -> str:
    """Names the invoice: the same for its XML and its PDF, for any way to write its number, whoever found the creditor."""
    seller = invoice.get("seller") or {}
    ids = (vendor.vat_id if vendor else "", seller.get("vat_id"), vendor.number if vendor else "", seller.get("name"))
    whose = next((flat(one) for one in ids if flat(one)), "?")
    return f"invoice:{whose}/{''.join(unmasked(number).split())}"


def sentence(stored: Mapping[str, Any], gross: Decimal, language: str, *, automatic: bool = False) -> str:
    """What will be posted, to whom, with which tax; a credit note the other way round."""
    invoice, seller = stored["invoice"], (stored["invoice"]["seller"] or {}).get("name") or "?"
    german, back = language.startswith("de"), booking.gives_back(invoice, gross)
    account, whom = f"{'Konto' if german else 'account'} {stored['account']}", _whom(stored, german)
    first, second = (whom, account) if back else (account, whom)
    rows = ", ".join(_share(row, german, automatic) for row in stored["rows"])
    amount = f"{format_amount(gross, 'de' if german else 'en')} {invoice['currency'] or ''}".strip()
    if german:
        what = "Gutschrift" if back else "Rechnung"
        return f"{what} {invoice['number']} von {seller} über {amount} buchen: {first} an {second}, {rows}."
    what = "credit note" if back else "invoice"
    return f"Post {what} {invoice['number']} of {seller} for {amount}: {first} to {second}, {rows}."


def _whom(stored: Mapping[str, Any], german: bool) -> str:
    if not stored["vendor"]:
        return "Kreditor (noch offen)" if german else "vendor (still open)"
    return f"{'Kreditor' if german else 'vendor'} {stored['vendor']} {stored['vendor_name']}"


def _share(row: Mapping[str, str], german: bool, automatic: bool) -> str:
    amount, key = row["Umsatz (ohne Soll/Haben-Kz)"], row.get("BU-Schlüssel", "")
    if key:
        tax = f"Steuerschlüssel {key}" if german else f"tax key {key}"
    elif automatic:
        tax = "Steuer über das Konto" if german else "tax by the account"
    else:
        tax = "ohne Steuerschlüssel" if german else "no tax key"
    return f"{format_amount(amount.replace(',', '.'), 'de' if german else 'en')} ({tax})"


def changes(
    number: str | None, vendor: Vendor | None, rests_on: Mapping[str, Any], posted: Sequence[Posting], language: str
) -> list[str]:
    """What is no longer as it was when the posting was shown."""
    german, found = language.startswith("de"), []
    if (vendor.digest() if vendor else None) != rests_on.get("vendor"):
        now, before = (vendor.iban if vendor else ""), str(rests_on.get("iban") or "")
        found.append(
            f"Der Stammsatz des Kreditors {number} wurde geändert." if german else f"The record of vendor {number} changed."
        )
        if now != before:
            found[-1] += (
                f" IBAN {'vorher' if german else 'before'}: {before or '–'}, {'jetzt' if german else 'now'}: {now or '–'}."
            )
    for one in posted:
        meanwhile = "wurde inzwischen gebucht" if german else "was posted meanwhile"
        found.append(f"{'Die Rechnung' if german else 'The invoice'} {one.number} {meanwhile}: {one.file}.")
    return found
