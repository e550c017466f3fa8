"""Decisions about cards: what they take, and what becomes of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kontorist.inbox.api.shapes.base import Id, Taken, Words


class Shown(Taken):
    """The revision of an action that was before the eyes of who decides."""

    action: Id
    revision: Annotated[int, Field(ge=1, le=999_999_999)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


AllShown = Annotated[list[Shown], Field(min_length=1, max_length=100, description="every action on the card, as it was shown")]


class Approve(Taken):
    """An approval of exactly what was shown."""

    shown: AllShown
    comment: Words = Field("", description="how it was checked, where the rule asks for it")
    checked: bool = Field(False, description="the warnings that say stop were checked")


class Reject(Taken):
    """A rejection."""

    shown: AllShown
    reason: Words
    redraft: bool = False


class Changed(Taken):
    """New values of an action's fields."""

    action: Id
    fields: dict[str, Any]


class Edit(Taken):
    """A person's version of some of the card's actions."""

    shown: AllShown
    changes: Annotated[list[Changed], Field(min_length=1, max_length=100)]
    approve: bool = Field(False, description="approve it, if what is stored is exactly what was written")
    comment: Words = ""
    checked: bool = False


class Ask(Taken):
    """A question to the sender; the card rests until the answer comes."""

    shown: AllShown
    body: Annotated[str, Field(max_length=20_000)]


class HandOver(Taken):
    """To whom a card goes."""

    shown: AllShown
    to: Annotated[str, Field(max_length=100, description="a person or group of office.yaml")]
    comment: Words = ""


class Resolve(Taken):
    """What a person found out about an uncertain action."""

    shown: AllShown
    happened: bool
    comment: Words


class OneOfSeveral(Taken):
    """One card among several, with what was shown of it."""

    card: Id
    shown: AllShown


class Several(Taken):
    """Cards to approve, each by itself."""

    cards: Annotated[list[OneOfSeveral], Field(min_length=1, max_length=50)]


class Numbers(Taken):
    """Cards by their numbers."""

    cards: Annotated[list[Id], Field(min_length=1, max_length=50)]


class Decided(BaseModel):
    """What became of a decision."""

    did: Literal["approved", "first", "rejected", "redraft", "saved", "asked", "handed", "back", "settled", "resumed"] = Field(
        description="`first`: somebody else has to approve, too; `saved`: the new version has to be looked at and approved"
    )
    card: int
    next: int | None = Field(None, description="the next card of the caller")


class SeveralDone(BaseModel):
    """What became of several: those approved, and how many have to be looked at by themselves."""

    done: list[int]
    left: int


class Draft(BaseModel):
    """A first version of a question to the sender."""

    body: str
