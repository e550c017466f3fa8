"""A connection that is down or unusually silent is told from one that rests, as it does every night and every weekend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from kontorist.core.errors import Unavailable
from kontorist.store import office_state, silence
from kontorist.store.database import Database
from kontorist.store.tables import cases

ZONE = "Europe/Berlin"
MONDAY = datetime(2026, 11, 2, tzinfo=ZoneInfo(ZONE))


def _arrive(database: Database, name: str, moments: list[datetime]) -> None:
    rows = [
        {
            "flow": "mails", "flow_version": "1", "connection": name, "source_key": f"{name}{i}", "source": "", "title": "",
            "data": {}, "state": "done", "attempts": 0, "created": at.astimezone(UTC), "updated": at.astimezone(UTC),
        }
        for i, at in enumerate(moments)
    ]  # fmt: skip
    with database.write() as connection:
        connection.execute(insert(cases), rows)
        office_state.beat(connection, name)


def _working_weeks(weeks: int, per_hour: int = 2) -> list[datetime]:
    """Mails from Monday to Friday, 8 to 18 o'clock."""
    return [
        MONDAY + timedelta(weeks=w, days=d, hours=h, minutes=60 * m // per_hour)
        for w in range(weeks)
        for d in range(5)
        for h in range(8, 18)
        for m in range(per_hour)
    ]


def _kinds(database: Database, now: datetime) -> list[str]:
    with database.read() as connection:
        return [a.kind for a in silence.alarms(connection, ZONE, now.astimezone(UTC))]


def test_a_mailbox_that_dies_on_a_monday_morning_is_seen_by_noon(database: Database) -> None:
    _arrive(database, "mailbox", _working_weeks(4))
    monday = MONDAY + timedelta(weeks=4)
    assert _kinds(database, monday + timedelta(hours=9)) == []
    assert _kinds(database, monday + timedelta(hours=12)) == ["silent"]


def test_a_night_and_a_weekend_are_no_alarm(database: Database) -> None:
    _arrive(database, "mailbox", _working_weeks(4))
    for days, hours in ((-3, 22), (-2, 12), (-1, 23), (0, 7)):
        assert _kinds(database, MONDAY + timedelta(weeks=4, days=days, hours=hours)) == []


def test_a_mailbox_with_few_mails_has_no_habits(database: Database) -> None:
    _arrive(database, "mailbox", [MONDAY + timedelta(days=3 * i) for i in range(8)])
    assert _kinds(database, MONDAY + timedelta(days=40)) == []


def test_the_sentence_says_since_when_and_how_many_would_be_usual(database: Database) -> None:
    _arrive(database, "mailbox", _working_weeks(4))
    with database.read() as connection:
        (alarm,) = silence.alarms(connection, ZONE, (MONDAY + timedelta(weeks=4, hours=12)).astimezone(UTC))
    assert alarm.sentence("de", ZONE) == (
        "mailbox ist ungewöhnlich still: seit 27.11.2026 17:30 kam nichts, üblich wären etwa 9."
    )
    assert "about 9 would be usual" in alarm.sentence("en", ZONE)


def test_a_connection_that_fails_is_down_after_a_quarter_of_an_hour(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as connection:
        office_state.beat(connection, "mailbox")
        office_state.beat(connection, "mailbox", str(Unavailable("The mail server does not answer.")))
    now = datetime.now(UTC)
    assert _kinds(database, now + timedelta(minutes=5)) == []
    assert _kinds(database, now + timedelta(minutes=20)) == ["down"]
