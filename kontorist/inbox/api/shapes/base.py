"""What is common to all that the API takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[int, Field(ge=1, le=2_147_483_647)]
Words = Annotated[str, Field(max_length=4000)]


class Taken(BaseModel):
    """What comes from outside: nothing unknown, and each value of its kind."""

    model_config = ConfigDict(extra="forbid", strict=True)
