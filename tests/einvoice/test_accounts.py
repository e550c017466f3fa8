"""Bank accounts are found however somebody wrote or hid them, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from kontorist.einvoice.accounts import announced_change, ibans_in

IBAN, OTHER = "DE89370400440532013000", "DE02120300000000202051"


@pytest.mark.parametrize(
    "text",
    [
        "IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX",
        "bitte auf de89-3704.0044 0532 0130 00 überweisen",
        "D\u200bE89 3704\u00ad0044\ufeff0532013000",
        "D\u0415\u200989 3704 0044 0532 0130 00",
        "\uff24\uff25\uff18\uff19370400440532013000",
        "IBAN BIC\nDE89370400440532013000 COBADEFF",
        "IBAN_DE89_3704_0044_0532_0130_00",
    ],
    ids=["blanks", "dots", "invisible", "Cyrillic", "full width", "below its head", "underscores"],
)
def test_an_account_is_found_however_it_is_written(text):
    assert ibans_in(text) == (IBAN,)


def test_two_accounts_in_a_row_are_two():
    assert ibans_in(f"IBAN {IBAN} {OTHER}") == (IBAN, OTHER)


def test_an_account_with_wrong_check_digits_is_named_where_the_word_stands_before_it():
    assert ibans_in("IBAN: DE02 1203 0000 0000 2020 99 bei der Bank") == ("DE02120300000000202099",)
    assert ibans_in("Kennung DE02 1203 0000 0000 2020 99") == ()


@pytest.mark.parametrize("text", ["am 12 Januar 2026 um 12:00 Uhr, Tel. 0451 1234567890 1234", "IBAN siehe Rechnung", ""])
def test_other_numbers_are_no_accounts(text):
    assert ibans_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "unsere neue Bankverbindung lautet",
        "Unsere Bankdaten haben sich geändert",
        "our bank details have changed",
        "a new account",
    ],
)
def test_an_announced_change_of_the_account_is_noticed(text):
    assert announced_change(text)


@pytest.mark.parametrize("text", ["Ihr neuer Kontostand", "Bankverbindung wie bekannt", "geänderte Lieferung"])
def test_other_news_are_none(text):
    assert announced_change(text) is None
