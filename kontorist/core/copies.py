"""Copies of frozen values, of which a case has dozens."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def altered(made: T, **values: Any) -> T:
    """`dataclasses.replace` in a fifth of the time, for one that checks nothing when it is made: a copy with these values in place of its own."""
    other = object.__new__(type(made))
    other.__dict__.update(made.__dict__)
    other.__dict__.update(values)
    return other
