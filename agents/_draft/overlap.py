"""How far texts share words: parts of words weigh more the fewer passages have them, so that compounds and inflections count, too."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[^\W\d_]{3,}")
_LENGTHS = (4, 5)


def overlap(texts: Sequence[str], passages: Sequence[str]) -> Any:
    """A number from 0 to 1 for each text (row) and passage (column)."""
    import numpy as np

    rarity, weighted = _index(tuple(passages))
    unknown = math.log(1 + len(passages))  # what no passage has makes every one of them less alike
    asked = [_weighted(_parts(text), rarity, unknown) for text in texts]
    return np.array([[_cosine(text, passage) for passage in weighted] for text in asked])


@lru_cache(maxsize=32)
def _index(passages: tuple[str, ...]) -> tuple[Mapping[str, float], Sequence[Mapping[str, float]]]:
    counted = [_parts(passage) for passage in passages]
    having = Counter(part for parts in counted for part in parts)
    rarity = {part: math.log(1 + len(passages) / count) for part, count in having.items()}
    return rarity, [_weighted(parts, rarity, 0.0) for parts in counted]


def _parts(text: str) -> Counter[str]:
    words = [f" {word} " for word in _WORD.findall(text.lower())]
    return Counter(word[i : i + n] for word in words for n in _LENGTHS for i in range(len(word) - n + 1))


def _weighted(parts: Mapping[str, int], rarity: Mapping[str, float], unknown: float) -> dict[str, float]:
    """Each part's weight, all together of length 1."""
    weights = {part: (1 + math.log(count)) * rarity.get(part, unknown) for part, count in parts.items()}
    length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
    return {part: w / length for part, w in weights.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(weight * other[part] for part, weight in one.items() if part in other)
