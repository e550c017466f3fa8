"""What a person changed: the words that went and the words that came."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

_AT_MOST = 20_000


def words(before: str, after: str) -> list[tuple[str, str]]:
    """(`same`, `gone` or `new`, text) pieces."""
    if len(before) + len(after) > _AT_MOST:
        return [("gone", before[:2000]), ("new", after[:2000])]
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    found: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[a:b])))
            continue
        found += [(k, t) for k, t in (("gone", "".join(old[a:b])), ("new", "".join(new[c:d]))) if t]
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each simple field that differs: its name and what changed in it."""
    keys = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    return [(k, words(_text(before.get(k)), _text(after.get(k)))) for k in keys if _is_simple(before.get(k), after.get(k))]


def _is_simple(*values: Any) -> bool:
    return not any(isinstance(v, Mapping) or (isinstance(v, list) and any(isinstance(i, Mapping) for i in v)) for v in values)


def _text(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
