"""A shadow run's report as data: the figures, and a line for each mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select

from flows.masking import masked
from flows.people import waited
from flows.shadow import Run
from flows.shadow_compare import Case, compare
from flows.shadow_figures import figures
from kontorist.core.office import Office
from kontorist.store.database import open_database
from kontorist.store.tables import handling

ENOUGH = 20
"""So many measured approvals say something."""
ADVICE: Mapping[str, Mapping[str, str]] = {
    "en": {
        "too_few": "Too few proposals to decide: take a longer time.",
        "on": "Switch it on: people would have to correct little. Every proposal is still approved by a person.",
        "look": "Look at the differences below first; then switch it on, or mend the flow and run this again.",
        "not_yet": "Not yet: people would have to correct too much. Mend the flow and run this again.",
    },
    "de": {
        "too_few": "Zu wenige Vorschläge für eine Entscheidung: einen längeren Zeitraum nehmen.",
        "on": "Einschalten: Es gäbe wenig zu korrigieren. Jeder Vorschlag wird weiterhin von einem Menschen freigegeben.",
        "look": "Erst die Abweichungen unten ansehen; dann einschalten, oder den Ablauf verbessern und noch einmal vergleichen.",
        "not_yet": "Noch nicht: Es gäbe zu viel zu korrigieren. Den Ablauf verbessern und noch einmal vergleichen.",
    },
}


@dataclass(frozen=True)
class Report:
    """What a page or a machine is told."""

    run: Run
    cases: Sequence[Case]
    figures: dict[str, Any]


def report(office: Office, data_dir: Path, run: Run, minutes: Mapping[str, float]) -> Report:
    """The verdicts on every mail and their figures."""
    cases = compare(office, run, run.booked)
    return Report(run, cases, figures(cases, minutes, measured_approval(data_dir, run.flow)))


def measured_approval(data_dir: Path, flow: str) -> float | None:
    """The median minutes for which a card of this flow was open before it was approved; None where too little was measured."""
    if not (data_dir / "kontorist.sqlite").is_file():
        return None
    database = open_database(data_dir)
    try:
        with database.read() as connection:
            query = select(handling.c.seconds).where(handling.c.flow == flow, handling.c.outcome == "approved")
            seconds = list(connection.execute(query).scalars())
    finally:
        database.close()
    return median(seconds) / 60 if len(seconds) >= ENOUGH else None


def lines(report: Report, *, mask: bool = False) -> Iterator[dict[str, Any]]:
    """A line for each mail, and the figures as the last one."""
    hide = masked if mask else str
    for case in report.cases:
        letter = case.past.letter
        yield {
            "source": letter.source,
            "message_id": hide(letter.message_id),
            "case": hide(letter.subject),
            "state": case.past.result["state"],
            "proposed": case.proposed,
            "agrees": case.agrees,
            "hours": waited(letter.arrived, case.past.deed.answer),
            "verdicts": [
                {
                    "action": v.kind,
                    "verdict": v.verdict,
                    "step": v.step,
                    "why": v.why,
                    "would": hide(v.would),
                    "did": hide(v.did),
                    "likeness": asdict(v.likeness) if v.likeness else None,
                }
                for v in case.verdicts
            ],
            "not_comparable": list(case.others),
            "error": case.past.result["error"],
        }
    run = report.run
    yield {"flow": run.flow, "connection": run.connection, "since": run.since, "sent": run.sent, **report.figures}
