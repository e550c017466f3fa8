"""Invoices that print nothing but what is to be paid: those without VAT, and small ones that state its rate alone (§ 33 UStDV)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from kontorist.einvoice import labels

_CENT = Decimal("0.01")
_SMALL = Decimal(250)
_TAX_WORD = re.compile(r"\b(?:ust|u\.?st|mwst|m\.w\.st|umsatzsteuer|mehrwertsteuer|vat|sales\s+tax)\b", re.IGNORECASE)
_INCLUDED = re.compile(r"\b(?:inkl|incl|enth[aä]lt|enthalten|einschlie[sß]+lich|darin|including)", re.IGNORECASE)
_REDUCED = re.compile(r"skonto|rabatt|nachlass|discount|zins|interest", re.IGNORECASE)
_UNTAXED = re.compile(
    r"§\s?19\b[^\n]{0,25}\bUStG|\bkleinunternehmer|§\s?13\s?b\b|steuerschuldnerschaft|\breverse[\s-]charge|"
    r"\binnergemeinschaftliche\s+lieferung|\bintra-?community|\bsteuerfrei",
    re.IGNORECASE,
)


def is_untaxed(text: str) -> bool:
    """Whether a page says why there is no VAT on it, and shows nothing that could be the rate of one."""
    other = (line for line in text.splitlines() if not _REDUCED.search(line))
    return _UNTAXED.search(text) is not None and not any(map(_above_nought, other))


def split(text: str, gross: Decimal, taxes: Sequence[Decimal]) -> tuple[Decimal, Decimal] | None:
    """Net and tax of a gross amount that stands alone; `taxes` are the amounts behind words for VAT. None where it would be a guess."""
    if is_untaxed(text):
        return None if any(taxes) else (gross, Decimal("0.00"))
    rates = _rates(text)
    if len(rates) != 1 or not any(_INCLUDED.search(line) for line in _tax_lines(text)):
        return None
    net = (gross / (1 + rates.pop() / 100)).quantize(_CENT, ROUND_HALF_UP)
    tax = gross - net
    printed = [one for one in taxes if abs(one - tax) <= _CENT]
    if printed:
        return gross - printed[0], printed[0]
    return (net, tax) if abs(gross) <= _SMALL and not [one for one in taxes if one != gross] else None


def _rates(text: str) -> set[Decimal]:
    """The rates of VAT above nought on the lines that speak of it."""
    return {rate for line in _tax_lines(text) for rate in _above_nought(line)}


def _above_nought(line: str) -> set[Decimal]:
    found = (Decimal(match.group(1).replace(",", ".")) for match in labels.PERCENT.finditer(line))
    return {rate for rate in found if rate}


def _tax_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if _TAX_WORD.search(line)]
