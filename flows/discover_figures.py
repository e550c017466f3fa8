"""The figures of each kind of request, and which is worth automating first, with the arithmetic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log
from statistics import median, quantiles
from typing import Any

from flows.alike import body, dice
from flows.discover import Asked, Found
from flows.people import waited
from flows.stop_words import STOP

MINUTES = 5.0
"""Minutes for an answer by hand that are assumed where nobody says another number."""
_PAIRS = 60
_WORD = re.compile(r"[^\W\d_]{3,}")


def figures(found: Found, minutes: float | None = None) -> list[dict[str, Any]]:
    """For each kind of request its figures, what is worth most first; numbered from 1 by that order."""
    groups = sorted({group for group in found.groups if group >= 0})
    words = {group: Counter(w for a in members(found, group) for w in _words(a.said)) for group in groups}
    rows = [_of_group(found, group, words, minutes) for group in groups]
    rows.sort(key=lambda row: -row["estimate"]["minutes_a_month"])
    return [{"cluster": i, **row} for i, row in enumerate(rows, 1)]


def members(found: Found, group: int) -> list[Asked]:
    """The mails of a group."""
    return [asked for asked, own in zip(found.asked, found.groups, strict=True) if own == group]


def _of_group(found: Found, group: int, words: dict[int, Counter[str]], minutes: float | None) -> dict[str, Any]:
    own = members(found, group)
    answered = [one for one in own if one.deed.answer]
    hours = [h for one in own if (h := waited(one.letter.arrived, one.deed.answer)) is not None]
    senders = Counter(one.letter.sender for one in own)
    folders = Counter(one.folder for one in own)
    alike = _alike(answered)
    return {
        "group": group,
        "mails": len(own),
        "keywords": _as_written(_keywords(group, words), own),
        "examples": _examples(found, group),
        "languages": dict(Counter(one.language for one in own)),
        "senders": len(senders),
        "top_sender_share": round(senders.most_common(1)[0][1] / len(own), 3),
        "answered": round(len(answered) / len(own), 3),
        "hours_median": round(median(hours), 1) if hours else None,
        "hours_p90": round(quantiles(hours, n=10, method="inclusive")[8], 1) if len(hours) > 1 else None,
        "answers_alike": alike,
        "looked_up": round(sum(bool(one.looked_up) for one in answered) / len(answered), 3) if answered else None,
        "columns": [name for name, _ in Counter(c for one in answered for c in one.looked_up).most_common(4)],
        "folders": dict(folders.most_common(3)),
        "estimate": _estimate(len(own), found.days, len(answered), alike["meaning"], minutes),
    }


def _estimate(mails: int, days: float, answered: int, alike: float | None, minutes: float | None) -> dict[str, Any]:
    """Mails a month × share answered × minutes by hand × how alike the answers are."""
    a_month, share, by_hand = mails * 30 / days, answered / mails, MINUTES if minutes is None else minutes
    return {
        "mails_a_month": round(a_month, 1),
        "answered": round(share, 3),
        "minutes_by_hand": by_hand,
        "assumed": minutes is None,
        "alike": alike or 0.0,
        "minutes_a_month": round(a_month * share * by_hand * (alike or 0.0), 0),
    }


def _alike(answered: Sequence[Asked]) -> dict[str, float | None]:
    """How alike the answers are, of one language each: mean over neighbouring pairs."""
    from agents._builtin.embeddings import embed

    pairs = []
    for language in sorted({one.language for one in answered}):
        texts = [body(one.deed.answer.text) for one in answered if one.language == language and one.deed.answer]
        pairs += [(texts[i], texts[i - len(texts) // 2]) for i in range(len(texts)) if len(texts) > 1][:_PAIRS]
    if not pairs:
        return {"meaning": None, "words": None}
    vectors = embed([re.sub(r"\d+", "1", text) for pair in pairs for text in pair])
    meaning = [max(0.0, float(vectors[2 * i] @ vectors[2 * i + 1])) for i in range(len(pairs))]
    return {"meaning": round(sum(meaning) / len(meaning), 3), "words": round(sum(dice(a, b) for a, b in pairs) / len(pairs), 3)}


def _words(text: str) -> list[str]:
    return [word for word in map(str.casefold, _WORD.findall(text)) if word not in STOP]


def _keywords(group: int, words: dict[int, Counter[str]]) -> list[str]:
    """Frequent here and rare in the other groups (class-based TF-IDF)."""
    whole = sum((sum(c.values()) for c in words.values()), 0) / max(1, len(words))
    everywhere = sum(words.values(), Counter())
    scored = {word: n * log(1 + whole / everywhere[word]) for word, n in words[group].items() if n > 1}
    return sorted(scored, key=lambda word: (-scored[word], word))[:8]


def _as_written(words: Sequence[str], own: Sequence[Asked]) -> list[str]:
    """The words as they are mostly written here: German nouns with their capital."""
    written = Counter(word for one in own for word in _WORD.findall(one.said))
    return [max((w for w in written if w.casefold() == word), key=lambda w: written[w], default=word) for word in words]


def _examples(found: Found, group: int) -> list[str]:
    """The subjects of the mails nearest to the group's middle, each once."""
    import numpy as np

    own = [i for i, one in enumerate(found.groups) if one == group]
    middle = found.vectors[own].mean(axis=0)
    near = sorted(own, key=lambda i: -float(np.dot(found.vectors[i], middle)))
    return list(dict.fromkeys(found.asked[i].letter.subject for i in near))[:6]
