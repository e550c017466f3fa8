"""Patterns that look at text from outside: none of them costs the square of its length."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents._draft.facts import _CODE
from agents._extract.counted import _tidy
from agents._extract.hints import _TAKEN
from agents._model.pseudonyms import Pseudonyms
from flows.alike import facts
from flows.masking import masked
from flows.said import bare
from kontorist.einvoice import labels
from tests.growth import LINEAR, growth

WORK: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "pseudonyms": (lambda text: Pseudonyms().hide(text), ("a", "a@", "RE-", "A'", "9 ")),
    "masked text": (masked, ("a-", "9-", "a")),
    "what was asked": (lambda text: bare(text, "", ()), ("a", "a-", "a@", ".")),
    "facts of a letter": (facts, ("a-", "1.", "-")),
    "numbers of a draft": (_CODE.findall, (".", "a-", "9.", "./")),
    "numbers in a line": (_TAKEN.search, ("9", " ")),
    "the words of a row": (_tidy, ("()", "a" + " " * 500)),
    "the sender of an invoice": (labels.SENDER.findall, (" ", "   1", "aaa   ", "aaa   a1   ", "aaa" + " " * 90 + "\n")),
    "the number of an invoice": (labels.CODE.findall, ("EUR", "A-", ".")),
}


@pytest.mark.parametrize(("subject", "seed"), [(subject, seed) for subject, (_, seeds) in WORK.items() for seed in seeds])
def test_a_pattern_costs_no_more_than_the_length_of_the_text(subject: str, seed: str) -> None:
    look = WORK[subject][0]
    length = 100 if "sender" in subject else 2_000  # eight hundred blanks took it a minute
    assert growth(lambda n: look((seed * n)[:n] + "!"), length) < LINEAR


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Muster GmbH • Am Kai 1 • 24103 Kiel", ("Muster GmbH", "Am Kai 1", "24103", "Kiel")),
        ("  Muster & Co. - Am Kai 12 a - D-24103 Kiel", ("Muster & Co.", "Am Kai 12 a", "24103", "Kiel")),
        ("Muster GmbH" + " " * 40 + "Am Kai 1" + " " * 20 + "24103 Kiel", ("Muster GmbH", "Am Kai 1", "24103", "Kiel")),
        ("Muster GmbH, Am Kai 1, 24103 Kiel", ("Muster GmbH", "Am Kai 1", "24103", "Kiel")),
    ],
)
def test_the_sender_of_an_invoice_is_found(line: str, found: tuple[str, ...]) -> None:
    assert [tuple(map(str.strip, one)) for one in labels.SENDER.findall(line)] == [found]


def test_numbers_are_still_hidden_wherever_they_stand() -> None:
    assert masked("Code x-1234/56- and 2026, " + "a" * 200 + "1234") == "Code […]- and 2026, […]"
    assert Pseudonyms().hide("an anna.meier@kunde.example.") == "an [EMAIL_1]."
