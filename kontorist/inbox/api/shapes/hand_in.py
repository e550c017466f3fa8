"""Files that are handed in."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Taker(BaseModel):
    """A flow that takes files."""

    flow: str
    pattern: str = Field(description="which names it takes: `*.pdf`")
    max_size: int = Field(description="bytes")


class HandedIn(BaseModel):
    """What became of a file that was handed in."""

    cases: list[int]
    before: int = Field(description="how many things in it had been handed in before")
