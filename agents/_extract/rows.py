"""Order lines of a text: in tables, with a header or without, and line by line in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agents._extract.candidates import Candidate
from agents._extract.counted import LEADING_CODE, UNITS, counted, row
from agents._extract.numbers import decimal

_COLUMNS = {
    "quantity": r"menge|anzahl|stückzahl|qty|quantity|amount|bestellmenge",
    "article": r"art(?:ikel|icle|\.)?[ -]?(?:nr|no|nummer|number|id)?\.?|artikel|article|item(?: no\.?)?|sku|bestellnummer|nummer|number",
    "description": r"bezeichnung|beschreibung|artikelbezeichnung|description|name|text|produkt|product",
    "unit": r"einheit|me|unit|uom|vpe",
}
_SPLIT = re.compile(r"\t+|;|\||(?<=\S) {2,}(?=\S)")


def rows(text: str) -> Iterator[Candidate]:
    """The order lines of a text, each with its place; a table with a header first, else line by line."""
    table = list(_table(text))
    if table:
        yield from table
        return
    for start, line in _lines(text):
        yield from (_plain_table_row(start, line) or counted(start, line))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line.rstrip("\r\n")
        start += len(line)


def _table(text: str) -> Iterator[Candidate]:
    header: list[str | None] = []
    for start, line in _lines(text):
        cells = [c.strip().strip('"') for c in _cells(line)]
        if not header:
            header = _header(cells)
        elif candidate := _table_row(header, cells, start, line):
            yield candidate
        elif line.strip(" \t|:-+"):
            header = []


def _cells(line: str) -> list[str]:
    """A line's columns; commas only where nothing else divides them."""
    cells = _SPLIT.split(line.strip().strip("|"))
    return cells if len(cells) > 1 else line.strip().split(",")


def _header(cells: list[str]) -> list[str | None]:
    names = [next((k for k, p in _COLUMNS.items() if re.fullmatch(p, cell, re.IGNORECASE)), None) for cell in cells]
    return names if "quantity" in names and ({"article", "description"} & set(names)) else []


def _table_row(header: list[str | None], cells: list[str], start: int, line: str) -> Candidate | None:
    values = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    if len(cells) < len(header) - 1 or not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+|\d+(?:[.,]\d+)?", values.get("quantity", "")):
        return None
    value = row(decimal(values["quantity"]), values.get("article"), values.get("description", ""), values.get("unit"))
    return _candidate(value, start, line, 0.92)


def _plain_table_row(start: int, line: str) -> list[Candidate]:
    """A line of columns without a header: a number, an article number and words, in any order."""
    cells = [c.strip() for c in _SPLIT.split(line.strip()) if c.strip()]
    counts = [c for c in cells if re.fullmatch(r"\d{1,5}(?:,\d{1,2})?", c)]
    codes = [c for c in cells if LEADING_CODE.fullmatch(c)]
    words = [c for c in cells if re.search(r"[^\W\d]{3}", c) and c not in codes]
    if len(cells) < 3 or not counts or not words:
        return []
    # of two plain numbers the longer one names the article
    article = max((c for c in codes if len(c) > 2 or c not in counts), key=len, default=None)
    quantity = next((c for c in counts if c != article), None)
    unit = next((w for w in words if w.lower().rstrip(".") in UNITS), None)
    description = " ".join(w for w in words if w != unit)
    if quantity is None or not (article or unit):
        return []
    return [_candidate(row(decimal(quantity), article, description, unit), start, line, 0.7)]


def _candidate(value: dict[str, Any], start: int, line: str, confidence: float) -> Candidate:
    left = len(line) - len(line.lstrip())
    return Candidate(value, start + left, start + len(line.rstrip()), confidence)
