"""Two results on one set are compared fairly, and drawn so that the picture says what the figures say."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flows.comparison import compare, mcnemar
from flows.eval_picture import picture
from flows.evaluate import Labelled, Outcome, figures


def outcome(n: int, truth: str, found: str, confidence: float = 0.9, *, unclear: bool = False, cost: str = "0") -> Outcome:
    return Outcome(
        Labelled(Path(f"{n}.eml"), truth), found, confidence, unclear, {}, 0, 0, False, Decimal(cost), decided=not unclear
    )


def test_only_the_cases_that_differ_decide() -> None:
    first = [outcome(n, "a", "a") for n in range(20)]
    second = [outcome(n, "a", "a" if n >= 8 else "b", cost="0.5") for n in range(20)]
    result = compare((first, 1.0), (second, 2.0))
    assert (len(result["only_first_right"]), result["only_second_right"]) == (8, [])
    assert result["p"] == 0.0078
    assert result["verdict"] == "the first is better"
    assert (result["first"]["cost"], result["second"]["cost"]) == (0, 10)


def test_a_small_lead_can_be_chance_and_an_unclear_case_is_no_success() -> None:
    first = [outcome(n, "a", "a") for n in range(3)]
    second = [outcome(n, "a", "a", unclear=n == 0) for n in range(3)]
    assert compare((first, 1.0), (second, 1.0))["verdict"] == "the first is ahead, but that can be chance (p = 1.00)"
    assert compare((first, 1.0), (first, 1.0))["verdict"] == "no difference"


@pytest.mark.parametrize(("b", "c", "p"), [(0, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (10, 2, 0.03857421875), (4, 4, 1.0)])
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int, p: float) -> None:
    assert mcnemar(b, c) == pytest.approx(p)
    assert mcnemar(c, b) == mcnemar(b, c)


def test_confidence_that_keeps_its_word_has_no_calibration_error() -> None:
    honest = [outcome(n, "a", "a" if n < 9 else "b", 0.9) for n in range(10)]
    boasting = [outcome(n, "a", "a" if n < 5 else "b", 0.9) for n in range(10)]
    assert figures(honest, 1)["calibration_error"] == pytest.approx(0)
    assert figures(boasting, 1)["calibration_error"] == pytest.approx(0.4)


def test_the_picture_shows_every_count_and_no_name_breaks_it() -> None:
    outcomes = [outcome(n, 'a<b&"c', "other", 0.55) for n in range(3)] + [outcome(9, "other", "other")]
    drawn = ET.fromstring(picture(figures(outcomes, 1)))
    texts = [t.text for t in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {'a<b&"c', "other", "3", "1"} <= set(texts)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 2
