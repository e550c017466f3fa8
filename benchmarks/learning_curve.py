"""How an office gets better by being corrected: accuracy and drafts that need no change after 0, 20, 50 and 100 corrections.

A simulated approver works through mails in a shuffled order and gives every mail its right label. The office begins with the meanings
of its labels alone, without one example. Measured is on mails that the approver never saw. Writes figures and a picture into
`docs/benchmarks` when KONTORIST_BENCH_KEEP is set; `LEARNING_ORDERS` says how many orders are averaged (default 5).
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agents.base import Result, Setting, Task
from agents.classify import Classify, ClassifyOptions
from agents.draft import Draft, DraftOptions
from agents.model import open_model
from benchmarks.common import RESULTS, keep
from kontorist.reading.mail import parse_mail

ROOT = Path(__file__).resolve().parents[1]
STEPS = (0, 20, 50, 100)
_TEMPLATE = "Guten Tag,\n\nwir haben Ihre Nachricht als {label} aufgenommen und kümmern uns darum.\n\nMit freundlichen Grüßen"


@dataclass(frozen=True)
class Mail:
    """A text and what a person says it is."""

    text: str
    label: str


def mails() -> list[Mail]:
    """The labelled mails of the sample office and those of the tests, as far as their labels are the same."""
    labels = _labels()
    tests = [json.loads(x) for x in (ROOT / "tests/agents/office_mails.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [Mail(row["text"], row["label"]) for row in tests]
    for line in (ROOT / "config/eval/mailroom.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        mail = parse_mail((ROOT / "config/eval" / row["file"]).read_bytes())
        found.append(Mail(f"{mail.subject}\n{mail.text}", row["label"]))
    return [mail for mail in found if mail.label in labels and mail.text.strip()]


def _labels() -> dict[str, dict[str, str]]:
    rows = json.loads((ROOT / "tests/agents/office_labels.json").read_text(encoding="utf-8"))
    return {name: {"means": row if isinstance(row, str) else row["means"]} for name, row in rows.items()}


def measure(setting: Setting, taught: Sequence[Mail], asked: Sequence[Mail]) -> dict[str, float]:
    """Right labels, drafts that need no change, and what is left to a person, of the mails asked."""
    examples = {"mailroom/topic": [{"text": m.text, "label": m.label} for m in taught]}
    options = ClassifyOptions(text="", labels=_labels())
    known = Setting(model=setting.model, office_dir=setting.office_dir, examples=examples)
    results = [r for r in Classify().run([Task(options, {"text": m.text}, {}) for m in asked], known) if isinstance(r, Result)]
    drafts = _drafts([r.output["label"] for r in results], known)
    wanted = _drafts([m.label for m in asked], known)
    return {
        "accuracy": statistics.mean(r.output["label"] == m.label for r, m in zip(results, asked, strict=True)),
        "unchanged_drafts": statistics.mean(not r.unclear and d == w for r, d, w in zip(results, drafts, wanted, strict=True)),
        "unclear": statistics.mean(bool(r.unclear) for r in results),
    }


def _drafts(labels: Sequence[str], setting: Setting) -> list[str]:
    tasks = [Task(DraftOptions(template=_TEMPLATE.format(label=label)), {}, {}) for label in labels]
    return [r.output["text"] if isinstance(r, Result) else "" for r in Draft().run(tasks, setting)]


def runs(orders: int) -> Iterator[tuple[int, dict[str, float]]]:
    """After how many corrections, and the figures, for each order of the mails."""
    found = mails()
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(model=open_model("built-in"), office_dir=Path(folder))
        for seed in range(1, 1 + orders):
            mixed = random.Random(seed).sample(found, len(found))
            for number in STEPS:
                yield number, measure(setting, mixed[:number], mixed[max(STEPS) :])


def curve(orders: int) -> list[dict[str, float]]:
    """The mean over the orders, a row for each number of corrections."""
    all_runs = list(runs(orders))
    rows = []
    for number in STEPS:
        mine = [figures for n, figures in all_runs if n == number]
        rows.append({"corrections": number} | {k: round(statistics.mean(f[k] for f in mine), 4) for k in mine[0]})
    return rows


_LINES = {
    "accuracy": ("#1d4ed8", "right label"),
    "unchanged_drafts": ("#15803d", "draft sent unchanged"),
    "unclear": ("#b45309", "left to a person"),
}


def picture(rows: Sequence[Mapping[str, Any]]) -> str:
    """The curve as SVG."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="680" height="360" viewBox="0 0 680 360" font-family="sans-serif" font-size="13">',
        '<title>What corrections change</title><rect width="680" height="360" fill="#ffffff"/>',
    ]
    for share in range(0, 101, 20):
        parts.append(f'<path d="M60 {_y(share / 100)}H460" stroke="#e5e7eb"/>')
        parts.append(f'<text x="52" y="{_y(share / 100) + 4}" text-anchor="end" fill="#374151">{share} %</text>')
    parts += [f'<text x="{_x(number)}" y="322" text-anchor="middle" fill="#374151">{number}</text>' for number in STEPS]
    parts.append('<text x="260" y="346" text-anchor="middle" fill="#374151">corrections by the approver</text>')
    for name, (colour, title) in _LINES.items():
        points = [(_x(row["corrections"]), _y(row[name])) for row in rows]
        parts.append(
            f'<polyline points="{" ".join(f"{x},{y}" for x, y in points)}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        parts += [f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in points]
        x, y = points[-1]
        parts.append(f'<text x="{x + 12}" y="{y + 4}" fill="{colour}">{title} {rows[-1][name]:.0%}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def _x(corrections: float) -> float:
    return round(60 + corrections * 4, 1)


def _y(share: float) -> float:
    return round(300 - share * 270, 1)


def main() -> None:
    """A JSON line for each point of the curve."""
    orders = int(os.environ.get("LEARNING_ORDERS", "5"))
    rows = curve(orders)
    for row in rows:
        print(json.dumps(row), flush=True)
    found = mails()
    keep("learning", {"orders": orders, "mails": len(found), "asked": len(found) - max(STEPS), "curve": rows})
    if os.environ.get("KONTORIST_BENCH_KEEP"):
        (RESULTS / "learning.svg").write_text(picture(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
