"""Quantities of goods: a number, or a number word, with a unit that goods are counted or measured in (`500 Stück`, `drei Paletten`, `20 x`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from agents._extract.candidates import Candidate
from agents._extract.numbers import NUMBER, decimal

_UNITS = (
    r"x|×|mal|stücke?n?|stück|stk|st|paare?|rollen?|kartons?|kisten?|paletten?|pack|packungen|päckchen|pakete?|dosen?|flaschen?|gebinde|einheiten?|exemplare?|eimer"
    r"|säcke?n?|sack|beutel|sets?|blatt|bögen|meter|laufmeter|lfm|qm|m²|m2|m|mm|cm|kg|g|tonnen?|to|liter|l"
    r"|pcs|pieces?|units?|boxes|box|cartons?|pallets?|rolls?|pairs?|bags?|sacks?|sheets?|bottles?|cans?|items?|litres?|liters?|metres?|meters?|tons?|tonnes?"
)
_WORDS = (
    "ein|one zwei|two drei|three vier|four fünf|five sechs|six sieben|seven acht|eight neun|nine zehn|ten elf|eleven zwölf|twelve"
)
_VALUE = {word: Decimal(i) for i, pair in enumerate(_WORDS.split(), 1) for word in pair.split("|")} | {
    form: Decimal(1) for form in ("eine", "einen", "einem", "einer")
}
_QUANTITY = re.compile(
    rf"(?i)(?<![\w.,/-])(?:(?P<digits>{NUMBER})|(?P<word>{'|'.join(sorted(_VALUE, key=len, reverse=True))}) )[ \u00a0]?(?:{_UNITS})(?![\w²])"
)


def quantities(text: str) -> Iterator[Candidate]:
    """Each number with a unit of goods; the candidate is the number alone."""
    for match in _QUANTITY.finditer(text):
        name = "digits" if match["digits"] else "word"
        value = decimal(match["digits"]) if match["digits"] else _VALUE[match["word"].lower()]
        yield Candidate(value, match.start(name), match.end(name), 0.85)
