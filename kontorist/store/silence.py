"""Connections that are down, or from which unusually little comes: a mailbox that dies silently is seen within hours.

What usually comes is counted by hour of the week over the last four weeks, in the office's time zone. A connection is
silent when so much would have come since the last item that nothing is no accident any more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from kontorist.core.clock import utcnow
from kontorist.store import office_state
from kontorist.store.tables import cases

WEEKS = 4
EXPECTED = 6.0
"""So many items must be missing: nothing at all instead of six is chance once in 400 times (Poisson)."""
AT_LEAST = 20
"""Items in the weeks before; a connection with fewer has no habits that could be known."""
DOWN = timedelta(minutes=15)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Alarm:
    """One connection that a person should look after."""

    connection: str
    kind: str
    """`down` (it cannot be read) or `silent` (it can, but nothing comes)."""
    since: datetime
    problem: str = ""
    """down: what the connection said last."""
    expected: float = 0.0
    """silent: how many items usually come in that time."""

    def sentence(self, language: str, zone: str = "UTC") -> str:
        """For people, in German or English."""
        german, local = language == "de", self.since.astimezone(ZoneInfo(zone))
        at = f"{local:%d.%m.%Y %H:%M}" if german else f"{local.day} {local:%b %Y %H:%M}"
        if self.kind == "down":
            what = f"{self.connection} ist seit {at} nicht erreichbar" if german else f"{self.connection} is down since {at}"
            return f"{what}: {self.problem}"
        count = math.floor(self.expected)
        if german:
            return f"{self.connection} ist ungewöhnlich still: seit {at} kam nichts, üblich wären etwa {count}."
        return f"{self.connection} is unusually silent: nothing has come since {at}; about {count} would be usual."


def alarms(connection: Connection, zone: str = "UTC", now: datetime | None = None) -> list[Alarm]:
    """The connections that are down or unusually silent now, by name."""
    moment = now or utcnow()
    beats = {name: beat for name, beat in office_state.heartbeats(connection).items() if isinstance(beat, Mapping)}
    found = []
    for name in sorted(beats):
        alarm = _down(name, beats[name], moment) or _silent(connection, name, zone, moment)
        if alarm is not None:
            found.append(alarm)
    return found


def _down(name: str, beat: Mapping[str, Any], now: datetime) -> Alarm | None:
    last = beat.get("ok")
    if beat.get("problem") and (last is None or now - last > DOWN):
        return Alarm(name, "down", last or beat["at"], str(beat["problem"]))
    return None


def _silent(connection: Connection, name: str, zone: str, now: datetime) -> Alarm | None:
    last = connection.execute(select(func.max(cases.c.created)).where(cases.c.connection == name)).scalar()
    if last is None or now - last < _HOUR:
        return None
    came = _arrivals(connection, name, last)
    if len(came) < AT_LEAST:
        return None
    expected = expected_between(came, last, now, ZoneInfo(zone))
    return Alarm(name, "silent", last, expected=expected) if expected >= EXPECTED else None


def _arrivals(connection: Connection, name: str, last: datetime) -> Sequence[datetime]:
    """When something came in the four weeks before the last item; a burst in one minute counts once."""
    query = select(cases.c.created).where(
        cases.c.connection == name, cases.c.created > last - timedelta(weeks=WEEKS), cases.c.created <= last
    )
    return sorted({at.replace(second=0, microsecond=0) for at in connection.execute(query).scalars()})


def expected_between(came: Sequence[datetime], start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """How many items usually come between two moments, by hour of the week."""
    weeks = max(1.0, min(float(WEEKS), (came[-1] - came[0]) / timedelta(weeks=1)))
    usual = Counter(_hour_of_week(at, zone) for at in came)
    return sum(usual[_hour_of_week(at, zone)] / weeks * share for at, share in _hours(start, end))


def _hour_of_week(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    local = at.astimezone(zone)
    return local.weekday(), local.hour


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """Each hour between two moments with the share of it that lies between them; at most two weeks."""
    at = max(start, end - timedelta(weeks=2))
    while at < end:
        following = min(at.replace(minute=0, second=0, microsecond=0) + _HOUR, end)
        yield at, (following - at) / _HOUR
        at = following
