"""Measures a flow against cases whose right answers a person has written down: what it says, what it leaves open, what it costs.

A set is a file of JSON lines: `file` (relative to the set) or `subject`, `text` and `from`; and what is right: `label`, `fields`,
`language`. The flow runs as in a simulation; nothing is done.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.simulate import simulate
from kontorist.core.errors import NotReadable
from kontorist.core.office import Office


@dataclass(frozen=True)
class Labelled:
    """One case of a set with what is right."""

    file: Path
    label: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True)
class Outcome:
    """What the flow made of a case."""

    truth: Labelled
    label: str | None
    confidence: float
    unclear: bool
    fields: Mapping[str, Any]
    calls: int
    tokens: int
    failed: bool
    cost: Decimal = Decimal(0)
    model_ms: int = 0
    fell_back: int = 0
    """How often the language model failed and the built-in one answered in its place."""
    decided: bool = True
    """Whether the label was sure enough to go on with; what the flow leaves to a person behind it is no doubt about the label."""


def read_set(path: Path, folder: Path) -> list[Labelled]:
    """The cases of a set; texts without a file become mails in `folder`. Raises NotReadable with the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotReadable(f"{path} cannot be read: {error}. A set is a file of JSON lines in UTF-8.") from error
    return [_labelled(path, n, json_text, folder) for n, json_text in enumerate(lines, 1) if json_text.strip()]


def _labelled(path: Path, number: int, text: str, folder: Path) -> Labelled:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise NotReadable(f"{path}:{number}: this is no JSON: {error}.") from error
    if not isinstance(row, dict) or not (row.get("file") or row.get("text") or row.get("subject")):
        raise NotReadable(f"{path}:{number}: a case needs `file`, or `subject` and `text`.")
    file = _file(path, number, row, folder)
    return Labelled(file, row.get("label"), row.get("fields") or {}, str(row.get("language") or ""))


def _file(path: Path, number: int, row: Mapping[str, Any], folder: Path) -> Path:
    if row.get("file"):
        found = next((p for p in (path.parent / row["file"], Path(row["file"])) if p.is_file()), None)
        if found is None:
            raise NotReadable(f"{path}:{number}: the file {row['file']} is not there, beside the set or here.")
        return found
    mail = EmailMessage()
    mail["Subject"] = " ".join(str(row.get("subject") or "").split())
    mail["From"] = str(row.get("from") or "somebody@evaluation.example")
    mail["Message-ID"] = f"<{number}@evaluation.example>"
    mail.set_content(str(row.get("text") or ""))
    written = folder / f"{number:06d}.eml"
    written.write_bytes(mail.as_bytes())
    return written


def evaluate(office: Office, data_dir: Path, flow: str, path: Path) -> dict[str, Any]:
    """The figures of a flow on a set: the keys of `kontorist eval --json`."""
    outcomes, seconds = outcomes_of(office, data_dir, flow, path)
    return {"flow": flow, "set": str(path), "cases": len(outcomes)} | figures(outcomes, seconds)


def outcomes_of(office: Office, data_dir: Path, flow: str, path: Path) -> tuple[list[Outcome], float]:
    """What a flow makes of each case of a set, and the seconds it took."""
    with TemporaryDirectory(prefix="kontorist-eval-") as folder:
        truths = read_set(path, Path(folder))
        started = time.perf_counter()
        found = {str(result["source"]): result for result in simulate(office, data_dir, flow, [t.file for t in truths])}
        seconds = time.perf_counter() - started
    return [_outcome(truth, found.get(str(truth.file))) for truth in truths], seconds


def _outcome(truth: Labelled, result: Mapping[str, Any] | None) -> Outcome:
    steps: Sequence[Mapping[str, Any]] = result["steps"] if result else []
    outputs = [s["output"] for s in steps if isinstance(s.get("output"), dict)]
    chosen: dict[str, Any] = next((o for o in outputs if "label" in o and "scores" in o), {})
    doubted = any(s["output"] is chosen for s in steps if s["kind"] == "unclear")
    used: list[Mapping[str, Any]] = [s["usage"] for s in steps if s.get("usage")]
    return Outcome(
        truth,
        chosen.get("label") or None,
        float(chosen.get("confidence") or 0.0),
        result is None or result["state"] == "unclear",
        {key: value for output in outputs for key, value in _flat(output)},
        len(used),
        sum(int(u.get("prompt_tokens") or 0) + int(u.get("completion_tokens") or 0) for u in used),
        result is None or result["state"] == "failed",
        sum((Decimal(str(u.get("cost") or 0)) for u in used), Decimal(0)),
        sum(int(u.get("ms") or 0) for u in used),
        sum(bool(u.get("fell_back")) for u in used),
        bool(chosen) and not doubted,
    )


def _flat(output: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of an output, those of an invoice too: `number`, `invoice.number`, `seller.name`."""
    for key, value in output.items():
        yield key, value
        if isinstance(value, Mapping):
            for below, inner in value.items():
                yield f"{key}.{below}", inner
                if key == "invoice":
                    yield below, inner
                    if isinstance(inner, Mapping):
                        yield from ((f"{below}.{k}", v) for k, v in inner.items())


def figures(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """Accuracy, labels, fields, calibration, languages and what it cost."""
    labelled = [o for o in outcomes if o.truth.label is not None]
    certain = [o for o in labelled if o.decided]
    return {
        "accuracy": _share(_right(o) for o in labelled),
        "accuracy_where_certain": _share(_right(o) for o in certain),
        "right_and_certain": _share(_right(o) and o.decided for o in labelled),
        "unclear": _share(o.unclear for o in outcomes),
        "failed": sum(o.failed for o in outcomes),
        "labels": _by_label(labelled),
        "confusion": _confusion(labelled),
        "calibration": _calibration(labelled),
        "calibration_error": _calibration_error(labelled),
        "languages": _by_language(labelled),
        "fields": _by_field(outcomes),
        "model_calls": sum(o.calls for o in outcomes),
        "tokens": sum(o.tokens for o in outcomes),
        "model_seconds": round(sum(o.model_ms for o in outcomes) / 1000, 1),
        "fell_back": sum(o.fell_back for o in outcomes),
        "cost": sum((o.cost for o in outcomes), Decimal(0)),
        "ms": round(seconds * 1000 / max(1, len(outcomes)), 1),
    }


def _share(found: Iterable[bool]) -> float | None:
    listed = list(found)
    return round(sum(listed) / len(listed), 4) if listed else None


def _right(outcome: Outcome) -> bool:
    return outcome.label == outcome.truth.label


def _by_label(labelled: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    names = sorted({str(o.truth.label) for o in labelled} | {o.label for o in labelled if o.label})
    return {
        name: {
            "cases": sum(o.truth.label == name for o in labelled),
            "precision": _share(_right(o) for o in labelled if o.label == name),
            "recall": _share(_right(o) for o in labelled if o.truth.label == name),
        }
        for name in names
    }


def _confusion(labelled: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for o in labelled:
        table[str(o.truth.label)][o.label or ""] += 1
    return {truth: dict(found) for truth, found in sorted(table.items())}


def _calibration(labelled: Sequence[Outcome]) -> list[dict[str, Any]]:
    """In ten bands of confidence: how sure it was, and how often it was right."""
    bands: dict[int, list[Outcome]] = defaultdict(list)
    for o in labelled:
        bands[min(9, int(o.confidence * 10))].append(o)
    return [
        {
            "from": band / 10,
            "cases": len(found),
            "sure": round(sum(o.confidence for o in found) / len(found), 3),
            "right": _share(map(_right, found)),
        }
        for band, found in sorted(bands.items())
    ]


def _calibration_error(labelled: Sequence[Outcome]) -> float | None:
    """How far confidence and success lie apart, on average over all cases (expected calibration error); 0 is perfect."""
    if not labelled:
        return None
    gaps: list[float] = [band["cases"] * abs(band["sure"] - (band["right"] or 0)) for band in _calibration(labelled)]
    return round(float(sum(gaps)) / len(labelled), 4)


def _by_language(labelled: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    languages = sorted({o.truth.language for o in labelled if o.truth.language})
    return {
        code: {
            "cases": sum(o.truth.language == code for o in labelled),
            "accuracy": _share(_right(o) for o in labelled if o.truth.language == code),
        }
        for code in languages
    }


def _by_field(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    asked: dict[str, list[bool]] = defaultdict(list)
    for o in outcomes:
        for name, wanted in o.truth.fields.items():
            asked[name].append(_same(o.fields.get(name), wanted))
    return {name: {"cases": len(found), "right": _share(found)} for name, found in sorted(asked.items())}


def _same(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    try:
        return Decimal(str(found)) == Decimal(str(wanted))
    except InvalidOperation:
        return " ".join(str(found).split()).casefold() == " ".join(str(wanted).split()).casefold()
