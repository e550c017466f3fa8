"""Numbers and amounts of money in German and English writing, as Decimal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from agents._extract.candidates import Candidate

NUMBER = r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?:[.,]\d{1,4})?|\d+(?:[.,]\d{1,4})?"
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "euro": "EUR", "euros": "EUR", "fr.": "CHF", "sfr": "CHF"}
_CURRENCY = r"EUR|Euros?|€|CHF|SFr|Fr\.|USD|US\$|\$|GBP|£|PLN|CZK|DKK|SEK"
_MINUS = r"(?<![€$£])[-−]"  # directly behind an amount it says "to": 5 €-10 €
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?P<minus0>{_MINUS})?(?P<before>{_CURRENCY}) ?(?P<minus1>[-−])?(?P<first>{NUMBER})(?:,[-–—]{{1,2}})?"
    rf"|(?P<minus2>{_MINUS})?(?P<second>{NUMBER})"
    # as bookkeeping writes it, 119,00- EUR; a 100,00-EUR-Gutschein is none
    rf"(?:,[-–—]{{1,2}}|(?P<minus3>(?<=[.,]\d\d)[-−](?! ?(?:{_CURRENCY})-\w)))? ?(?P<after>{_CURRENCY}))(?![\w])",
    re.IGNORECASE,
)
_CURRENCY_SIGNS = ("eur", "€", "chf", "sfr", "fr.", "usd", "$", "gbp", "£", "pln", "czk", "dkk", "sek")
"""What each currency has in it, quick to look for: most texts name none, and those need not be read for amounts with one."""
_AMOUNT = re.compile(
    rf"(?i)\b(?:betrag|summe|gesamt|brutto|netto|total|amount|price|preis|sum)\b[^\d\n]{{0,20}}({NUMBER})(?![\w.,]?\d)"
)
_PLAIN = re.compile(rf"(?<![\w.,])[-−]?(?:{NUMBER})(?![\w]|[.,]\d)")


def decimal(written: str) -> Decimal:
    """The value of a number as Germans (1.234,56), English speakers (1,234.56) or Swiss (1'234.56) write it."""
    bare = re.sub(r"[\s'’]", "", written.replace("−", "-"))
    last = max(bare.rfind(","), bare.rfind("."))
    if last < 0:
        return Decimal(bare)
    whole, fraction = bare[:last], bare[last + 1 :]
    mark, other = bare[last], {",": ".", ".": ","}[bare[last]]
    groups = len(fraction) == 3 and other not in whole and whole.lstrip("-") not in {"", "0"}
    if groups or mark in whole:  # 1.234 and 1.234.567 are thousands, 0.234 is not
        return Decimal(bare.replace(",", "").replace(".", ""))
    return Decimal(f"{whole.replace(other, '')}.{fraction}")


def amounts(text: str) -> Iterator[Candidate]:
    """Amounts with a currency; where there is none at all, numbers after a word such as 'Betrag', taken as euros."""
    return with_currency(text) if has_currency(text) else called_amounts(text)


def has_currency(text: str) -> bool:
    """Whether there is an amount with a currency."""
    lowered = text.lower()
    return any(sign in lowered for sign in _CURRENCY_SIGNS) and _MONEY.search(text) is not None


def with_currency(text: str) -> Iterator[Candidate]:
    """Amounts with a currency."""
    for match in _MONEY.finditer(text):
        written = match["first"] or match["second"]
        minus = -1 if any(match[f"minus{place}"] for place in range(4)) else 1
        value = {"amount": minus * decimal(written), "currency": _currency(match["before"] or match["after"])}
        yield Candidate(value, match.start(), match.end(), 0.9)


def called_amounts(text: str) -> Iterator[Candidate]:
    """Numbers after a word such as 'Betrag', taken as euros."""
    for match in _AMOUNT.finditer(text):
        yield Candidate({"amount": decimal(match[1]), "currency": "EUR"}, match.start(1), match.end(1), 0.6)


def numbers(text: str) -> Iterator[Candidate]:
    """Plain numbers."""
    for match in _PLAIN.finditer(text):
        yield Candidate(decimal(match.group()), match.start(), match.end(), 0.75)


def _currency(written: str) -> str:
    return _SYMBOLS.get(written.lower(), written.upper().replace("US$", "USD"))
