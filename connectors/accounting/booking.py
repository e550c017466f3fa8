"""From an invoice to DATEV postings: one row for each rate of VAT, expense to creditor, the tax key splits the gross amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from connectors.accounting import extf, extf_rules
from connectors.accounting.config import Config
from connectors.accounting.vendors import Vendor
from connectors.accounting.warnings import Refusal
from kontorist.core.values import plain
from kontorist.einvoice.invoice import CREDIT_NOTES

_FACTS = (
    *("number", "type_code", "issue_date", "due_date", "delivery_date", "currency", "seller", "buyer", "order_reference"),
    *("payment_terms", "iban", "ibans", "net", "tax", "gross", "prepaid", "payable", "vat_breakdown", "direct_debit", "skonto"),
    *("profile", "syntax", "payee"),
)


@dataclass(frozen=True)
class Choice:
    """What was decided for a posting."""

    vendor: Vendor | None
    account: str
    text: str
    cost_center: str


def facts(invoice: Mapping[str, Any]) -> dict[str, Any]:
    """What of an invoice is part of the payload: enough to judge and to resolve again, without its lines."""
    return {key: plain(invoice.get(key)) for key in _FACTS}


def money(value: object) -> Decimal | None:
    """An amount of a payload or the journal; None when there is none."""
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation as error:
        german = f"'{value}' ist kein Betrag, die Rechnung kann nicht gebucht werden."
        raise Refusal(german, f"'{value}' is no amount, so the invoice cannot be posted.") from error


def day(value: object) -> date | None:
    """A date of a payload or the journal; None when there is none."""
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value)) if value else None
    except ValueError as error:
        german = f"'{value}' ist kein Datum, die Rechnung kann nicht gebucht werden."
        raise Refusal(german, f"'{value}' is no date, so the invoice cannot be posted.") from error


def needed(invoice: Mapping[str, Any]) -> tuple[str, date, Decimal]:
    """Number, date and gross amount. Raises Refusal naming what is missing."""
    number, issued, gross = invoice.get("number"), day(invoice.get("issue_date")), money(invoice.get("gross"))
    if gross == 0:
        raise Refusal(
            f"Die Rechnung {number or ''} lautet auf 0,00: Es gibt nichts zu buchen.",
            f"The invoice {number or ''} is for 0.00: there is nothing to post.",
        )
    missing = [name for name, value in (("number", number), ("date", issued), ("gross amount", gross)) if not value]
    if missing or not number or issued is None or gross is None:
        words = {"number": "Nummer", "date": "Datum", "gross amount": "Bruttobetrag"}
        raise Refusal(
            f"Der Rechnung fehlt: {', '.join(words[one] for one in missing)}. Sie kann so nicht gebucht werden; ergänzen oder nachfragen.",
            f"The invoice has no {', no '.join(missing)}, so it cannot be posted; complete it or ask the sender.",
        )
    if not extf.number_of_document(str(number)):
        raise Refusal(
            f"Die Rechnungsnummer '{number}' hat keinen Buchstaben und keine Ziffer, die DATEV annimmt; sie kann nicht gebucht werden.",
            f"The invoice number '{number}' has no letter or digit that DATEV takes, so it cannot be posted.",
        )
    return str(number), issued, gross


def choose(
    config: Config, vendor: Vendor | None, invoice: Mapping[str, Any], account: str | None, text: str | None, center: str | None
) -> Choice:
    """Account, text and cost centre: as given, else by a rule's words, else of the vendor, else the default."""
    rule = _rule(config, invoice)
    number, seller = str(invoice.get("number") or ""), str((invoice.get("seller") or {}).get("name") or "")
    by_rule, by_center = (rule.account, rule.cost_center) if rule else ("", "")
    return Choice(
        vendor,
        account or (vendor.expense_account if vendor else "") or by_rule or config.expense_account(),
        extf.clean(text or f"{vendor.name if vendor else seller} {number}", 60),
        center or (vendor.cost_center if vendor else "") or by_center,
    )


def _rule(config: Config, invoice: Mapping[str, Any]) -> Any:
    lines = [str(line.get("name") or "") for line in invoice.get("lines") or [] if isinstance(line, Mapping)]
    text = " ".join([str((invoice.get("seller") or {}).get("name") or ""), *lines]).casefold()
    return next((rule for rule in config.rules if any(word.casefold() in text for word in rule.words)), None)


def rows(config: Config, invoice: Mapping[str, Any], choice: Choice, document: str) -> list[dict[str, str]]:
    """The postings of an invoice. Raises Refusal when they cannot be made or do not add up to the gross amount."""
    number, issued, gross = needed(invoice)
    taxes = [row for row in invoice.get("vat_breakdown") or [] if money(row.get("base")) or money(row.get("tax"))]
    if not taxes:
        raise Refusal(
            f"Die Steuersätze der Rechnung {number} sind nicht bekannt; sie ist von Hand zu prüfen und zu buchen.",
            f"The VAT rates of invoice {number} are not known, so it cannot be posted; check it by hand.",
        )
    shares = [
        (
            (money(row.get("base")) or Decimal(0)) + (money(row.get("tax")) or Decimal(0)),
            _key(config, row, number, choice.account),
        )
        for row in taxes
    ]
    total = sum((share for share, _ in shares), Decimal(0))
    if total != gross:
        raise Refusal(
            f"Die Steuerzeilen der Rechnung {number} ergeben {_german(total)}, ihr Bruttobetrag ist {_german(gross)}; sie wird nicht gebucht.",
            f"The VAT rows of invoice {number} add up to {total}, its gross amount is {gross}; it is not posted.",
        )
    sign = -1 if is_reversed(invoice, gross) else 1
    made = [_row(invoice, choice, document, issued, share * sign, key) for share, key in shares]
    _check(number, made, needs_vendor=choice.vendor is not None)
    return made


def is_reversed(invoice: Mapping[str, Any], gross: Decimal) -> bool:
    """Whether the amounts count the other way round, as those of credit notes do; on paper their minus says so already."""
    return invoice.get("type_code") in CREDIT_NOTES and not (gross < 0 and invoice.get("syntax") == "PDF")


def gives_back(invoice: Mapping[str, Any], gross: Decimal) -> bool:
    """Whether the seller owes us the amount."""
    return (gross < 0) is not is_reversed(invoice, gross)


def _check(number: str, made: Sequence[Mapping[str, str]], *, needs_vendor: bool) -> None:
    """Each cell as DATEV takes it, before anybody is asked. Raises Refusal."""
    found = [(caption, cell) for row in made for caption, cell in extf_rules.problems(row)]
    wrong = next((one for one in found if needs_vendor or one != ("Gegenkonto (ohne BU-Schlüssel)", "")), None)
    if wrong:
        raise Refusal(
            f"Rechnung {number}: DATEV nimmt „{wrong[1]}“ in der Spalte „{wrong[0]}“ nicht an; den Wert beim Kreditor oder in connections.yaml ändern.",
            f"Invoice {number}: DATEV does not take '{wrong[1]}' in the column '{wrong[0]}'; change it with the vendor or in connections.yaml.",
        )


def _key(config: Config, row: Mapping[str, Any], number: str, account: str) -> str:
    category, rate = str(row.get("category") or "S"), money(row.get("rate")) or Decimal(0)
    carried = config.tax_of_account(account)
    if carried is not None:
        return _carried(carried, category, rate, number, account)
    key = config.tax_key(category, rate)
    if key is None:
        raise Refusal(
            f"Rechnung {number}: Für {rate.normalize() + 0:f} % (Kategorie {category}) gibt es keinen Steuerschlüssel; "
            f"unter `tax_keys` in connections.yaml ergänzen: {{'{category}/{rate.normalize() + 0:f}': '…'}}.",
            f"Invoice {number}: there is no tax key for {rate.normalize() + 0:f} % (category {category}); "
            f"add it under `tax_keys` in connections.yaml: {{'{category}/{rate.normalize() + 0:f}': '…'}}.",
        )
    return key


def _carried(carried: str, category: str, rate: Decimal, number: str, account: str) -> str:
    """No key beside an account that carries its tax, if it is the invoice's; acquisitions within the EU state no rate."""
    if carried == f"{category}/{rate.normalize() + 0:f}" or (carried.startswith("K/") and category == "K"):
        return ""
    raise Refusal(
        f"Rechnung {number} hat {rate.normalize() + 0:f} % (Kategorie {category}), aber das Konto {account} rechnet selbst mit {carried}; "
        "ein anderes Konto wählen, oder beim Kreditor eines ohne Automatik hinterlegen.",
        f"Invoice {number} has {rate.normalize() + 0:f} % (category {category}), but the account {account} carries {carried} itself; "
        "choose another account, or give the vendor one without automatic tax.",
    )


def _row(invoice: Mapping[str, Any], choice: Choice, document: str, issued: date, share: Decimal, key: str) -> dict[str, str]:
    due, currency = day(invoice.get("due_date")), str(invoice.get("currency") or "EUR")
    cells = {
        "Umsatz (ohne Soll/Haben-Kz)": extf.amount(share),
        "Soll/Haben-Kennzeichen": "H" if share < 0 else "S",
        "WKZ Umsatz": "" if currency == "EUR" else currency,
        "Konto": choice.account,
        "Gegenkonto (ohne BU-Schlüssel)": choice.vendor.number if choice.vendor else "",
        "BU-Schlüssel": key,
        "Belegdatum": f"{issued:%d%m}",
        "Belegfeld 1": extf.number_of_document(str(invoice["number"])),
        "Buchungstext": choice.text,
        "Beleglink": f'BEDI "{guid(document)}"',
        "Beleginfo – Art 1": "SHA-256",
        "Beleginfo – Inhalt 1": document,
        "KOST1 – Kostenstelle": choice.cost_center,
        "Fälligkeit": f"{due:%d%m%Y}" if due else "",
    }
    return {caption: value for caption, value in cells.items() if value}


def _german(value: Decimal) -> str:
    return f"{value:.2f}".replace(".", ",")


def guid(document: str) -> str:
    """The document's identifier for DATEV's link, derived from its SHA-256."""
    return str(UUID(document[:32]))


def year_start(config: Config, issued: date) -> date:
    """The first day of the fiscal year in which a document's date lies."""
    month, first = map(int, config.fiscal_year_start.split("-"))
    start = date(issued.year, month, first)
    return start if start <= issued else date(issued.year - 1, month, first)
