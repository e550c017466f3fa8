"""Classifies office mails and the questions of banking77 (77 classes) with few examples a class: accuracy, calibration, time, memory.

`KONTORIST_BENCH_DATA` names the folder that holds `classify/banking77/train.csv`; default: `../shared/data` beside the checkout.
The split is our own: the first texts of a shuffled order (fixed seed) are examples, the others are asked.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agents._builtin.labels import Finding, Label, find
from agents.base import Result, Setting, Task
from agents.classify import Classify, ClassifyOptions
from agents.model import open_model
from benchmarks.common import environment, keep

_EXAMPLES = 10
_ASKED_A_CLASS = 20
_SPLITS = int(os.environ.get("CLASSIFY_SPLITS", "1"))
_PUBLISHED = 0.85
"""What is published for banking77 at ten examples a class (few-shot intent encoders, with training on a GPU)."""
_SURE = 0.7


def rows() -> Mapping[str, list[str]]:
    """The texts of each class; empty when the data is not there."""
    folder = Path(os.environ.get("KONTORIST_BENCH_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
    file = folder / "classify/banking77/train.csv"
    found: dict[str, list[str]] = defaultdict(list)
    if file.is_file():
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found[row["category"]].append(row["text"])
    return found


def split(found: Mapping[str, list[str]], examples: int, asked: int, seed: int) -> tuple[list[Label], list[tuple[str, str]]]:
    """Labels with so many examples each and their name as meaning; and the texts to ask with their class."""
    chance = random.Random(seed)
    labels, questions = [], []
    for name, texts in sorted(found.items()):
        mixed = chance.sample(texts, len(texts))
        labels.append(Label(name, [name.replace("_", " ")], mixed[:examples]))
        questions += [(name, text) for text in mixed[examples : examples + asked]]
    return labels, questions


def calibration_error(findings: Sequence[Finding], truths: Sequence[str], bands: int = 10) -> float:
    """The expected calibration error: how far, on average, confidence and the share of right answers are apart."""
    by_band: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for finding, truth in zip(findings, truths, strict=True):
        by_band[min(bands - 1, int(finding.confidence * bands))].append((finding.confidence, finding.label == truth))
    gaps = [abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in by_band.values()]
    return sum(gaps) / len(truths)


def measure(found: Mapping[str, list[str]], seed: int) -> dict[str, float]:
    """The figures of one split."""
    labels, questions = split(found, _EXAMPLES, _ASKED_A_CLASS, seed)
    find(labels, ["warm up"])
    texts, truths = [t for _, t in questions], [n for n, _ in questions]
    wall, cpu = time.perf_counter(), time.process_time()
    findings = find(labels, texts)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    right = [f.label == truth for f, truth in zip(findings, truths, strict=True)]
    sure = [r for r, f in zip(right, findings, strict=True) if f.confidence >= _SURE]
    return {
        "accuracy": sum(right) / len(right),
        "sure": len(sure) / len(right),
        "accuracy_where_sure": sum(sure) / max(1, len(sure)),
        "calibration_error": calibration_error(findings, truths),
        "ms": wall * 1000 / len(texts),
        "cpu_ms": cpu * 1000 / len(texts),
    }


def office() -> dict[str, float]:
    """The 106 German and English office mails in eight classes, three examples and a sentence of meaning a class; memory used."""
    folder = Path(__file__).resolve().parents[1] / "tests/agents"
    known = json.loads((folder / "office_labels.json").read_text(encoding="utf-8"))
    mails = [json.loads(line) for line in (folder / "office_mails.jsonl").read_text(encoding="utf-8").splitlines()]
    options = ClassifyOptions(text="{{ mail.text }}", labels=known)
    before = _resident()
    results = Classify().run(
        [Task(options, {"text": mail["text"]}, {}) for mail in mails], Setting(open_model("built-in"), folder, ("de", "en"))
    )
    kept = [r for r in results if isinstance(r, Result)]
    right = [r.output["label"] == mail["label"] for r, mail in zip(kept, mails, strict=True)]
    sure = [ok for ok, r in zip(right, kept, strict=True) if not r.unclear]
    return {
        "accuracy": sum(right) / len(mails),
        "sure": len(sure) / len(mails),
        "accuracy_where_sure": sum(sure) / max(1, len(sure)),
        "memory_mb": _resident() - before,
    }


def _resident() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """One split (CLASSIFY_SPLITS=3 for three); a JSON line for each figure."""
    offices = {name: round(value, 4) for name, value in office().items()}
    for name, value in offices.items():
        unit = "MB" if name == "memory_mb" else "share"
        line = {"name": f"office mails, 3 examples: {name}", "value": value, "unit": unit, "baseline": "", "ratio": None}
        print(json.dumps(line), flush=True)
    found = rows()
    if not found:
        sys.stderr.write(
            "banking77 is not here; set KONTORIST_BENCH_DATA to the folder that holds classify/banking77/train.csv\n"
        )
        return
    runs = [measure(found, seed) for seed in range(1, 1 + _SPLITS)]
    figures = {name: round(sum(run[name] for run in runs) / len(runs), 4) for name in runs[0]}
    for name, value in figures.items():
        unit = "ms" if name.endswith("ms") else "share"
        baseline = f"published: {_PUBLISHED}" if name == "accuracy" else ""
        ratio = round(value / _PUBLISHED, 3) if name == "accuracy" else None
        line = {
            "name": f"banking77 {_EXAMPLES} examples: {name}",
            "value": value,
            "unit": unit,
            "baseline": baseline,
            "ratio": ratio,
        }
        print(json.dumps(line), flush=True)
    keep(
        "classify",
        {
            "environment": environment(),
            "office": offices,
            "banking77": figures,
            "examples_a_class": _EXAMPLES,
            "classes": len(found),
        },
    )


if __name__ == "__main__":
    main()
