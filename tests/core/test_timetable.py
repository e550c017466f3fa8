"""Cron expressions in words."""

from __future__ import annotations

import pytest

from kontorist.core.timetable import in_words


@pytest.mark.parametrize(
    ("cron", "german", "english"),
    [
        ("0 7 * * 1-5", "werktags (Mo–Fr) um 7:00", "on weekdays (Mon–Fri) at 7:00"),
        ("30 7 * * mon-fri", "werktags (Mo–Fr) um 7:30", "on weekdays (Mon–Fri) at 7:30"),
        ("5 0 * * *", "täglich um 0:05", "daily at 0:05"),
        ("0 8,12,16 * * *", "täglich um 8:00, 12:00 und 16:00", "daily at 8:00, 12:00 and 16:00"),
        ("0 6 * * 1", "montags um 6:00", "Mondays at 6:00"),
        ("0 6 * * SAT,7", "samstags und sonntags um 6:00", "Saturdays and Sundays at 6:00"),
        ("15 9 1 * *", "am 1. jedes Monats um 9:15", "on day 1 of each month at 9:15"),
        ("0 9 1,15 * *", "am 1. und 15. jedes Monats um 9:00", "on day 1 and 15 of each month at 9:00"),
        ("0 * * * *", "jede Stunde", "every hour"),
        ("5 * * * *", "jede Stunde um 5 nach", "every hour at 5 past"),
        ("*/15 * * * *", "alle 15 Minuten", "every 15 minutes"),
        ("*/5 * * * 1-5", "werktags (Mo–Fr) alle 5 Minuten", "on weekdays (Mon–Fri) every 5 minutes"),
        (
            "0 8-17 * * 1-5",
            "werktags (Mo–Fr) stündlich von 8:00 bis 17:00",
            "on weekdays (Mon–Fri) every hour from 8:00 to 17:00",
        ),
    ],
)
def test_what_offices_write_is_said_in_words(cron, german, english):
    assert in_words(cron, "de") == german
    assert in_words(cron, "en") == english


@pytest.mark.parametrize(
    "cron",
    [
        "0 7 1 * 1",
        "0 7 * 3 *",
        "0 7 L * *",
        "0 7 * * 5#2",
        "*/7 * * * *",
        "0 */2 * * *",
        "1,2 * * * *",
        "0 0 * * * *",
        "",
        "nonsense",
    ],
)
def test_what_takes_more_words_stays_as_it_was_written(cron):
    assert in_words(cron, "de") == cron
