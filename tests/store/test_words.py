"""Search over everything: words of mails and documents, accents and case aside, and nothing of what was forgotten."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st

from kontorist.store import forgetting, taking_in, words
from kontorist.store.database import migrate
from kontorist.store.taking_in import NewCase
from tests.store.offices import propose


def found(database, said: str) -> list[int]:
    with database.read() as connection:
        return sorted(connection.execute(words.matching(connection, said)).scalars())


def mail(said: str, name: str = "Karla Müller") -> dict:
    return {"mail": {"from": {"name": name, "address": "karla@nordwind-versand.example"}, "text": said}}


def take_in(database, *data: dict) -> list[int]:
    new = [NewCase("a", "v", "mailbox", f"key-{i}", f"INBOX {i}", f"Subject {i}", d) for i, d in enumerate(data)]
    with database.write() as connection:
        return taking_in.take_in(connection, new, "test")


def take_in_more(database, data: dict) -> list[int]:
    with database.write() as connection:
        return taking_in.take_in(connection, [NewCase("a", "v", "mailbox", "more", "INBOX 9", "Subject", data)], "test")


def test_every_word_has_to_occur_and_may_be_begun_only(database) -> None:
    one, two = take_in(database, mail("Wo bleibt Auftrag 47001?"), mail("Rechnung RE-2026/1187 über 1.759,42 EUR"))
    assert found(database, "auftrag") == [one]
    assert found(database, "MULLER") == [one, two]
    assert found(database, "nordwind 47001") == [one]
    assert found(database, "re-2026/1187") == [two]
    assert found(database, "rech 1.759,42") == [two]
    assert found(database, "auftrag rechnung") == []


def test_what_looks_like_a_query_is_only_words(database) -> None:
    (one,) = take_in(database, mail('say "hello" OR NEAR(x) & | ! :* and words:y'))
    for said in ('"hello"', "OR", "NEAR(x)", "words:y", "& | !", "'); DROP TABLE cases; --", "hello*", "\0"):
        assert found(database, said) in ([one], []), said
    assert found(database, "hello near") == [one]


def test_what_was_proposed_is_found_too(database) -> None:
    action = propose(database, payload={"body": "Sehr geehrte Frau Straßburger", "amount": "12.50"})
    assert found(database, "strassburger") == [action.case_id]


def test_what_was_forgotten_is_found_no_more(database) -> None:
    (one,) = take_in(database, mail("Gundula"))
    assert found(database, "gundula") == [one]
    with database.write() as connection:
        forgetting.empty(connection, [one], "test")
    assert found(database, "gundula") == []
    assert found(database, "karla") == []


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Müller-Straße 4", "muller strasse 4"),
        ("MU\u0308LLER  É_é", "muller e e"),  # the accent as a character of its own
        ("ﬁnanzen ①", "finanzen 1"),
        ("naïve\n\tcafé’s", "naive cafe s"),
        (f"{'x' * 61} {'ü' * 70} kurz", f"{'x' * 60} {'u' * 60} kurz"),
        ("", ""),
    ],
)
def test_words_are_folded(written: str, plain: str) -> None:
    assert words.folded(written) == plain


@given(st.text(max_size=80))
def test_folding_keeps_no_accent_and_no_long_word_and_changes_nothing_a_second_time(written: str) -> None:
    plain = words.folded(written)
    assert not any(unicodedata.combining(c) for c in plain)
    assert all(0 < len(w) <= 60 for w in plain.split(" ")) or plain == ""
    # a letter may decompose into one that can be folded once more (title case of some scripts): words stay words
    assert words.folded(plain).split() == plain.casefold().split() or not plain.isascii()


def test_an_office_of_before_finds_what_it_found(database) -> None:
    ours = Config()
    ours.set_main_option("script_location", str(Path(words.__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        ours.attributes["connection"] = connection
        command.downgrade(ours, "0008")
    one, two = take_in(database, mail("Wo bleibt Auftrag 47001?"), mail("Straße der Жуков, 漢字 Ø17"))
    migrate(database)
    (three,) = take_in_more(database, mail("Auftrag 47002, Ø18"))
    assert found(database, "auft") == [one, three]
    assert [found(database, said) for said in ("strasse", "жук", "漢字", "ø17", "ø1", "4700")] == [
        [two], [two], [two], [two], [two, three], [one, three],
    ]  # fmt: skip
    with database.write() as connection:
        forgetting.empty(connection, [one, three], "test")
    assert found(database, "auft") == []
