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
        "oder",
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
        "or",
        "that",
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


def only_in(language: str, text: str, expected: Sequence[str] = ("de", "en")) -> str:
    """The sentences of a text that says the same in several languages, in one of them; all of it where that can't be told.

    Told by common words alone: what a page shows must not wait for the statistics of letters to be loaded.
    """
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    told = [_by_words(re.findall(r"[^\W\d_]{2,}", s), expected, at_least=1) for s in sentences]
    wanted = language if language in told else ""
    return " ".join(s for s, code in zip(sentences, told, strict=True) if code == wanted) or text


def _by_words(words: Sequence[str], expected: Sequence[str], at_least: int = 2) -> str:
    """A clear lead in common words decides at once: order numbers and product names mislead statistics of letters."""
    small = [w.lower() for w in words]
    counts = {code: sum(w in common for w in small) for code, common in _COMMON.items() if code in expected}
    if not counts:
        return ""
    best = max(counts, key=lambda code: counts[code])
    others = sum(counts.values()) - counts[best]
    return best if counts[best] >= max(at_least, 3 * others + 1, len(small) * 0.12) else ""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
