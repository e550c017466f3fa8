"""The figures of a shadow run, and the one number to decide on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Any

from flows.people import waited
from flows.shadow_compare import DIFFERENT, ONLY_FLOW, ONLY_PEOPLE, SAME, Case

BY_HAND: Mapping[str, float] = {"reply": 5.0, "forward": 2.0, "move": 0.5, "post": 4.0}
APPROVE = 0.5
"""Minutes that are assumed where the office has measured nothing."""
FEW = 30
"""From fewer proposals nothing can be concluded."""
GOOD, FAIR = 0.85, 0.6
"""Recommended from this lower bound on; and worth a closer look from this one on."""


def figures(cases: Sequence[Case], minutes: Mapping[str, float], measured: float | None = None) -> dict[str, Any]:
    """Everything a report says. `minutes`: by hand for each kind; `measured`: the median minutes of an approval here."""
    proposed = [case for case in cases if case.proposed]
    agreed = [case for case in proposed if case.agrees]
    acted = [case for case in cases if case.verdicts]
    return {
        "cases": len(cases),
        "proposed": len(proposed),
        "agreed": len(agreed),
        "rate": _share(len(agreed), len(proposed)),
        "between": wilson(len(agreed), len(proposed)),
        "recommendation": recommendation(len(agreed), len(proposed)),
        "coverage": _share(len(agreed), len(acted)),
        "people_acted": sum(any(v.verdict != ONLY_FLOW for v in case.verdicts) for case in cases),
        "unclear": sum(case.unclear for case in cases),
        "failed": sum(case.past.result["state"] == "failed" for case in cases),
        "nothing_by_both": len(cases) - len(acted),
        "actions": by_kind(cases),
        "steps": by_step(cases),
        "labels": by_label(cases),
        "not_comparable": dict(Counter(name for case in cases for name in case.others)),
        "replies": _replies(cases),
        "answer_hours": _hours(cases),
        "minutes": saved(cases, {**BY_HAND, **minutes}, measured, set(minutes)),
    }


def wilson(right: int, of: int) -> tuple[float, float]:
    """Between what the true share lies with 95 % certainty (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z, p = 1.96, right / of
    middle, spread = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def recommendation(agreed: int, proposed: int) -> str:
    """too_few, on, look or not_yet."""
    if proposed < FEW:
        return "too_few"
    low = wilson(agreed, proposed)[0]
    return "on" if low >= GOOD else "look" if low >= FAIR else "not_yet"


def by_kind(cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """For each kind of action how often flow and people did the same, something else, or only one of them."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        for verdict in case.verdicts:
            counts[verdict.kind][verdict.verdict] += 1
            if verdict.why:
                reasons[verdict.kind][verdict.why] += 1
    return {
        kind: {
            **{name: found[name] for name in (SAME, DIFFERENT, ONLY_FLOW, ONLY_PEOPLE)},
            "precision": _share(found[SAME], found[SAME] + found[DIFFERENT] + found[ONLY_FLOW]),
            "coverage": _share(found[SAME], found[SAME] + found[DIFFERENT] + found[ONLY_PEOPLE]),
            "differences": dict(reasons[kind]),
        }
        for kind, found in counts.items()
    }


def by_step(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """For each step: cases that reached it, that it could not decide, and of the others the share in which all agrees in the end."""
    found: dict[tuple[str, str], Counter[str]] = {}
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for case in cases:
        for step in case.past.result["steps"]:
            key = (step["flow"], step["path"])
            names[key] = (step["id"], step["kind"] if step["kind"] != "unclear" else names.get(key, ("", "agent"))[1])
            counts = found.setdefault(key, Counter())
            counts["reached"] += 1
            counts["unclear"] += step["kind"] == "unclear"
            counts["agreed"] += step["kind"] != "unclear" and case.agrees
    return [
        {
            "flow": flow,
            "step": names[flow, path][0],
            "path": path,
            "kind": names[flow, path][1],
            "reached": c["reached"],
            "unclear": c["unclear"],
            "agreed": c["agreed"],
            "rate": _share(c["agreed"], c["reached"] - c["unclear"]),
        }
        for (flow, path), c in found.items()
    ]


def by_label(cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """For each label that a classification gave: cases, proposals, and how often all agrees."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        for step in case.past.result["steps"]:
            label = step["output"].get("label") if isinstance(step["output"], Mapping) and step["kind"] == "agent" else None
            if isinstance(label, str):
                counts[label].update(cases=1, proposed=int(case.proposed), agreed=int(case.proposed and case.agrees))
                break
    return {
        label: {**c, "rate": _share(c["agreed"], c["proposed"])}
        for label, c in sorted(counts.items(), key=lambda one: -one[1]["cases"])
    }


def saved(cases: Iterable[Case], by_hand: Mapping[str, float], measured: float | None, told: set[str]) -> dict[str, Any]:
    """Minutes with their arithmetic: what agreed costs an approval instead of the work; what did not costs an approval more."""
    counts = by_kind(cases)
    approve = APPROVE if measured is None else measured
    lines, wasted = [], 0
    for kind, c in counts.items():
        wasted += c[DIFFERENT] + c[ONLY_FLOW]
        if c[SAME]:
            minutes = by_hand[kind]
            lines.append(
                {"kind": kind, "actions": c[SAME], "by_hand": minutes, "told": kind in told, "minutes": c[SAME] * minutes}
            )
    approvals = sum(case.proposed for case in cases)
    gross = sum(line["minutes"] for line in lines)
    return {
        "lines": lines,
        "approvals": approvals,
        "approve": round(approve, 2),
        "approve_measured": measured is not None,
        "not_as_people": wasted,
        "saved": round(gross - approvals * approve, 1),
    }


def _replies(cases: Iterable[Case]) -> dict[str, Any]:
    found = [v.likeness for case in cases for v in case.verdicts if v.likeness]
    facts = [one.facts for one in found if one.facts is not None]
    return {
        "compared": len(found),
        "words": round(median(one.words for one in found), 3) if found else None,
        "meaning": round(median(one.meaning for one in found), 3) if found else None,
        "facts": round(sum(facts) / len(facts), 3) if facts else None,
    }


def _hours(cases: Iterable[Case]) -> float | None:
    found = [h for case in cases if (h := waited(case.past.letter.arrived, case.past.deed.answer)) is not None]
    return round(median(found), 1) if found else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
