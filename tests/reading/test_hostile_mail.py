"""Mails that are built to stop whoever reads them."""

from __future__ import annotations

import pytest

from kontorist.reading.mail import parse_mail


@pytest.mark.parametrize("charset", ["rot13", "rot_13", "undefined", "zlib", "idna", "unicode_escape", "..", "x" * 5000])
def test_a_charset_that_is_none_is_guessed_wherever_it_stands(charset: str) -> None:
    name = charset.encode()
    head = b"From: =?" + name + b"?q?x=FF?= <a@b.example>\r\nSubject: =?" + name + b"?q?x=FF?=\r\n"
    parts = b"Content-Type: text/plain; charset=" + name + b"\r\nContent-Disposition: inline; filename*=" + name + b"''%FFa"
    mail = parse_mail(head + parts + b"\r\n\r\nHello \xff")
    assert mail.text.startswith("Hello")
    assert mail.sender.address == "a@b.example"
