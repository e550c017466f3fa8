"""Order lines in running text: `10 x …`, `20 Stück …`, with the article number before, behind or in brackets."""

# ruff: noqa: SIM905 - lists of words read better as text

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents._extract.candidates import Candidate
from agents._extract.numbers import decimal

UNITS = (
    "stück stücke stk st rolle rollen karton kartons kiste kisten palette paletten paar packung packungen pack pck päckchen paket pakete dose dosen"
    " flasche flaschen kg g l liter ltr m lfm meter beutel sack säcke eimer satz sätze set sets bogen blatt ve gebinde kanister bund tube tuben"
    " pcs pc piece pieces unit units box boxes carton cartons pallet pallets roll rolls pair pairs packs bag bags bottle bottles can cans case cases ea"
).split()
_WORDS = {
    **dict(zip("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), range(2, 13), strict=True)),
    **dict(zip("two three four five six seven eight nine ten eleven twelve".split(), range(2, 13), strict=True)),
    "ein": 1, "eine": 1, "einen": 1, "one": 1,
}  # fmt: skip
_COUNT = r"\d{1,3}(?:[.,]\d{3})+|\d{1,6}(?:[.,]\d{1,3})?|" + "|".join(_WORDS)
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NOT_GOODS = (
    r"(?!(?:Uhr|Tage?n?|Wochen?|Monaten?|Stunden?|Minuten?|Jahren?|Fragen?|Rechnung\w*|Bestellung\w*|Mails?|Mal|Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez"
    r"|Januar|Februar|März|April|Juni|Juli|August|September|Oktober|November|Dezember|January|February|March|May|June|July|October|December)\b)"
)
_CODE = r"(?!(?:DIN|ISO|EN|RAL|M)\d)(?!20[2-3]\d(?!\d))(?:[A-Z]{1,4}[-.]?\d{2}[\w./-]*|\d{3,}(?:[-./]\d+)*)"
"""An article number that nothing names; no norm, no colour and no year of these decades."""
_LABEL = r"(?:art(?:ikel|icle|\.)?[ -]?(?:nr|no|nummer|number|num)?\.?[:# ]*)?"
_BRACKETED = re.compile(rf"\(\s*{_LABEL}(?P<code>{_CODE})\s*\)", re.IGNORECASE)
_COUNTED = re.compile(
    rf"(?<![\w.,/-])(?P<n>{_COUNT})\s?"
    rf"(?:(?:[x×*]|mal)\s+(?:(?P<xu>{_UNIT})\b\.?\s*)?|[x×](?=[^\W\d])|(?P<u>{_UNIT})\b\.?\s*)(?:of |à )?"
    rf"|(?<!\w)(?P<word>{'|'.join(w for w in _WORDS if not w.startswith(('ein', 'one')))}) (?=(?-i:[A-ZÄÖÜ])){_NOT_GOODS}"
    rf"|(?<![\w.,/-])(?P<bare>\d{{1,6}}) {_NOT_GOODS}(?=[^\W\d][^\d(),;:!?]{{1,60}}\(\s*{_LABEL}{_CODE}\s*\))",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    rf"(?:^|[,;:•*]|\s[-–]|\b(?:und|and|sowie)\b)\s*(?P<code>{_CODE})\s*(?:[-–—:=]|\((?P<words>[^()]*)\)\s*[-–—:=]?)\s*$",
    re.IGNORECASE,
)
"""What stands right before a quantity and names it: `1002 – 300 Stück`; `Bestellung 1002 – 300 Stück` does not."""
_NO_NAMES = {"sie", "ihnen", "uns", "bitte", "please"}
_BULLET = re.compile(
    rf"^\s*(?:(?:[-*•–]|pos\.? ?\d+[:.]?|\d{{1,2}}[.)])\s+)?(?P<n>\d{{1,4}})\s+(?=(?-i:[A-ZÄÖÜ])|\d{{3,}}\s+(?-i:[A-ZÄÖÜ])){_NOT_GOODS}",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"(?<!\bArt)(?<!\bNr)(?<!\bNo)(?<!\bStk)(?:(?<=[^\W\d]{2})|(?<=\w\)))[.!?](?:\s|$)|;"
    r"|,?\s(?:wie|zu den|zum|(?:zu|à)(?= \d)|at|je|für|for|an die|to the|on our|deliver\w*|liefer\w*|as usual|gern|danke|thanks)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?i)\b(?:art(?:ikel|icle|\.)?[ -]?(?:nr|no|nummer|number|num)?\.?|item(?: no\.?)?|sku|bestell-?nr\.?)[:# ]*([A-Z]{0,4}[-.]?\d[\w./-]*\w|\d)"
)
LEADING_CODE = re.compile(r"^(?=[\w./-]*\d{2})([A-Za-z]{0,4}[-.]?\d[\w./-]*\w)(?=[\s,;:)]|$)")


def row(quantity: Any, article: str | None, description: str, unit: str | None) -> dict[str, Any]:
    """What is ordered, as one row; an article or unit that is not named is None."""
    return {"quantity": quantity, "article": article or None, "description": description, "unit": unit or None}


def counted(start: int, line: str) -> Iterator[Candidate]:
    """Every `10 x …`, `20 Stück …` in a line; each reaches as far as the next one or the end of the clause."""
    matches = list(_quantities(line)) or list(_BULLET.finditer(line))
    ends = [0, *(match.end() for match in matches)]
    ahead = [_ahead(line, end, match.start()) for end, match in zip(ends, matches, strict=False)]
    for i, match in enumerate(matches):
        until = min(ahead[i + 1].start, matches[i + 1].start()) if i + 1 < len(matches) else len(line)
        rest = _CLAUSE_END.split(line[match.end() : until])[0]
        article, description = _described(rest, ahead[i])
        groups = {"n": None, "u": None, "xu": None, "word": None, "bare": None} | match.groupdict()
        unit = groups["u"] or groups["xu"]
        if not article and not re.search(r"[^\W\d]{3}", description):
            description, unit = unit or "", None  # `einen Eimer`: the unit is the thing
        if not article and len(description) < 3:
            continue
        value = row(_count(groups["n"] or groups["word"] or groups["bare"] or ""), article, description, unit)
        yield Candidate(value, start + match.start(), start + match.end() + len(rest.rstrip(" ,")), 0.85 if article else 0.7)


def _quantities(line: str) -> Iterator[re.Match[str]]:
    """The quantities of a line, without those in brackets behind another: `2 Paletten (80 Stück) Kartons` is one line of an order."""
    end, articles = 0, {m.start(1) for m in _ARTICLE.finditer(line)}
    for match in _COUNTED.finditer(line):
        between = line[end : match.start()]
        is_inside = end and between.rfind("(") > between.rfind(")")
        if is_inside or match.start() in articles or (match["bare"] and _is_house_number(line[: match.start()])):
            continue
        end = match.end()
        yield match


def _is_house_number(before: str) -> bool:
    """Whether a number follows a name, `Hafenstraße 12 …`: it is none of goods then."""
    words = before.split()
    return bool(words) and words[-1][:1].isupper() and words[-1].lower() not in _NO_NAMES and words[-1][-1].isalnum()


@dataclass(frozen=True)
class _Ahead:
    """What stands before a quantity and belongs to it: where it begins, the article number, and the words behind that."""

    start: int
    article: str | None = None
    words: str = ""


def _ahead(line: str, end: int, start: int) -> _Ahead:
    """What belongs to the quantity at `start`, of the text behind the one before."""
    between = line[end:start]
    named = [m for m in _ARTICLE.finditer(between) if not end or _ends_there(between[: m.start()], between[m.end() :])]
    if named:
        return _Ahead(end + named[-1].start(), named[-1][1], _tidy(between[named[-1].end() :]))
    found = _AHEAD.search(between)
    return _Ahead(end + found.start("code"), found["code"], found["words"] or "") if found else _Ahead(start)


def _ends_there(before: str, behind: str) -> bool:
    """Whether an article between two quantities belongs to the second: `…, Art. 1003: 40 Stück`, `…; Art. 2001 Packband: 24 Rollen`."""
    return not behind.strip(" :=–—-") or (before.rstrip()[-1:] in (",", ";") and behind.rstrip()[-1:] in (":", "=", "–"))


def _described(rest: str, ahead: _Ahead) -> tuple[str | None, str]:
    """The article number and the words of what is ordered; the number may stand before the quantity."""
    named = _ARTICLE.search(rest)
    if named:
        return named[1], _tidy(rest[: named.start()] + " " + rest[named.end() :])
    if ahead.article:
        return ahead.article, _tidy(rest) or ahead.words
    leading = LEADING_CODE.match(rest.strip())
    if leading:
        return leading[1], _tidy(rest.strip()[leading.end() :])
    bracketed = _BRACKETED.search(rest)
    if bracketed:
        return bracketed["code"], _tidy(rest[: bracketed.start()] + " " + rest[bracketed.end() :])
    return None, _tidy(rest)


def _tidy(text: str) -> str:
    text = " ".join(re.sub(r"\(\s*\)", " ", text).split())
    text = re.sub(r"(?i)(?:^|\s+)(?:und|sowie|and|bitte|please)\s*$", "", text.strip(" ,:;-–\t"))
    return " ".join(text.split()).strip(" ,:;-–.")


def _count(written: str) -> Any:
    return decimal(str(_WORDS.get(written.lower(), written)))
