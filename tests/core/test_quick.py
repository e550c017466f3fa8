"""Dataclasses that are made quickly are the same in everything else."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass, field

import pytest

from kontorist.core.quick import quick


@quick
@dataclass(frozen=True)
class Place:
    """With a field of each kind."""

    name: str
    parts: list[str] = field(default_factory=list)
    page: int | None = None
    hidden: str = field(default="x", repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.name == "":
            raise ValueError("a place has a name")
        object.__setattr__(self, "name", self.name.strip())


def test_it_is_made_with_its_defaults() -> None:
    one, other = Place(" a "), Place(name="b", page=2, parts=["c"])
    assert (one.name, one.parts, one.page, one.hidden) == ("a", [], None, "x")
    assert (other.name, other.parts, other.page) == ("b", ["c"], 2)
    one.parts.append("only here")
    assert Place("c").parts == [], "a list of its own"
    with pytest.raises(ValueError, match="has a name"):
        Place("")


def test_it_is_frozen_compared_copied_and_pickled_as_before() -> None:
    one = Place("a", ["b"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"  # type: ignore[misc]
    assert one == Place("a", ["b"], None, "other") != Place("a")
    assert dataclasses.replace(one, page=3) == Place("a", ["b"], 3)
    assert pickle.loads(pickle.dumps(one)) == one
    assert repr(one) == "Place(name='a', parts=['b'], page=None)"


@pytest.mark.parametrize("given", [(), ("a", [], 1, "x", "more"), ("a", {"no": 1})])
def test_wrong_arguments_are_refused(given: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Place(*given[:-1], **given[-1]) if given and isinstance(given[-1], dict) else Place(*given)  # type: ignore[arg-type]


def test_what_it_knows_nothing_of_is_refused() -> None:
    @dataclass(frozen=True)
    class Other:
        name: str = field(kw_only=True)

    with pytest.raises(TypeError, match="knows nothing"):
        quick(Other)
