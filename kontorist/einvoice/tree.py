"""Walking an invoice's XML by local names, writing down where each value stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from kontorist.core.evidence import Evidence

_PREFIXES = {
    "CommonBasicComponents-2": "cbc",
    "CommonAggregateComponents-2": "cac",
    "Invoice-2": "ubl",
    "CreditNote-2": "cn",
    "ReusableAggregateBusinessInformationEntity": "ram",
    "UnqualifiedDataType": "udt",
    "QualifiedDataType": "qdt",
    "CrossIndustryInvoice": "rsm",
    "CrossIndustryDocument": "rsm",
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}", re.ASCII)
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


def local(element: Any) -> str:
    """The name of an element without its namespace; empty for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


@dataclass
class Tree:
    """The XML of one invoice; keeps evidence by field and what could not be understood."""

    root: Any
    document: str = ""
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    malformed: list[tuple[str, str]] = field(default_factory=list)
    """(field, text) of amounts and dates that are none."""
    _steps: dict[Any, str] = field(default_factory=dict, repr=False)
    """The step of each element whose siblings were counted; a parent's children are counted once, together."""

    def all(self, node: Any, path: str) -> Iterator[Any]:
        """The elements at a path of local names; `A|B` at a step means either."""
        step, _, rest = path.partition("/")
        names = step.split("|")
        for child in () if node is None else node:
            if local(child) in names:
                if rest:
                    yield from self.all(child, rest)
                else:
                    yield child

    def one(self, node: Any, path: str) -> Any:
        """The first element at a path, or None."""
        return next(self.all(node, path), None)

    def text(self, node: Any, path: str, key: str = "") -> str | None:
        """The first text at a path, or None when there is none or it is blank. `key` names the field for evidence."""
        for element in self.all(node, path):
            if (found := (element.text or "").strip()) != "":
                if key:
                    self.note(key, element, found)
                return found
        return None

    def note(self, key: str, element: Any, quote: str) -> None:
        """Write down that a field was read from this element."""
        place = Evidence(quote, self.document, part="xml", xpath=self.path(element), row=str(element.sourceline or ""))
        self.evidence.setdefault(key, []).append(place)

    def amount(self, node: Any, path: str, key: str = "", places: int = 2) -> Decimal | None:
        """A number, with at least `places` decimals and no zeros beyond them."""
        found = self.text(node, path, key)
        return None if found is None else self.number(found, key or path, places)

    def number(self, text: str, key: str, places: int = 2) -> Decimal | None:
        """A number as XML writes it; anything else is noted as malformed."""
        if len(text) > 40 or not _AMOUNT.fullmatch(text):
            self.malformed.append((key, text))
            return None
        try:
            return tidy(Decimal(text), places)
        except InvalidOperation:
            self.malformed.append((key, text))
            return None

    def day(self, node: Any, path: str, key: str = "") -> date | None:
        """A date, in ISO 8601 or as CII writes it (20260131)."""
        found = self.text(node, path, key)
        if found is None:
            return None
        if written := _DAY.match(found):  # strptime alone takes 202611, a month, for the first of January
            with suppress(ValueError):
                return datetime.strptime(written.group().replace("-", ""), "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
        self.malformed.append((key or path, found))
        return None

    def path(self, element: Any) -> str:
        """An XPath with the usual prefixes and positions where siblings have the same name."""
        steps = []
        while element is not None:
            steps.append(self._step(element))
            element = element.getparent()
        return "/" + "/".join(reversed(steps))

    def _step(self, element: Any) -> str:
        if element not in self._steps:
            parent = element.getparent()
            children = [element] if parent is None else [child for child in parent if isinstance(child.tag, str)]
            twins, seen = Counter(child.tag for child in children), Counter[str]()
            for child in children:
                seen[child.tag] += 1
                self._steps[child] = _prefixed(child) + (f"[{seen[child.tag]}]" if twins[child.tag] > 1 else "")
        return self._steps[element]


def tidy(value: Decimal, places: int) -> Decimal:
    """Without zeros beyond `places` decimals, so that 12.5 and 12.500 print alike."""
    scale = -int(value.as_tuple().exponent)
    digits = f"{value:f}"
    while scale > places and digits.endswith("0"):
        digits, scale = digits[:-1], scale - 1
    return Decimal(digits.rstrip(".")).quantize(Decimal(1).scaleb(-max(scale, places)))


def _prefixed(element: Any) -> str:
    space = element.tag[1:].partition("}")[0]
    prefix = next((short for part, short in _PREFIXES.items() if part in space), "")
    return f"{prefix}:{local(element)}" if prefix else local(element)
