"""What a connection remembers of its mails: a cache, which stays quick and may be lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connectors.mail.seen import Seen
from kontorist.core.errors import Unavailable


def test_replies_to_an_address_are_counted_for_a_week(tmp_path: Path) -> None:
    seen, day = Seen(tmp_path / "seen.sqlite"), 86_400.0
    seen.note_reply("Karla@kunde.example", 0.0, "one")
    seen.note_reply("karla@KUNDE.example", 3 * day, "two")
    seen.note_reply("karla@kunde.example", 3 * day, "two")  # the same action again
    seen.note_reply("paul@kunde.example", 3 * day, "three")
    assert [seen.replies("karla@kunde.example", since) for since in (0.0, day, 4 * day)] == [2, 1, 0]
    seen.note_reply("karla@kunde.example", 8 * day, "four")
    assert seen.replies("karla@kunde.example", 0.0) == 2  # the first is forgotten


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM replied WHERE address = 'a' AND at >= 1",
        "DELETE FROM replied WHERE at < 1",
        "SELECT id FROM seen WHERE folder = 'a' AND generation = 'b' AND key = 'c'",
    ],
)
def test_what_is_asked_for_each_mail_reads_no_whole_table(tmp_path: Path, query: str) -> None:
    Seen(tmp_path / "seen.sqlite").note_reply("karla@kunde.example", 0.0, "one")
    with sqlite3.connect(tmp_path / "seen.sqlite") as connection:
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "SEARCH" in plan
    assert "SCAN" not in plan


def test_a_broken_cache_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "seen.sqlite").write_bytes(b"no database" * 500)
    seen = Seen(tmp_path / "seen.sqlite")
    seen.note_reply("karla@kunde.example", 0.0, "one")
    assert seen.replies("karla@kunde.example", 0.0) == 1


def test_a_cache_that_is_in_use_is_not_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mail.seen._WAIT", 0.1)
    seen = Seen(tmp_path / "seen.sqlite")
    seen.note_reply("karla@kunde.example", 0.0, "one")
    with sqlite3.connect(tmp_path / "seen.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="in use"):
            seen.replies("karla@kunde.example", 0.0)
        other.rollback()
    assert seen.replies("karla@kunde.example", 0.0) == 1
