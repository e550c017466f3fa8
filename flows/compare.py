"""Which cases change, and how, when a flow changes: the same items through both versions, without any effect."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows import report
from flows.report import Html
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import Flow
from kontorist.core.office import Office, parse_flow
from kontorist.core.yamlfile import read_yaml

Result = Mapping[str, Any]


def with_flow(office: Office, name: str, path: Path) -> Office:
    """The office with another version of one flow. Raises ConfigurationError with every problem of the file."""
    file = read_yaml(path, str(path))
    flow: Flow | None = parse_flow(file)
    if flow is None:
        raise ConfigurationError("\n".join(map(str, sorted(file.problems))))
    return dataclasses.replace(office, flows={**office.flows, name: flow})


def differences(old: Result, new: Result) -> list[str]:
    """What is different between two results of the same item, in plain words."""
    found = [f"{what}: {old[what]} → {new[what]}" for what in ("state", "error") if old[what] != new[what]]
    asked = [", ".join((one.get("question") or {}).get("by", [])) or "whoever takes it" for one in (old, new)]
    if old["state"] == new["state"] == "unclear" and asked[0] != asked[1]:
        found.append(f"asked: {asked[0]} → {asked[1]}")
    before, after = _by_action(old), _by_action(new)
    for key in dict.fromkeys([*before, *after]):
        if key not in after:
            found.append(f"no longer proposed: {key[0]}")
        elif key not in before:
            found.append(f"newly proposed: {key[0]}")
        else:
            found += _of_proposal(key[0], before[key], after[key])
    return found


def _by_action(result: Result) -> dict[tuple[str, int], Mapping[str, Any]]:
    seen: Counter[str] = Counter()
    found = {}
    for proposal in result["proposals"]:
        found[proposal["action"], seen[proposal["action"]]] = proposal
        seen[proposal["action"]] += 1
    return found


def _of_proposal(action: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    fields = dict.fromkeys([*old["payload"], *new["payload"]])
    found = [
        f"{action} {name}: {_apart(old['payload'].get(name), new['payload'].get(name))}"
        for name in fields
        if old["payload"].get(name) != new["payload"].get(name)
    ]
    if sorted(old["approvers"]) != sorted(new["approvers"]):
        found.append(f"{action} approved by: {', '.join(old['approvers'])} → {', '.join(new['approvers'])}")
    return found


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    flat = " ".join(text.split())
    return flat if len(flat) <= 200 else flat[:197] + "…"


def _apart(old: Any, new: Any) -> str:
    """Both values, of long texts only what differs with a few words around it."""
    one, other = (v.split() if isinstance(v, str) else [_short(v)] for v in (old, new))
    if len(one) < 12 and len(other) < 12:
        return f"{_short(old)} → {_short(new)}"
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    end = next((i for i, (a, b) in enumerate(zip(one[:start:-1], other[:start:-1], strict=False)) if a != b), 0)
    around = [words[max(0, start - 3) : len(words) - max(0, end - 3)] for words in (one, other)]
    return f"… {_short(' '.join(around[0]))} → … {_short(' '.join(around[1]))}"


def compared(old: Sequence[Result], new: Sequence[Result]) -> Iterator[dict[str, Any]]:
    """One line for each item, in order: the new result's facts and what has changed."""
    for before, after in zip(old, new, strict=True):
        changes = differences(before, after)
        yield {
            "source": after["source"],
            "case": after["case"],
            "state": after["state"],
            "changed": bool(changes),
            "changes": changes,
        }


def page(flow: str, results: Sequence[Result], changes: Sequence[Mapping[str, Any]] = ()) -> str:
    """A page for people: what would be proposed for each case, with every step; and what is different, if that was asked."""
    states = Counter(r["state"] for r in results)
    parts = [report.figure(n, state) for state, n in sorted(states.items())]
    if changes:
        parts.append(report.figure(sum(c["changed"] for c in changes), f"of {len(changes)} cases change"))
    rows = []
    for i, result in enumerate(results):
        proposed = Html("<br>".join(report.e(p["sentence"]) for p in result["proposals"]) or report.e(result["error"]))
        row = [result["case"] or result["source"], result["state"], Html(proposed.text + _trace(result).text)]
        rows.append([*row, Html("<br>".join(map(report.e, changes[i]["changes"])))] if changes else row)
    columns = ["case", "state", "what would be proposed", *(["what changes"] if changes else [])]
    return report.page(f"Simulated: {flow}. Nothing was done.", [*parts, report.table(columns, rows)])


def _trace(result: Result) -> Html:
    steps = [(s["id"], s["kind"], _short(s["output"]), s["model"], round(s["ms"], 1)) for s in result["steps"]]
    payloads = [
        (p["action"], k, _short(v), ", ".join(p["origins"].get(k, [])))
        for p in result["proposals"]
        for k, v in p["payload"].items()
    ]
    return report.details(
        f"{len(steps)} steps",
        [
            report.table(("step", "kind", "result", "model", "ms"), steps),
            report.table(("action", "field", "value", "from"), payloads),
        ],
    )
