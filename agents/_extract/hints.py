"""What a value is, told by the words before it: `Bestellung 4711` is an order number, `Art. 1002` is none."""

from __future__ import annotations

import functools
import re
from collections.abc import Set as AbstractSet

_KINDS = {
    "order": r"bestell|auftrag|order|purchase|po\b|po[ -]?nr|po[ -]?no|\bab\b",
    "invoice": r"rechnung|invoice|faktura|beleg|\bre\b",
    "customer": r"kunde|customer|debitor|account",
    "article": r"artikel|article|\bart\b|item|sku|product|produkt",
    "delivery": r"liefer|deliver|versand|ship|ankunft|arriv",
    "tracking": r"sendung|tracking|paket|parcel",
    "due": r"fällig|zahlbar|zahlungsziel|\bdue\b|payable|frist|spätestens",
    "net": r"netto|\bnet\b",
    "tax": r"mwst|mehrwertsteuer|ust\b|umsatzsteuer|\bvat\b|\btax\b|steuer",
    "gross": r"brutto|gesamt|endbetrag|zahlbetrag|rechnungsbetrag|total|gross|amount due",
    "quantity": r"menge|anzahl|quantity|qty|stückzahl",
    "phone": r"\btel|telefon|phone|fax|mobil|handy",
    "date": r"datum|\bdate\b|\bvom\b|\bdated\b",
    "offer": r"angebot|offer|quot",
    "contract": r"vertrag|contract",
    "register": r"\bhrb\b|\bhra\b|registergericht|steuernummer|steuernr|\bblz\b|\bbic\b|\bplz\b|konto",
}
_PATTERNS = {kind: re.compile(words, re.IGNORECASE) for kind, words in _KINDS.items()}
_OTHER_NUMBERS = {"invoice", "customer", "article", "tracking", "phone", "offer", "contract", "register", "order"}
_REACH = 32
_TAKEN = re.compile(r"(?i)(?<!\d)\d{3,}\W+(?!(?:und|and|sowie|oder|or|bzw)\b)[^\W\d]{3,}")
_ABOUT = re.compile(r"(?i)^\w*\W+(?:\w+\W+)?(?:for|of|zu|zum|zur|für|von|bezüglich|regarding)\W*$")


@functools.lru_cache(1000)
def kinds_of(name: str, means: str) -> frozenset[str]:
    """What kind of thing a field is, by its name and meaning; empty when neither tells."""
    named = {kind for kind, pattern in _PATTERNS.items() if pattern.search(name.replace("_", " ").replace("-", " "))}
    return frozenset(named or {kind for kind, pattern in _PATTERNS.items() if pattern.search(means)})


def nearness(text: str, start: int, kinds: AbstractSet[str]) -> int:
    """2: a word of the field's kind stands just before; 1: nothing tells; 0: the words before name another kind of number."""
    before = text[max(0, start - _REACH) : start]
    line = before.rpartition("\n")[2]
    if not line.strip() and "\n" in before:
        line = before.rstrip().rpartition("\n")[2]  # a label above its value
    return _told_by(line, frozenset(kinds))


@functools.lru_cache(10_000)
def _told_by(line: str, kinds: frozenset[str]) -> int:
    """`nearness` by the words of a line before the value; the same words stand before many."""
    nearest = max(((m.end(), kind) for kind, p in _PATTERNS.items() for m in p.finditer(line)), default=None)
    if nearest is None or not kinds:
        return 1
    if _TAKEN.search(line[nearest[0] :]):
        return 1  # the word belongs to a number before this one
    if nearest[1] not in kinds and _ABOUT.match(line[nearest[0] :]):
        return 1  # "the tracking number for 4711": of something that is called 4711
    if any(m.end() == nearest[0] for kind in kinds for m in _PATTERNS[kind].finditer(line)) or nearest[1] in kinds:
        return 2
    return 0 if nearest[1] in _OTHER_NUMBERS else 1
