"""The figures of the office: for each flow what came, what was decided and how long it took; computed in one place for page and API."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from kontorist.core.clock import utcnow
from kontorist.store import figure_days
from kontorist.store import figures as store
from kontorist.store.database import Database
from kontorist.store.figures import Day, quantile

PERIODS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
"""Periods to choose from, in days with today."""
ENOUGH = 5
"""Fewer cases than that say nothing about time."""
_FRESH = 120.0
_NANO = 1_000_000_000


@dataclass(frozen=True)
class Saved:
    """Time saved: how long cards were open that a person had to work on, less those approved as they were, times the latter."""

    hours: float
    by_hand: int
    """Seconds, median, of cards that a person changed before approving."""
    unchanged: int
    """Seconds, median, of cards approved as they were prepared."""
    measured: int
    """How many cards were measured."""


@dataclass(frozen=True)
class Line:
    """The figures of one flow, or of the whole office."""

    flow: str
    day: Day
    open: int
    oldest: datetime | None
    minutes: tuple[float, float] | None
    """From prepared to decided: median and 90th percentile; None where too few people or cards stand behind it."""
    saved: Saved | None
    cost: Decimal

    @property
    def decided(self) -> int:
        """How many cards were decided."""
        return self.day.unchanged + self.day.edited + self.day.rejected

    @property
    def approved(self) -> int:
        """How many cards were approved, as they were or changed."""
        return self.day.unchanged + self.day.edited

    @property
    def cost_each(self) -> Decimal | None:
        """What models cost for each approved card."""
        return self.cost / self.approved if self.approved else None


@dataclass(frozen=True)
class Bar:
    """One day, week or month of the chart over time."""

    start: date
    day: Day


@dataclass(frozen=True)
class Report:
    """All figures of a period."""

    period: str
    first: date
    last: date
    people_at_least: int
    total: Line
    lines: Sequence[Line]
    bars: Sequence[Bar]
    step: str
    """day, week or month: what one bar stands for."""


@dataclass
class Figures:
    """Keeps what was counted: days that are over are counted once, the last week every two minutes."""

    _days: dict[date, dict[str, Day]] = field(default_factory=dict, repr=False)
    _recent: tuple[float, date] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def report(self, database: Database, period: str, zone: ZoneInfo, people_at_least: int) -> Report:
        """The figures of a period that ends now."""
        period = period if period in PERIODS else "30d"
        today = utcnow().astimezone(zone).date()
        first = today - timedelta(days=PERIODS[period] - 1)
        with self._lock:
            self._count(database, first, today, zone)
            kept = {day: self._days[day] for day in _dates(first, today)}
        with database.read() as connection:
            waiting = store.oldest(connection)
        flows: dict[str, Day] = {}
        for of_day in kept.values():
            for flow, counted in of_day.items():
                flows.setdefault(flow, Day()).add(counted)
        total = Day()
        for counted in flows.values():
            total.add(counted)
        names = sorted({*flows, *waiting}, key=lambda f: (-_decided(flows.get(f, Day())), f))
        lines = [_line(f, flows.get(f, Day()), waiting.get(f, (0, None)), people_at_least) for f in names]
        oldest = min((line.oldest for line in lines if line.oldest), default=None)
        step = "day" if PERIODS[period] <= 31 else "week" if PERIODS[period] <= 92 else "month"
        whole = _line("", total, (sum(line.open for line in lines), oldest), people_at_least)
        return Report(period, first, today, people_at_least, whole, lines, list(_bars(kept, step)), step)

    def _count(self, database: Database, first: date, today: date, zone: ZoneInfo) -> None:
        """Days that are over come from the store, or are counted and kept there; the last week is counted anew."""
        unknown = [d for d in _dates(first, today) if d not in self._days]
        settled = today - timedelta(days=figure_days.SETTLED)
        if old := [d for d in unknown if d <= settled]:
            self._days.update(figure_days.read(database, min(old), max(old), zone))
        fresh = self._recent is not None and self._recent[1] == today and time.monotonic() - self._recent[0] < _FRESH
        if not fresh:
            self._days.update(figure_days.live(database, settled + timedelta(days=1), today, zone))
            self._recent = (time.monotonic(), today)


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _decided(day: Day) -> int:
    return day.unchanged + day.edited + day.rejected


def _line(flow: str, day: Day, waiting: tuple[int, datetime | None], people_at_least: int) -> Line:
    enough = len(day.people) >= people_at_least
    minutes = None
    if enough and sum(day.waits.values()) >= ENOUGH:
        minutes = ((quantile(day.waits, 0.5) or 0) / 60, (quantile(day.waits, 0.9) or 0) / 60)
    return Line(flow, day, *waiting, minutes, _saved(day) if enough else None, Decimal(day.nanos) / _NANO)


def _saved(day: Day) -> Saved | None:
    """None where fewer than five cards of each kind were measured."""
    by_hand, unchanged = (day.handled.get(outcome) or Counter[int]() for outcome in ("edited", "approved"))
    if min(sum(by_hand.values()), sum(unchanged.values())) < ENOUGH:
        return None
    slow, fast = quantile(by_hand, 0.5) or 0, quantile(unchanged, 0.5) or 0
    hours = max(0, slow - fast) * day.unchanged / 3600
    return Saved(hours, slow, fast, sum(by_hand.values()) + sum(unchanged.values()))


def _bars(kept: dict[date, dict[str, Day]], step: str) -> Iterable[Bar]:
    def begin(day: date) -> date:
        return day if step == "day" else day - timedelta(days=day.weekday()) if step == "week" else day.replace(day=1)

    for start, inside in groupby(sorted(kept), key=begin):
        whole = Day()
        for day in inside:
            for counted in kept[day].values():
                whole.add(counted)
        yield Bar(start, whole)
