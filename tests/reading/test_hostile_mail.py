"""Mails that are built to stop whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kontorist.core.errors import NotReadable
from kontorist.reading.mail import parse_mail
from kontorist.reading.mail.message import _parsed, _raw_fields
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


def test_a_field_that_is_given_again_and_again_costs_no_more_than_its_length() -> None:
    many = b"From: a@b.example\r\nTo: one@b.example\r\n"
    assert growth(lambda n: _raw_fields(_parsed(many + b"To: two@b.example\r\n" * n + b"\r\nHello")), 10_000) < LINEAR
    assert [a.address for a in parse_mail(many + b"To: two@b.example\r\n\r\nHello").to] == ["one@b.example", "two@b.example"]


@pytest.mark.parametrize("blanks", [b" ", b" " * 20_000, b"\r\n " * 9])
def test_blanks_in_an_address_are_none_of_it(blanks: bytes) -> None:
    mail = parse_mail(b"From: Anna <" + blanks + b"anna @" + blanks + b"kunde" + blanks + b". example>\r\n\r\nHello")
    assert (mail.sender.name, mail.sender.address) == ("Anna", "anna@kunde.example")


def test_the_beginning_of_an_endless_address_is_nobodys() -> None:
    mail = parse_mail(b"From: Anna <anna@kunde.example" + b".evil" * 1_000 + b">\r\n\r\nHello")
    assert (mail.sender.name, mail.sender.address) == ("Anna", "")


def nested(depth: int, inside: bytes) -> bytes:
    """Containers in containers around this text."""
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return b"From: a@b.example\r\n" + heads + b"Content-Type: text/plain\r\n\r\n" + inside


def passed_on(times: int) -> bytes:
    """A mail with letter, HTML and picture in a mail of the same kind, so many times."""
    mail = b"From: a@b.example\r\nSubject: 0\r\n\r\nThe first\r\n"
    for n in range(1, times + 1):
        head = b"From: a@b.example\r\nSubject: %d\r\nContent-Type: multipart/mixed; boundary=m%d\r\n\r\n--m%d\r\n" % (n, n, n)
        inner = b"Content-Type: multipart/related; boundary=r%d\r\n\r\n--r%d\r\n" % (n, n)
        letter = b"Content-Type: text/html\r\n\r\n<p>See below</p>\r\n--r%d--\r\n--m%d\r\n" % (n, n)
        mail = head + inner + letter + b"Content-Type: message/rfc822\r\n\r\n" + mail + b"\r\n--m%d--\r\n" % n
    return mail


@pytest.mark.parametrize("line", [b"\n", b"--\n", b"--x\n"])
def test_a_line_costs_the_same_however_deep_it_lies(line: bytes) -> None:
    """Forty levels instead of five: eight times the work if each line were asked of every level."""
    assert growth(lambda n: parse_mail(nested(n // 50, line * 20_000)), 250) < 4


@pytest.mark.parametrize("depth", [300, 5_000])
def test_what_lies_deeper_than_any_real_mail_is_not_read_at_all(depth: int) -> None:
    def refused(length: int) -> None:
        with pytest.raises(NotReadable, match="nested deeper than 50 levels"):
            parse_mail(nested(depth, b"\n" * length))

    assert growth(refused, 20_000) < 4


@pytest.mark.parametrize("times", [1, 10, 20])
def test_a_mail_that_was_passed_on_twenty_times_is_read(times: int) -> None:
    mail = parse_mail(passed_on(times))
    assert (mail.subject, mail.text.strip()) == (str(times), "See below")
    assert [one.media_type for one in mail.attachments][:1] == ["message/rfc822"]
