"""One field of a text: its candidates, the ones that count, and whether they contradict each other."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agents._extract.candidates import Candidate, emails, ibans, links, phones, vat_ids
from agents._extract.dates import dates
from agents._extract.hints import kinds_of, nearness
from agents._extract.numbers import amounts, called_amounts, has_currency, numbers, with_currency
from agents._extract.quantities import quantities
from agents._extract.rows import rows

Kind = Literal["text", "number", "money", "date", "iban", "vat_id", "email", "phone", "choice", "rows"]

_TOWN = re.compile(r"(?<!\w)(?:[A-Z]{1,2}-)?\d{4,5} [A-ZÄÖÜ][a-zäöüß]+")
_COUNTED = re.compile(
    r"(?i)(?<![\w.,])\d[\d.]* ?(?:x|×|mal|stück|stk|st|paar|rollen?|kartons?|kisten?|paletten?|pack\w*|dosen?|kg|g|l|liter|m|mm|cm|meter|sack"
    r"|eimer|sets?|blatt|pcs|pieces?|units?|boxes|cartons?|pallets?|rolls?|pairs?|bags?|uhr|prozent|%|tage?n?|days?|°)\b"
)
_MARKS = ".,/:-"
"""What may stand between the digits of one long number."""
_NO_DATE = re.compile(r"\D*\d{5,}\D*")
"""One number that is too long for a day, a month or a year: dates, which take long to look for, need not be looked for."""
_YEAR = re.compile(r"(?<![\w.,/-])(?:19|20)\d\d(?![\w/-]|[.,]\d)")


class FieldOption(BaseModel):
    """One field to find."""

    model_config = ConfigDict(extra="forbid")
    type: Kind = Field("text", description="what kind of value it is")
    pattern: str | None = Field(None, description="regular expression that the whole value matches (type text)")
    choices: list[str] = Field(default_factory=list, description="the possible values (type choice)")
    required: bool = Field(False, description="true: without it the case goes to a person")
    means: str = Field("", description="what the value is, in a sentence")
    many: bool = Field(False, description="true: a list of all values found")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> FieldOption:
        if self.type == "choice" and not self.choices:
            raise ValueError("type choice needs `choices`")
        if self.pattern is not None and self.type != "text":
            raise ValueError(f"`pattern` belongs to type text; {self.type} has its own form")
        return self


@dataclass(frozen=True)
class Found:
    """What a text says about one field."""

    value: Any = None
    confidence: float = 0.0
    places: Sequence[Candidate] = ()
    conflict: Sequence[Any] = field(default=())
    """Different values that are equally likely; the first of them is `value`."""


def find(name: str, option: FieldOption, text: str, today: date) -> Found:
    """The value of a field in a text, with its places; several different ones are a conflict unless the field wants many."""
    if option.type == "rows":
        return _rows(text)
    kinds = kinds_of(name, option.means)
    candidates = sorted(_candidates(name, option, text, today, kinds), key=lambda c: c.start)
    chosen = _nearest(candidates, text, kinds, strict=option.type in {"text", "number"} and "quantity" not in kinds)
    if not chosen:
        return Found()
    values = _distinct(c.value for c in chosen)
    if option.many:
        return Found(values, min(c.confidence for c in chosen), chosen)
    if len(values) > 1:
        return Found(values[0], 0.5, chosen, values)
    return Found(values[0], max(c.confidence for c in chosen), chosen)


def _rows(text: str) -> Found:
    found = list(rows(text))
    return Found([c.value for c in found], min(c.confidence for c in found), found) if found else Found()


def _candidates(name: str, option: FieldOption, text: str, today: date, kinds: AbstractSet[str]) -> Iterator[Candidate]:
    match option.type:
        case "date":
            yield from dates(text, today)
        case "choice":
            yield from _choices(option.choices, text)
        case "text":
            yield from _tokens(option.pattern, text, today, kinds) if option.pattern else _labelled(name, option.means, text)
        case "number":
            free = list(_free(numbers(text), text, today))
            yield from _counted(free, text, kinds) if "quantity" in kinds else free
        case kind:
            yield from _FINDERS[kind](text)


_FINDERS: dict[str, Callable[[str], Iterator[Candidate]]] = {
    "money": amounts,
    "iban": ibans,
    "vat_id": vat_ids,
    "email": emails,
    "phone": phones,
}


def _tokens(pattern: str, text: str, today: date, kinds: AbstractSet[str]) -> Iterator[Candidate]:
    """Matches of an admin's pattern as whole tokens, not as parts of something that has a form of its own."""
    regex = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.MULTILINE)
    group = 1 if regex.groups else 0
    matches = [m for m in regex.finditer(text) if m[group] is not None and not _glued(text, *m.span())]
    lines, days = _Lines(text), _days(text, today, [m[0] for m in matches])
    for match in matches:
        if _inside(match.span(), days) or _inside(match.span(), lines.formed(match)):
            continue
        near = nearness(text, match.start(), kinds)
        # `Bestellung 48155 Bitte …` looks like a postcode with its town, but the word before says what it is
        if near < 2 and _inside(match.span(), lines.meant_otherwise(match)):
            continue
        yield Candidate(match[group], match.start(group), match.end(group), 0.92 if near == 2 else 0.75)


class _Lines:
    """What else stands in the lines of a text in which something was found; no value with a form of its own goes over a line's end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._formed: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._otherwise: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def formed(self, match: re.Match[str]) -> list[tuple[int, int]]:
        """Where values stand that have a form of their own."""
        start, end = self._around(match)
        if (start, end) not in self._formed:
            found = [_span(c) for finder in (ibans, vat_ids, emails, links) for c in finder(self._text[start:end])]
            self._formed[start, end] = [(start + first, start + last) for first, last in found]
        return self._formed[start, end]

    def meant_otherwise(self, match: re.Match[str]) -> list[tuple[int, int]]:
        """Where numbers look like postcodes, quantities, years, telephone numbers or amounts."""
        start, end = self._around(match)
        if (start, end) not in self._otherwise:
            lines = self._text[start:end]
            found = [m.span() for p in (_TOWN, _COUNTED, _YEAR) for m in p.finditer(lines)]
            found += [_span(c) for finder in (phones, self._amounts) for c in finder(lines)]
            self._otherwise[start, end] = [(start + first, start + last) for first, last in found]
        return self._otherwise[start, end]

    @functools.cached_property
    def _amounts(self) -> Callable[[str], Iterator[Candidate]]:
        return with_currency if has_currency(self._text) else called_amounts

    def _around(self, match: re.Match[str]) -> tuple[int, int]:
        """The lines in which it stands, without the break at their end."""
        start, end = match.span()
        return self._text.rfind("\n", 0, start) + 1, len(self._text) if (last := self._text.find("\n", end)) < 0 else last


def _days(text: str, today: date, matches: Sequence[str]) -> list[tuple[int, int]]:
    """Where dates stand that one of these matches may be a part of."""
    if all(_NO_DATE.fullmatch(m) for m in matches):
        return []
    return [_span(c) for c in _exact_dates(text, today)]


def _exact_dates(text: str, today: date) -> Iterator[Candidate]:
    return (c for c in dates(text, today, with_digits=True) if any(ch.isdigit() for ch in text[c.start : c.end]))


def _free(candidates: Iterable[Candidate], text: str, today: date) -> Iterator[Candidate]:
    taken = [_span(c) for finder in (ibans, vat_ids, emails, phones, links) for c in finder(text)]
    taken += [_span(c) for c in _exact_dates(text, today)]
    return (c for c in candidates if not _inside(_span(c), taken))


def _counted(free: Sequence[Candidate], text: str, kinds: AbstractSet[str]) -> list[Candidate]:
    """A quantity is a number that is called one, else one with a unit of goods behind it, else any number."""
    if any(nearness(text, c.start, kinds) == 2 for c in free):
        return list(free)
    return list(quantities(text)) or [c for c in free if nearness(text, c.start, kinds)]


def _labelled(name: str, means: str, text: str) -> Iterator[Candidate]:
    """Without a pattern: what stands after the field's name and a colon."""
    words = [re.escape(w) for w in {name.replace("_", " ").replace("-", " "), means} if w.strip()]
    for match in re.finditer(rf"(?im)^[ \t]*(?:{'|'.join(words)})\b[^:\n]{{0,20}}:[ \t]*(\S[^\n]*)$", text) if words else ():
        yield Candidate(match[1].strip(), match.start(1), match.start(1) + len(match[1].strip()), 0.75)


def _choices(choices: Sequence[str], text: str) -> Iterator[Candidate]:
    for choice in choices:
        for match in re.finditer(rf"(?i)(?<!\w){re.escape(choice)}(?!\w)", text):
            yield Candidate(choice, match.start(), match.end(), 0.85)


def _nearest(candidates: Sequence[Candidate], text: str, kinds: AbstractSet[str], *, strict: bool) -> list[Candidate]:
    """The candidates whose neighbourhood fits the field best; those named as something else only count if not `strict`."""
    near = [(nearness(text, c.start, kinds), c) for c in candidates]
    best = max((n for n, _ in near), default=0)
    return [c for n, c in near if n == best and not (strict and n == 0 and kinds)]


def _distinct(values: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _span(candidate: Candidate) -> tuple[int, int]:
    return candidate.start, candidate.end


def _inside(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _glued(text: str, start: int, end: int) -> bool:
    """Whether more digits follow over a point, comma, slash or hyphen: a part of a longer number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return (len(before) == 2 and before[0].isdecimal() and before[1] in _MARKS) or (
        len(after) == 2 and after[0] in _MARKS and after[1].isdecimal()
    )
