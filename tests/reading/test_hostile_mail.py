"""Mails that are built to stop whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kontorist.reading.mail import parse_mail
from tests.growth import LINEAR, growth


@pytest.mark.parametrize("charset", ["rot13", "rot_13", "undefined", "zlib", "idna", "unicode_escape", "..", "x" * 5000])
def test_a_charset_that_is_none_is_guessed_wherever_it_stands(charset: str) -> None:
    name = charset.encode()
    head = b"From: =?" + name + b"?q?x=FF?= <a@b.example>\r\nSubject: =?" + name + b"?q?x=FF?=\r\n"
    parts = b"Content-Type: text/plain; charset=" + name + b"\r\nContent-Disposition: inline; filename*=" + name + b"''%FFa"
    mail = parse_mail(head + parts + b"\r\n\r\nHello \xff")
    assert mail.text.startswith("Hello")
    assert mail.sender.address == "a@b.example"


FIELDS: dict[str, Callable[[int], bytes]] = {
    "blanks": lambda n: b"From: <" + b" " * n + b"a@b.example>",
    "folded blanks": lambda n: b"From: <" + (b" " * 900 + b"\r\n") * (n // 900) + b" a@b.example>",
    "points": lambda n: b"To: <" + b" ." * (n // 2) + b"a@b.example>",
    "words that never end": lambda n: b"Subject: " + b"=?a?q?x " * (n // 8),
    "brackets": lambda n: b"Cc: " + b"((a)(a)" * (n // 7) + b"@",
    "ids": lambda n: b"References: " + b"<a " * (n // 3),
    "a date": lambda n: b"Date: 1.11.11" + b" " * n + b"x",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_header_field_costs_no_more_than_its_length(field: str) -> None:
    assert growth(lambda n: parse_mail(b"X: y\r\n" + FIELDS[field](n) + b"\r\n\r\nHello")) < LINEAR


@pytest.mark.parametrize("blanks", [b" ", b" " * 20_000, b"\r\n " * 9])
def test_blanks_in_an_address_are_none_of_it(blanks: bytes) -> None:
    mail = parse_mail(b"From: Anna <" + blanks + b"anna @" + blanks + b"kunde" + blanks + b". example>\r\n\r\nHello")
    assert (mail.sender.name, mail.sender.address) == ("Anna", "anna@kunde.example")


def test_the_beginning_of_an_endless_address_is_nobodys() -> None:
    mail = parse_mail(b"From: Anna <anna@kunde.example" + b".evil" * 1_000 + b">\r\n\r\nHello")
    assert (mail.sender.name, mail.sender.address) == ("Anna", "")
