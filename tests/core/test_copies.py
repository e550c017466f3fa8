"""A copy of a frozen value with other values."""

from __future__ import annotations

import dataclasses

import pytest

from kontorist.core.copies import altered
from kontorist.core.evidence import Evidence
from kontorist.store.cases import Entry


def test_a_copy_has_the_other_values_and_leaves_the_first_as_it_was() -> None:
    first = Evidence("12", start=1, end=3)
    copy = altered(first, start=5, end=7)
    assert copy == dataclasses.replace(first, start=5, end=7)
    assert (first.start, first.end) == (1, 3)
    assert list(copy.as_dict()) == list(first.as_dict())
    with pytest.raises(AttributeError):
        copy.start = 6  # type: ignore[misc]


def test_it_copies_what_attrs_has_made_as_well() -> None:
    first = Entry("a", 0, "a", "agent", "f", {"x": 1})
    copy = altered(first, seq=4)
    assert (copy.seq, copy.output, copy.evidence, copy == first) == (4, {"x": 1}, {}, False)
    with pytest.raises(AttributeError):
        copy.seq = 5  # type: ignore[misc]
