"""A schedule in words: what a cron expression means, for people who have never seen one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_DAYS = {
    "de": ("sonntags", "montags", "dienstags", "mittwochs", "donnerstags", "freitags", "samstags"),
    "en": ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"),
}
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "and": "und", "daily": "täglich", "weekdays": "werktags (Mo–Fr)", "at": "um {}", "month": "am {} jedes Monats", "nth": "{}.",
        "hour": "jede Stunde", "minutes": "alle {} Minuten", "hours": "stündlich von {} bis {}", "past": "jede Stunde um {} nach",
    },
    "en": {
        "and": "and", "daily": "daily", "weekdays": "on weekdays (Mon–Fri)", "at": "at {}", "month": "on day {} of each month",
        "nth": "{}", "hour": "every hour", "minutes": "every {} minutes", "hours": "every hour from {} to {}",
        "past": "every hour at {} past",
    },
}  # fmt: skip
_ONE = re.compile(r"\d{1,2}")


def in_words(cron: str, language: str) -> str:
    """`werktags (Mo–Fr) um 7:00`; the expression itself where it says more than can be said in a few words."""
    fields, words = cron.split(), _WORDS["de" if language.startswith("de") else "en"]
    if len(fields) != 5:
        return cron
    minute, hour, day, month, weekday = fields
    when = _times(minute, hour, words)
    days = _days(day, weekday, language, words) if month == "*" else None
    if not when or days is None:
        return cron
    return " ".join(part for part in ("" if days == words["daily"] and hour == "*" else days, when) if part)


def _times(minute: str, hour: str, words: Mapping[str, str]) -> str:
    """When on a day; empty where it cannot be said in a few words."""
    if hour == "*":
        if every := re.fullmatch(r"\*/(\d{1,2})", minute):
            return words["minutes"].format(every[1]) if int(every[1]) and 60 % int(every[1]) == 0 else ""
        return "" if not _ONE.fullmatch(minute) else words["hour"] if int(minute) == 0 else words["past"].format(int(minute))
    if not _ONE.fullmatch(minute):
        return ""
    if span := re.fullmatch(r"(\d{1,2})-(\d{1,2})", hour):
        return words["hours"].format(*(_clock(one, minute) for one in span.groups()))
    hours = _listed(hour, int)
    return words["at"].format(_joined([_clock(one, minute) for one in hours], words)) if hours else ""


def _days(day: str, weekday: str, language: str, words: Mapping[str, str]) -> str | None:
    """On which days; None where it cannot be said in a few words."""
    if day != "*":
        days = _listed(day, int) if weekday == "*" else []
        return words["month"].format(_joined([words["nth"].format(one) for one in days], words)) if days else None
    if weekday == "*":
        return words["daily"]
    if weekday.lower() in ("1-5", "mon-fri"):
        return words["weekdays"]
    names = [_DAYS["de" if language.startswith("de") else "en"][one % 7] for one in _listed(weekday, _weekday)]
    return _joined(names, words) if names else None


def _listed(field: str, number: Callable[[str], int]) -> list[int]:
    """The numbers of `1,3`; none where something else stands there."""
    try:
        return [number(one) for one in field.split(",")]
    except ValueError:
        return []


def _weekday(text: str) -> int:
    return _NAMES.index(text.lower()) if text.lower() in _NAMES else int(text)


def _clock(hour: int | str, minute: str) -> str:
    return f"{int(hour)}:{int(minute):02d}"


def _joined(parts: list[str], words: Mapping[str, str]) -> str:
    return f" {words['and']} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
