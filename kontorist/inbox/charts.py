"""Where the parts of a chart stand; the templates draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kontorist.inbox.figures import Bar
from kontorist.store.figures import OUTCOMES

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 240, 44, 26, 12


@dataclass(frozen=True)
class Piece:
    """One outcome of one bar."""

    kind: str
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """One bar with the day, week or month it stands for."""

    start: date
    pieces: Sequence[Piece]
    middle: float
    labelled: bool
    arrived: tuple[float, float]
    """Where the point of the line of arrivals lies."""


@dataclass(frozen=True)
class Chart:
    """Stacked bars of what was decided, and a line of what came."""

    columns: Sequence[Column]
    ticks: Sequence[tuple[int, float]]
    line: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def over_time(bars: Sequence[Bar]) -> Chart:
    """The chart of a period."""
    top = _round_up(max([1, *(_decided(b) for b in bars), *(b.day.arrived for b in bars)]))
    room, floor = HEIGHT - BOTTOM - TOP, HEIGHT - BOTTOM
    step = (WIDTH - LEFT) / max(1, len(bars))
    every = math.ceil(len(bars) / 12)
    columns = []
    for i, bar in enumerate(bars):
        x, y, pieces = LEFT + i * step, float(floor), []
        for kind in OUTCOMES:
            count = getattr(bar.day, kind)
            height = count / top * room
            y -= height
            if count:
                pieces.append(Piece(kind, count, round(x + step * 0.14, 1), round(y, 1), round(step * 0.72, 1), round(height, 1)))
        point = (round(x + step / 2, 1), round(floor - bar.day.arrived / top * room, 1))
        columns.append(Column(bar.start, pieces, point[0], (len(bars) - 1 - i) % every == 0, point))
    ticks = [(n, round(floor - n / top * room, 1)) for n in _ticks(top)]
    line = " ".join(f"{x},{y}" for x, y in (c.arrived for c in columns))
    return Chart(columns, ticks, line)


def _decided(bar: Bar) -> int:
    return sum(getattr(bar.day, kind) for kind in OUTCOMES)


def _round_up(most: int) -> int:
    """The next number that divides into four even parts."""
    size = int(10 ** max(0, len(str(most)) - 2))
    return math.ceil(most / (4 * size)) * 4 * size


def _ticks(top: int) -> list[int]:
    return [top * n // 4 for n in range(5)]
