"""Working days as an office counts them: Monday to Friday without public holidays, of Germany or of one of its states."""

from __future__ import annotations

import functools
from datetime import date, timedelta
from typing import Any

STATES = ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")


@functools.cache
def _holidays(year: int, state: str, country: str) -> dict[date, str]:
    from holidays import country_holidays

    try:
        found = country_holidays(country, subdiv=state or None, years=year, language="de" if country in ("DE", "AT") else None)
    except NotImplementedError as error:
        known = f"; German states are {', '.join(STATES)}" if country == "DE" else ""
        raise ValueError(f"there are no holidays known of '{country}' '{state}'{known}") from error
    return dict(found.items())


def holiday_name(day: date, state: str = "", country: str = "DE") -> str:
    """The name of the public holiday on this day, or nothing."""
    return _holidays(day.year, state.upper(), country.upper()).get(day, "")


def is_workday(day: date, state: str = "", country: str = "DE") -> bool:
    """Whether an office works on this day."""
    return day.weekday() < 5 and not holiday_name(day, state, country)


def add_workdays(day: date, count: Any, state: str = "", country: str = "DE") -> date:
    """The day that comes so many working days later, or earlier for a negative count; 0 is the next working day from here on."""
    left, step = abs(int(count)), timedelta(days=-1 if int(count) < 0 else 1)
    if left > 3000:
        raise ValueError("more than 3000 working days are not counted")
    while left or not is_workday(day, state, country):
        day += step
        left -= left > 0 and is_workday(day, state, country)
    return day


def workdays_until(day: date, start: date, state: str = "", country: str = "DE") -> int:
    """Working days after `start` up to and including `day`; negative in the past."""
    if abs((day - start).days) > 5000:
        raise ValueError("more than 5000 days are not counted")
    first, last = sorted((start, day))
    count = sum(is_workday(first + timedelta(days=i), state, country) for i in range(1, (last - first).days + 1))
    return count if day >= start else -count
