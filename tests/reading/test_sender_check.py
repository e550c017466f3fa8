"""Only what the office's own mail server wrote on top of a mail is believed."""

from __future__ import annotations

import pytest

from kontorist.reading.mail import parse_mail
from kontorist.reading.mail.authentication import sender_check

OURS = "Received: from mx.kunde.example by mx.office.example; Mon, 23 Nov 2026 09:00:00 +0100"
THEIRS = "Received: from pc by mx.kunde.example; Mon, 23 Nov 2026 08:59:00 +0100"


def _check(*lines: str, authserv_id: str | None = "mx.office.example") -> str:
    mail = "\n".join([*lines, "From: karla@kunde.example", "", "Text"])
    return sender_check(parse_mail(mail.encode()).fields, authserv_id)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (
            "spf=pass smtp.mailfrom=kunde.example; dkim=pass header.d=kunde.example; dmarc=pass header.from=kunde.example",
            "verified",
        ),
        ("spf=fail smtp.mailfrom=kunde.example; dmarc=fail header.from=kunde.example", "forged"),
        ("spf=fail smtp.mailfrom=kunde.example", "forged"),
        ("spf=pass smtp.mailfrom=kunde.example", "unverified"),
        ("none", "unverified"),
    ],
)
def test_what_our_server_found_counts(results: str, expected: str) -> None:
    assert _check(f"Authentication-Results: mx.office.example; {results}", OURS, THEIRS) == expected


def test_what_a_sender_wrote_in_our_servers_name_does_not_count() -> None:
    assert _check(OURS, THEIRS, "Authentication-Results: mx.office.example; dmarc=pass header.from=kunde.example") == "unverified"


def test_another_server_is_not_believed() -> None:
    assert _check("Authentication-Results: mx.kunde.example; dmarc=pass header.from=kunde.example", OURS) == "unverified"


def test_without_a_name_nothing_is_believed() -> None:
    line = "Authentication-Results: mx.office.example; dmarc=pass header.from=kunde.example"
    assert _check(line, OURS, authserv_id=None) == "unknown"


def test_broken_results_prove_nothing() -> None:
    assert _check("Authentication-Results: mx.office.example; dmarc==;;pass((", OURS) == "unverified"


FORGED = "Authentication-Results: mx.office.example; dmarc=pass header.from=kunde.example"


@pytest.mark.parametrize(
    "lines",
    [
        ("Received: from mx.evil.example by mx.office.example; Mon, 23 Nov 2026 09:00:00 +0100", FORGED),
        ("Authentication-Results: mx.office.example; spf=none", OURS, FORGED),
        (OURS, "Received: from a by b.office.example.evil.example; Mon, 23 Nov 2026 09:00:00 +0100", FORGED),
        ("Received: from mx.office.example (unknown [203.0.113.9]) by mx.office.example", FORGED),
        ("Received: from evil by mx.notoffice.example (mx.office.example)", FORGED),
    ],
)
def test_what_came_with_the_mail_in_our_servers_name_does_not_count(lines: tuple[str, ...]) -> None:
    assert _check(*lines, THEIRS) == "unverified"


def test_a_hand_over_within_our_house_is_looked_through() -> None:
    inside = "Received: from mx.office.example (mx.office.example [10.0.0.5]) by store.office.example"
    assert _check(inside, FORGED, OURS, THEIRS) == "verified"
    assert _check("Received: by store.office.example with LMTP id 1", FORGED, OURS, THEIRS) == "verified"
    assert _check(inside, OURS, FORGED, THEIRS) == "unverified"


def test_a_provider_that_writes_below_its_own_line_and_removes_what_others_wrote_is_believed_there() -> None:
    found = "Authentication-Results: mx.google.com; dmarc=pass header.from=kunde.example"
    top, border = "Received: by 2002:a05:6520:1:b0:2a with SMTP id a1", "Received: from x (x [203.0.113.9]) by mx.google.com"
    assert _check(top, border, found, THEIRS, authserv_id="mx.google.com") == "verified"
    assert _check(top, border, THEIRS, found, authserv_id="mx.google.com") == "unverified"
