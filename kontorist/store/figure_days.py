"""Figures of days that are over: counted once and kept, so that a year of them costs no look at a million cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError
from kontorist.store import figures
from kontorist.store.database import Database
from kontorist.store.figures import OUTCOMES, Day
from kontorist.store.many import insert_new
from kontorist.store.tables import cases, events, figure_days

Counted = dict[date, dict[str, Day]]
"""Day → flow → what happened."""

SETTLED = 8
"""Days; an approval lives for a week, so what was decided before does not change any more."""
_AT_ONCE = 14
_NUMBERS = ("arrived", "prepared", *OUTCOMES, "unclear", "nanos")


def read(database: Database, first: date, last: date, zone: ZoneInfo) -> Counted:
    """Days that are over; what nobody has counted yet is counted now and kept."""
    with database.read() as connection:
        found = _kept(connection, first, last)
    for start, end in _gaps(first, last, found):
        found.update(count(database, start, end, zone))
    return found


def live(database: Database, first: date, last: date, zone: ZoneInfo) -> Counted:
    """The days up to today as they are now; of them nothing is kept."""
    with database.read() as connection:
        return _counted(connection, first, last, zone)


def keep_up(database: Database, zone: ZoneInfo, portions: int = 4) -> int:
    """Count some of the days that are over and that nobody has counted yet, the newest first; returns how many."""
    last = utcnow().astimezone(zone).date() - timedelta(days=SETTLED)
    with database.read() as connection:
        oldest = connection.execute(select(func.min(cases.c.created))).scalar()
        if oldest is None:
            return 0
        known = select(figure_days.c.day).where(figure_days.c.flow == "")
        found = dict.fromkeys(date.fromisoformat(d) for d in connection.execute(known).scalars())
    gaps = list(_gaps(oldest.astimezone(zone).date(), last, found))[::-1][:portions]
    return sum(len(count(database, start, end, zone)) for start, end in gaps)


def count(database: Database, first: date, last: date, zone: ZoneInfo) -> Counted:
    """Count days that are over, and keep them where the store can be written."""
    with database.read() as connection:
        # two pairs of eyes may lie days apart, and it is the second that counts: so look on for that long
        wide = _counted(connection, first, last + timedelta(days=SETTLED), zone)
    found = {d: wide[d] for d in _dates(first, last)}
    with suppress(KontoristError), database.write() as connection:
        connection.execute(insert_new(connection, figure_days), [row for d, flows in found.items() for row in _rows(d, flows)])
    return found


def _counted(connection: Connection, first: date, last: date, zone: ZoneInfo) -> Counted:
    found: Counted = {d: {} for d in _dates(first, last)}
    start = datetime.combine(first, time.min, zone)
    end = min(datetime.combine(last + timedelta(days=1), time.min, zone), utcnow() + timedelta(seconds=1))
    for (day, flow), counted in figures.days(connection, start, end, zone, _salt(connection)).items():
        found.setdefault(day, {})[flow] = counted
    return found


def _kept(connection: Connection, first: date, last: date) -> Counted:
    query = select(figure_days).where(figure_days.c.day >= first.isoformat(), figure_days.c.day <= last.isoformat())
    found: Counted = {}
    for row in connection.execute(query):
        flows = found.setdefault(date.fromisoformat(row.day), {})
        if row.flow:
            flows[row.flow] = _day(row)
    return found


def _gaps(first: date, last: date, found: Mapping[date, Any]) -> Iterator[tuple[date, date]]:
    """Stretches of days that are not among those found, none of them long."""
    start: date | None = None
    for day in _dates(first, last):
        if day in found:
            if start:
                yield start, day - timedelta(days=1)
            start = None
            continue
        start = start or day
        if (day - start).days + 1 == _AT_ONCE:
            yield start, day
            start = None
    if start:
        yield start, last


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _rows(day: date, flows: Mapping[str, Day]) -> Iterator[dict[str, Any]]:
    for flow, counted in {"": Day(), **flows}.items():
        more = {"waits": _pairs(counted.waits), "handled": {k: _pairs(v) for k, v in counted.handled.items()}}
        numbers = {name: getattr(counted, name) for name in _NUMBERS}
        written = json.dumps({**more, "people": sorted(counted.people)}, separators=(",", ":"))
        yield {"day": day.isoformat(), "flow": flow, **numbers, "more": written}


def _day(row: Any) -> Day:
    more = json.loads(row.more)
    handled = {k: Counter(dict(map(tuple, v))) for k, v in more["handled"].items()}
    numbers = {name: getattr(row, name) for name in _NUMBERS}
    return Day(**numbers, waits=Counter(dict(map(tuple, more["waits"]))), handled=handled, people=set(more["people"]))


def _pairs(counter: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counter.items())


def _salt(connection: Connection) -> str:
    """What marks of people are made with, of this office alone: the hash of its first event."""
    return str(connection.execute(select(events.c.hash).where(events.c.seq == 1)).scalar() or "")
