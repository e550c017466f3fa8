"""The table of formats says what is so: nothing is wrong, no false alarm, and the page is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.formats import PAGE, counts, official_rules, page

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the files of others are not here")


def test_every_file_of_others_is_read_or_refused_as_it_should_be():
    assert {one.name: one.wrong for one in counts(DATA) if one.wrong or not one.files} == {}


def test_the_official_rules_are_named_without_a_false_alarm():
    met, missed, _, false = official_rules(DATA)
    assert false == []
    assert (met, missed) == (464, 0)


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(DATA), "run `python -m scripts.formats FOLDER`"
