"""Facts in a text that wording must not touch: numbers, dates, amounts, IBANs, links, addresses, names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agents._extract.candidates import Candidate, emails, ibans, links, vat_ids
from agents._extract.dates import dates
from agents._extract.numbers import amounts, decimal
from kontorist.core.values import plain

_SOME_DAY = date(2000, 1, 1)  # dates without a year get the same one on both sides
_CODE = re.compile(r"(?<![\w./-])[\w./-]*\d[\w./-]*\w|(?<!\w)\d")
_WHEN = re.compile(
    r"(?i)\b(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|heute|(?<!guten )morgen|übermorgen|gestern|today|tomorrow|yesterday|januar|februar|märz|april|juni|juli|august|september|oktober|november"
    r"|dezember|january|february|march|june|july|october|december)s?\b"
)
_NAME = re.compile(
    r"\b(?:Herrn?|Frau|Mr\.?|Mrs\.?|Ms\.?|Dr\.) ((?:Dr\. )?[A-ZÄÖÜ][\w'’-]+(?: [A-ZÄÖÜ][\w'’-]+)?)"
    r"|\b((?:[A-ZÄÖÜ][\w&'’-]{1,60} ){1,3}(?:GmbH|AG|KG|OHG|UG|SE|Ltd|LLC|Inc|B\.V\.|S\.A\.))\b"
)
_NEGATION = re.compile(r"(?i)\b(nicht|kein\w*|niemals|nie|ohne|not|no|never|cannot|without|\w+n['’]t)\b")


@dataclass(frozen=True)
class Fact:
    """One fact: what it means, so that two ways of writing it are equal, and how it is written."""

    kind: str
    key: str
    shown: str


def facts(text: str) -> list[Fact]:
    """The facts of a text; each character counts for one of them only."""
    found = []
    for kind, candidates in (
        ("link", links(text)),
        ("email", emails(text)),
        ("iban", ibans(text)),
        ("vat_id", vat_ids(text)),
        ("money", amounts(text)),
        ("date", dates(text, _SOME_DAY)),
    ):
        for c in candidates:
            shown = text[c.start : c.end]
            if (kind != "date" or any(ch.isdigit() for ch in shown)) and "\0" not in shown:
                found.append(Fact(kind, _key(kind, c), shown))
                text = text[: c.start] + "\0" * (c.end - c.start) + text[c.end :]
    found += [Fact("number", _number(m.group()), m.group()) for m in _CODE.finditer(text)]
    return found + [Fact("day", m[1].lower(), m[1]) for m in _WHEN.finditer(text)]


def unsupported(text: str, sources: Iterable[str]) -> list[str]:
    """Names, numbers, dates, amounts, links and IBANs of a text that stand in none of the sources, as they are written."""
    whole = list(sources)
    known = [fact for source in whole for fact in facts(source)]
    keys = {(f.kind, f.key) for f in known}
    numbers = {f.key for f in known if f.kind == "number"}
    missing = [f.shown for f in facts(text) if (f.kind, f.key) not in keys and not _as_number(f, numbers)]
    everything = " ".join(" ".join(whole).lower().split())
    missing += [n for m in _NAME.finditer(text) if (n := m[1] or m[2]).split()[-1].lower() not in everything]
    return list(dict.fromkeys(missing))


def changed(before: str, after: str) -> list[str]:
    """What a new wording added or lost: facts, names, negation."""
    lost = unsupported(before, [after])
    added = unsupported(after, [before])
    negation = [] if bool(_NEGATION.search(before)) == bool(_NEGATION.search(after)) else ["nicht/not"]
    markup = [m for m in ("](", "<", "{{", "```") if m in after and m not in before]
    return list(dict.fromkeys([*added, *lost, *negation, *markup]))


def flat(values: Any) -> Iterator[str]:
    """Every value in a case's data as text, to be used as a source."""
    if isinstance(values, Mapping):
        for value in values.values():
            yield from flat(value)
    elif isinstance(values, Sequence) and not isinstance(values, str | bytes):
        for value in values:
            yield from flat(value)
    elif values is not None and not isinstance(values, bytes):
        yield str(plain(values)) if not isinstance(values, str) else values


def _key(kind: str, candidate: Candidate) -> str:
    if kind == "money":
        return f"{_plain_number(candidate.value['amount'])} {candidate.value['currency']}"
    return str(candidate.value).lower()


def _number(written: str) -> str:
    if re.fullmatch(r"[\d.,]*\d", written):
        try:
            return _plain_number(decimal(written))
        except ArithmeticError:
            return written
    return written.lower()


def _plain_number(value: Any) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_number(fact: Fact, numbers: set[str]) -> bool:
    """An amount is supported by the bare number as well: a table has its currency in the heading."""
    return fact.kind == "money" and fact.key.split()[0] in numbers
