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
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="FLOW", help="Another flow, or a file with another version of it, on the same set."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="The same flow with this model of office.yaml as well; given twice: one model beside the other."
        ),
    ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Write confusion and calibration as an SVG file.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write everything as an HTML page.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Measure a flow against labelled cases: accuracy, field scores, cost, time. Nothing is done."""
    from flows.evaluate import figures, outcomes_of

    loaded = open_office(office).require_valid()
    ours, theirs = _models(model)
    chosen, other = _thinking_with(loaded, ours), _thinking_with(loaded, theirs)
    first = outcomes_of(chosen, data, flow, labelled)
    result = {"flow": flow, "model": ours, "set": str(labelled), "cases": len(first[0])} | figures(*first)
    if against or theirs:
        from flows.comparison import compare

        changed, other_flow = _other_version(other, flow, against)
        result["against"] = {
            "flow": against or flow,
            "model": theirs,
            **compare(first, outcomes_of(changed, data, other_flow, labelled)),
        }
    _write(picture, page, result)
    if as_json:
        json_line(result)
    else:
        _print(result)


def _models(named: list[str] | None) -> tuple[str | None, str | None]:
    """The models of the first and of the second; None is the office's own, which a single one is set beside."""
    if named and len(named) > 2:
        raise typer.BadParameter("two models can be compared, not more", param_hint="--model")
    first, second = [None, *(named or [])][-2:] if named else (None, None)
    return first, second


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


def _other_version(office: Any, flow: str, against: str | None) -> tuple[Any, str]:
    """The office and the flow to compare with: another flow of it, or this flow as a file has it."""
    if against is None or against in office.flows or not against.endswith((".yaml", ".yml")):
        return office, against or flow
    from flows.compare import with_flow

    return with_flow(office, flow, Path(against)), flow


def _write(picture: Path | None, page: Path | None, figures: dict[str, Any]) -> None:
    from flows.eval_page import page_of
    from flows.eval_picture import picture as drawn
    from kontorist.core.errors import Unavailable

    for target, make in ((picture, drawn), (page, page_of)):
        try:
            if target is not None:
                target.write_text(make(figures), encoding="utf-8")
        except OSError as error:
            raise Unavailable(f"{target} cannot be written: {error.strerror}.") from error


def _print(figures: dict[str, Any]) -> None:
    from flows.eval_page import by_language, percent

    calls = (
        f"{figures['model_calls']} model calls, {figures['tokens']} tokens, {figures['model_seconds']} s, cost {figures['cost']}"
    )
    out(f"{figures['cases']} cases, {figures['ms']} ms each, {calls}")
    out(f"right and certain: {percent(figures['right_and_certain'])} of all with a label")
    out(f"label right: {percent(figures['accuracy'])}; where it was certain: {percent(figures['accuracy_where_certain'])}")
    out(f"left to a person: {percent(figures['unclear'])}; failed: {figures['failed']}")
    if figures["languages"]:
        table("Languages", ("language", "cases", "label right"), by_language(figures))
    rows = [[n, v["cases"], percent(v["precision"]), percent(v["recall"])] for n, v in figures["labels"].items()]
    table("Labels", ("label", "cases", "precision", "recall"), rows)
    if figures["fields"]:
        table("Fields", ("field", "cases", "right"), [[n, v["cases"], percent(v["right"])] for n, v in figures["fields"].items()])
    wrong = [
        [truth, found or "–", n] for truth, row in figures["confusion"].items() for found, n in row.items() if found != truth
    ]
    if wrong:
        table("Taken for something else", ("is", "was taken for", "cases"), wrong)

    if other := figures.get("against"):
        _print_against(figures, other)


def _print_against(figures: dict[str, Any], other: dict[str, Any]) -> None:
    from flows.eval_page import name_of, sentence, side_by_side

    heads = ("", f"first: {name_of(figures)}", f"second: {name_of(other)}")
    table("Side by side", heads, side_by_side(figures, other))
    out(sentence(other))
