"""Figures of a period."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Minutes(BaseModel):
    """From prepared to decided."""

    median: float
    p90: float


class SavedTime(BaseModel):
    """Time saved, and what it was worked out from."""

    hours: float
    seconds_by_hand: int
    seconds_unchanged: int
    measured: int


class FigureLine(BaseModel):
    """The figures of a flow; null where too few people or cards stand behind one."""

    flow: str
    arrived: int
    prepared: int
    approved_unchanged: int
    edited: int
    rejected: int
    unclear: int
    open: int
    oldest: datetime | None
    minutes: Minutes | None
    cost: str
    cost_per_approved: str | None
    time_saved: SavedTime | None


class FigureBar(BaseModel):
    """A day, week or month."""

    start: str
    arrived: int
    prepared: int
    approved_unchanged: int
    edited: int
    rejected: int
    unclear: int


class FiguresBody(BaseModel):
    """The figures of a period."""

    period: str
    first: str
    last: str
    people_at_least: int
    step: str
    total: FigureLine
    flows: list[FigureLine]
    over_time: list[FigureBar]
