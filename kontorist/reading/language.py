"""The language that a text is written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

_ENOUGH = 15  # letters; below that any language fits
_LOOKED_AT = 5_000
_COMMON = {
    "de": {
        "und",
        "der",
        "die",
        "das",
        "wir",
        "ich",
        "nicht",
        "bitte",
        "sie",
        "ist",
        "uns",
        "ein",
        "eine",
        "für",
        "mit",
        "auf",
        "danke",
        "hallo",
        "guten",
        "moin",
        "wann",
        "wo",
        "haben",
        "noch",
        "von",
        "im",
        "anbei",
        "grüße",
        "mfg",
    },
    "en": {
        "and",
        "the",
        "we",
        "you",
        "is",
        "not",
        "please",
        "for",
        "with",
        "have",
        "our",
        "your",
        "of",
        "to",
        "in",
        "hello",
        "thanks",
        "dear",
        "when",
        "where",
        "are",
        "has",
        "it",
        "this",
        "regards",
    },
}


def language_of(text: str, expected: Sequence[str] = ("de", "en")) -> str:
    """The ISO 639-1 code of a text's language; the first of the expected ones when it is too short to tell."""
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"https?://\S+|\S+@\S+", " ", text[:_LOOKED_AT]))
    letters = "".join(words)
    if len(letters) < _ENOUGH and sum(c > "\u024f" for c in letters) * 2 <= len(letters):  # another script tells at once
        return _by_words(words, expected) or (expected[0] if expected else "")
    if found := _by_words(words, expected):
        return found
    code, _ = _identifier().classify(" ".join(words))
    return str(code)


def _by_words(words: Sequence[str], expected: Sequence[str]) -> str:
    """A clear lead in common words decides at once: order numbers and product names mislead statistics of letters."""
    small = [w.lower() for w in words]
    counts = {code: sum(w in common for w in small) for code, common in _COMMON.items() if code in expected}
    if not counts:
        return ""
    best = max(counts, key=lambda code: counts[code])
    others = sum(counts.values()) - counts[best]
    return best if counts[best] >= max(2, 3 * others + 1, len(small) * 0.12) else ""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
