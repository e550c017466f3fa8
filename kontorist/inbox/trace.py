"""Why a case took its path: what each step asked, found and led to, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kontorist.store.cases import Entry


@dataclass(frozen=True)
class Told:
    """One step of the path."""

    entry: Entry
    name: str
    """What the admin called the step; empty where it has no name."""
    condition: str
    """What was asked, where the step is a condition."""
    outcome: Any
    confidence: float | None


def told(journal: Sequence[Entry]) -> list[Told]:
    """The steps in order; values that only hand something on, and rounds of a loop without a word of their own, are left out."""
    return [_told(e) for e in journal if e.step or e.kind not in ("set", "use", "entry") or e.info.get("answered_by")]


def _told(entry: Entry) -> Told:
    sure = entry.info.get("confidence")
    condition = str(entry.info.get("when") or "") if entry.kind == "when" else ""
    return Told(entry, entry.step, condition, entry.output, float(sure) if isinstance(sure, int | float) else None)
