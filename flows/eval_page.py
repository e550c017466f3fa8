"""An evaluation as a page: the figures, both languages apart, the picture, what was taken for something else, and a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from flows.eval_picture import picture
from flows.report import Html, figure, heading, page, paragraph, table

_LEAST = 6  # with fewer, even if all speak for one side, chance is above 5 %
_LANGUAGES = {"de": "German", "en": "English"}


def page_of(figures: Mapping[str, Any]) -> str:
    """The page of one evaluation, as `kontorist eval --json` gives it."""
    other = figures.get("against")
    what = f"on {PurePath(figures['set']).name}: {figures['cases']} cases. Nothing was done."
    if not other:
        return page(f"{name_of(figures)} {what}", _alone(figures), "en")
    first, second = f"First: {name_of(figures)}", f"Second: {name_of(other)}"
    parts = [*_comparison(figures, other), heading(first), *_alone(figures, 3), heading(second), *_alone(other["second"], 3)]
    return page(f"{name_of(figures)} and {name_of(other)} side by side, {what}", parts, "en")


def _alone(figures: Mapping[str, Any], level: int = 2) -> Iterator[Html]:
    yield from _summary(figures)
    yield Html(f"<div class='wide'>{picture(figures)}</div>")
    yield from _tables(figures, level)


def percent(value: float | None) -> str:
    """A share as people read it; a dash where there is none."""
    return "–" if value is None else f"{value:.1%}"


def by_language(figures: Mapping[str, Any]) -> list[list[Any]]:
    """Rows: language, cases, right."""
    return [
        [_LANGUAGES.get(code, code), found["cases"], percent(found["accuracy"])] for code, found in figures["languages"].items()
    ]


def side_by_side(figures: Mapping[str, Any], other: Mapping[str, Any]) -> list[list[str]]:
    """Rows: what is compared, the first, the second."""
    second = other["second"]
    rows = [
        [words, percent(figures[key]), percent(second[key])]
        for words, key in (
            ("right and certain, of all", "right_and_certain"),
            ("label right, sure or not", "accuracy"),
            ("right where it was certain", "accuracy_where_certain"),
            ("left to a person", "unclear"),
        )
    ]
    for code, found in figures["languages"].items():
        theirs = second["languages"].get(code, {})
        rows.append([f"label right, {_LANGUAGES.get(code, code)}", percent(found["accuracy"]), percent(theirs.get("accuracy"))])
    for name, found in figures["fields"].items():
        rows.append([f"{name} right", percent(found["right"]), percent(second["fields"].get(name, {}).get("right"))])
    counts = (
        ("failed", "failed"),
        ("model calls", "model_calls"),
        ("of these without a usable answer: the built-in model answered", "fell_back"),
        ("tokens", "tokens"),
        ("cost", "cost"),
        ("seconds in the model", "model_seconds"),
        ("ms a case", "ms"),
    )
    return rows + [[words, str(figures[key]), str(second[key])] for words, key in counts]


def name_of(figures: Mapping[str, Any]) -> str:
    """A flow, and the model if one was named."""
    return " ".join(filter(None, (str(figures["flow"]), figures.get("model") and f"with {figures['model']}")))


def sentence(other: Mapping[str, Any]) -> str:
    """Who is right where the other is not, and whether that can be chance."""
    first, second = len(other["only_first_right"]), len(other["only_second_right"])
    few = " So few differing cases prove nothing: take a larger set." if first + second < _LEAST else ""
    return (
        f"Right and certain in the first only: {first} cases; in the second only: {second}. {other['verdict'].capitalize()}.{few}"
    )


def _summary(figures: Mapping[str, Any]) -> Iterator[Html]:
    labelled = sum(sum(row.values()) for row in figures["confusion"].values())
    yield figure(percent(figures["right_and_certain"]), f"right and certain, of {labelled} cases with a label")
    yield figure(percent(figures["accuracy"]), "label right, sure or not")
    yield figure(percent(figures["accuracy_where_certain"]), "right where it was certain")
    yield figure(percent(figures["unclear"]), "left to a person")
    yield figure(f"{figures['ms']:g} ms" if figures["ms"] < 1000 else f"{figures['ms'] / 1000:.1f} s", "a case")
    spent = f"model calls, {figures['tokens']} tokens, {figures['model_seconds']:g} s, cost {figures['cost']}"
    yield figure(figures["model_calls"], spent)
    if figures["fell_back"]:
        yield figure(figures["fell_back"], "of them without a usable answer: the built-in model answered")
    if figures["failed"]:
        yield figure(figures["failed"], "failed")


def _tables(figures: Mapping[str, Any], level: int) -> Iterator[Html]:
    if figures["languages"]:
        yield heading("Languages", level)
        yield table(("language", "cases", "label right"), by_language(figures))
    yield heading("Labels", level)
    yield paragraph(
        "Precision: of the cases that got this label, how many are right. Recall: of the cases that have it, how many got it."
    )
    rows = [[n, v["cases"], percent(v["precision"]), percent(v["recall"])] for n, v in figures["labels"].items()]
    yield table(("label", "cases", "precision", "recall"), rows)
    if figures["fields"]:
        yield heading("Fields", level)
        yield table(("field", "cases", "right"), [[n, v["cases"], percent(v["right"])] for n, v in figures["fields"].items()])


def _comparison(figures: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Html]:
    yield paragraph(
        sentence(other)
        + " (McNemar’s exact test on the cases where only one is right; a label that a person has to choose counts as not right.)"
    )
    yield table(("", f"first: {name_of(figures)}", f"second: {name_of(other)}"), side_by_side(figures, other))
    for words, key in (("Only the first is right", "only_first_right"), ("Only the second is right", "only_second_right")):
        if other[key]:
            yield heading(words)
            yield table(("case",), [[PurePath(one).name] for one in other[key]])
