"""What a mail asks, bare of who asks it: no greeting, names, numbers, addresses, closing or standing lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from flows.people import plain_subject

_LINK = re.compile(r"https?://\S+|www\.\S+|[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_CODE = re.compile(r"(?<![\w/-])(?=[\w/-]*\d)[\w/-]+")
_LEGAL = re.compile(
    r"(?i)vertraulich|confidential|nicht der richtige adressat|intended recipient|amtsgericht|handelsregister|geschäftsführer|ust-?id|virus"
)
_LONGEST = 600
_STANDING = 5
"""A line that one sender wrote so often belongs to every letter of theirs, not to this one."""


def bare(subject: str, text: str, names: Iterable[str], standing: frozenset[str] = frozenset()) -> str:
    """The request itself: the subject, then the sentences that say something."""
    from agents._builtin.text import sentences

    lines = [line for line in text.splitlines() if line.strip() not in standing and not _LEGAL.search(line)]
    said = " ".join(s.text for s in sentences("\n".join(lines)[:5_000]))[:_LONGEST]
    out = _CODE.sub(" ", _LINK.sub(" ", f"{plain_subject(subject)}. {said}"))
    words = sorted({word for name in names for word in re.split(r"[\s,.@_-]+", name) if len(word) > 2}, key=len, reverse=True)
    if words:
        out = re.sub(rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, words[:20]))})(?!\w)", " ", out)
    return " ".join(re.sub(r"\(\s*\)", " ", out).split())


def standing_lines(letters: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """For each sender the lines that stand in at least five of their letters, and in half of them: (sender, text)."""
    lines: dict[str, Counter[str]] = defaultdict(Counter)
    many: Counter[str] = Counter()
    for sender, text in letters:
        many[sender] += 1
        lines[sender].update({line.strip() for line in text.splitlines() if line.strip()})
    return {
        sender: frozenset(line for line, n in found.items() if n >= max(_STANDING, many[sender] / 2))
        for sender, found in lines.items()
    }


def vectors(texts: Sequence[str], languages: Sequence[str]) -> object:
    """A unit vector for each text, without what is common to all of its language, so that one kind of request is one group in both."""
    import numpy as np

    from agents._builtin.embeddings import embed, unit

    found = np.array(embed(list(texts)), dtype=np.float32)
    for language in set(languages):
        own = np.array([one == language for one in languages])
        found[own] -= found[own].mean(axis=0) if own.sum() >= 20 else found.mean(axis=0)
    return unit(found)
