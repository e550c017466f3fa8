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
    against: Annotated[str | None, typer.Option("--against", metavar="FLOW", help="Another flow, on the same set.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The same flow with this model of office.yaml as well.")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Write confusion and calibration as an SVG file.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Measure a flow against labelled cases: accuracy, field scores, cost, time. Nothing is done."""
    from flows.evaluate import figures, outcomes_of

    loaded = open_office(office).require_valid()
    first = outcomes_of(loaded, data, flow, labelled)
    result = {"flow": flow, "set": str(labelled), "cases": len(first[0])} | figures(*first)
    if picture is not None:
        _draw(picture, result)
    if against or model:
        from flows.comparison import compare

        other = outcomes_of(_thinking_with(loaded, model), data, against or flow, labelled)
        result["against"] = {"flow": against or flow, "model": model, **compare(first, other)}
    if as_json:
        json_line(result)
    else:
        _print(result)


def _thinking_with(office: Any, model: str | None) -> Any:
    """The office with another model for every agent whose step names none."""
    import dataclasses

    from kontorist.core.errors import NotFound
    from kontorist.core.problems import did_you_mean

    if model is None:
        return office
    known = {"built-in", "environment", *office.settings.models}
    if model not in known:
        raise NotFound(f"There is no model '{model}' in office.yaml{did_you_mean(model, known)}")
    flows = {name: flow.model_copy(update={"model": None}) for name, flow in office.flows.items()}
    return dataclasses.replace(office, settings=office.settings.model_copy(update={"model": model}), flows=flows)


def _draw(target: Path, figures: dict[str, Any]) -> None:
    from flows.eval_picture import picture as drawn
    from kontorist.core.errors import Unavailable

    try:
        target.write_text(drawn(figures), encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}.") from error


def _print(figures: dict[str, Any]) -> None:
    calls = f"{figures['model_calls']} model calls, {figures['tokens']} tokens, cost {figures['cost']}"
    out(f"{figures['cases']} cases, {figures['ms']} ms each, {calls}")
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

    if other := figures.get("against"):
        _print_against(figures, other)


def _print_against(figures: dict[str, Any], other: dict[str, Any]) -> None:
    second = other["second"]
    rows = [
        ["label right", _percent(figures["accuracy"]), _percent(second["accuracy"])],
        ["left to a person", _percent(figures["unclear"]), _percent(second["unclear"])],
        ["model calls", figures["model_calls"], second["model_calls"]],
        ["cost", figures["cost"], second["cost"]],
        ["ms a case", figures["ms"], second["ms"]],
    ]
    name = " ".join(filter(None, (other["flow"], other["model"] and f"with {other['model']}")))
    table("Side by side", ("", figures["flow"], name), rows)
    out(
        f"only the first is right in {len(other['only_first_right'])} cases, only the second in {len(other['only_second_right'])}: {other['verdict']}"
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
