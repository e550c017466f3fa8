"""Who is told about cards that wait, and when: the `notify:` section of office.yaml."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kontorist.core.clock import parse_duration

Occasion = Literal["new", "due", "escalated", "digest"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _time(text: str) -> str:
    time.fromisoformat(text)
    return text


class Quiet(_Shape):
    """When nobody is told anything: what happens then is told afterwards."""

    from_: str = Field("18:00", alias="from", description="in the office's time zone")
    to: str = "07:00"
    weekends: bool = True

    _times = field_validator("from_", "to")(_time)

    def holds(self, local: datetime) -> bool:
        """Whether this moment, in the office's zone, is quiet."""
        begin, end, now = time.fromisoformat(self.from_), time.fromisoformat(self.to), local.time()
        night = begin <= now < end if begin <= end else now >= begin or now < end
        return night or (self.weekends and local.weekday() >= 5)


class Channel(_Shape):
    """One way to reach people."""

    url: str = Field(repr=False, description="an Apprise address: mailto://, msteams://, slack:// …; secrets as ${NAME}")
    for_: list[str] = Field(
        alias="for", min_length=1, description="groups and people whose cards and unclear cases are told here"
    )
    on: list[Occasion] = Field(["new", "due", "escalated"], min_length=1)
    at: str = Field("08:00", description="when the digest goes out")
    language: Literal["de", "en"] | None = Field(None, description="default: the office's first language")
    details: bool = Field(False, description="name what each card would do; else numbers only, since this leaves the house")

    _at = field_validator("at")(_time)


class Notify(_Shape):
    """Messages to staff; they show where the inbox is and decide nothing."""

    link: str = Field("", description="where people reach the inbox, https://…")
    quiet: Quiet | None = None
    remind: str = Field("1h", description="how long before something is due people are told so")
    channels: dict[str, Channel] = Field(default_factory=dict)

    _duration = field_validator("remind")(lambda v: (parse_duration(v), v)[1])
