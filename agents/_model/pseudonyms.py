"""Personal data replaced by placeholders before a text leaves the house, and put back into the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_WORD = r"[A-ZÄÖÜ][\wäöüß'’-]{1,60}"  # bounds: without them a pattern is tried from each place of a long word to its end
_PATTERNS = (
    ("EMAIL", re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b")),
    (
        "STREET",
        re.compile(
            rf"\b(?:[A-ZÄÖÜ][\wäöüß-]{{0,60}}(?:straße|strasse|str\.|weg|platz|allee|ring|gasse|damm|ufer|chaussee|hof|markt)"
            rf"|{_WORD} (?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring|Gasse|Damm|Ufer|Chaussee)) ?\d+ ?[a-z]?\b"
            rf"|\b\d+[a-z]? (?:{_WORD} ){{1,3}}(?:Street|St\.|Road|Rd\.|Avenue|Ave\.|Lane|Drive|Square|Court|Close)\b"
        ),
    ),
    ("TOWN", re.compile(rf"\b(?:[A-Z]{{1,2}}-)?\d{{5}} {_WORD}")),
    (
        "PHONE",
        re.compile(r"(?<![\w.,-])(?:\+\d{1,3}|00\d{1,3}|\(?0\d{1,5}\)?)[ ./()-]{0,3}\d(?:[ /()-]{0,3}\d){4,12}(?![\w.,]?\d)"),
    ),
)
_TITLED = re.compile(rf"\b(?:Herrn?|Frau|Mr\.?|Mrs\.?|Ms\.?|Dr\.|Prof\.) (?:Dr\. )?({_WORD}(?: {_WORD})?)")
_SIGNED = re.compile(
    rf"(?im:^[ \t]*(?:mit freundlichen grüßen|freundliche grüße|viele grüße|liebe grüße|beste grüße|mfg|kind regards|best regards"
    rf"|regards|best wishes|best|thanks|cheers)[ \t,!.]*\n+(?:[ \t]*i\. ?[av]\.?[ \t]*)?)({_WORD}(?:[ \t]+{_WORD}){{0,2}})[ \t]*$",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(r"\[([A-Z]+)_(\d+)\]")
_NAMES_AT_MOST = 40


class Pseudonyms:
    """The placeholders of one call: the same thing gets the same placeholder, another thing another one."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = [name.strip() for name in names if len(name.strip()) > 2][:_NAMES_AT_MOST]
        self._by_value: dict[str, str] = {}
        self._used: set[str] = set()

    def hide(self, text: str) -> str:
        """The text with persons, addresses, phone numbers, e-mail addresses and IBANs replaced."""
        self._used |= {m.group() for m in _PLACEHOLDER.finditer(text)}
        names = self._known_names(text)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda m, kind=kind: self._placeholder(kind, m.group()), text)  # type: ignore[misc]
        for name in names:
            text = re.sub(rf"(?<![\w\[]){re.escape(name)}(?!\w)", lambda m: self._placeholder("PERSON", m.group()), text)
        return text

    def restore(self, value: Any) -> Any:
        """An answer with the real things back in their places, however deep they are."""
        if isinstance(value, str):
            originals = {placeholder: original for original, placeholder in self._by_value.items()}
            return _PLACEHOLDER.sub(lambda m: originals.get(m.group(), m.group()), value)
        if isinstance(value, dict):
            return {key: self.restore(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.restore(inner) for inner in value]
        return value

    def _known_names(self, text: str) -> list[str]:
        """Names from the mail's headers, after a title and under a closing: whole names first, then their parts."""
        whole = [*self._names, *_TITLED.findall(text), *_SIGNED.findall(text)]
        parts = [p for name in whole for p in re.split(r"[\s,]+", name) if len(p) > 2 and p[:1].isupper()]
        return sorted({*whole, *parts}, key=len, reverse=True)

    def _placeholder(self, kind: str, original: str) -> str:
        if original not in self._by_value:
            number = 1
            while f"[{kind}_{number}]" in self._used:
                number += 1
            self._by_value[original] = f"[{kind}_{number}]"
            self._used.add(self._by_value[original])
        return self._by_value[original]
