"""`kontorist eval`: a flow against labelled cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, json_line, open_office, out, table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("eval")(evaluate)


def evaluate(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")],
    labelled: Annotated[
        Path,
        typer.Argument(metavar="SET", help="JSON lines: `file`, or `subject` and `text`; and `label`, `fields`, `language`."),
    ],
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Measure a flow against labelled cases: accuracy, field scores, cost, time. Nothing is done."""
    from flows.evaluate import evaluate as measure

    figures = measure(open_office(office).require_valid(), data, flow, labelled)
    if as_json:
        json_line(figures)
    else:
        _print(figures)


def _print(figures: dict[str, Any]) -> None:
    out(f"{figures['cases']} cases, {figures['ms']} ms each, {figures['model_calls']} model calls, {figures['tokens']} tokens")
    out(f"label right: {_percent(figures['accuracy'])}; where it was certain: {_percent(figures['accuracy_where_certain'])}")
    out(f"left to a person: {_percent(figures['unclear'])}; failed: {figures['failed']}")
    rows = [[n, v["cases"], _percent(v["precision"]), _percent(v["recall"])] for n, v in figures["labels"].items()]
    table("Labels", ("label", "cases", "precision", "recall"), rows)
    if figures["fields"]:
        table(
            "Fields", ("field", "cases", "right"), [[n, v["cases"], _percent(v["right"])] for n, v in figures["fields"].items()]
        )
    wrong = [
        [truth, found or "–", n] for truth, row in figures["confusion"].items() for found, n in row.items() if found != truth
    ]
    if wrong:
        table("Taken for something else", ("is", "was taken for", "cases"), wrong)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
