"""Lines that bring things in pieces, die silently or lie."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.mail.config import MailOptions
from flows.watch import AT_MOST
from kontorist.core.errors import Unavailable
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.proxy import Proxy
from tests.connectors.mail.servers import USER, Imap, Mailserver
from tests.connectors.mail.test_budget import _through


def test_a_mail_that_is_told_of_in_two_pieces_is_seen(
    tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver
) -> None:
    plain = make("dovecot", tmp_path, mailservers, smtp, "halves@example.com")
    assert plain.server is not None
    proxy = Proxy(plain.server.port)
    box = _through(proxy, plain, tmp_path / "halves", "halves@example.com")
    try:
        box.connector.changed("mail", MailOptions(), 5)
        proxy.faults.pieces = True
        put = threading.Timer(1.0, plain.put, [letter()])
        put.start()

        assert box.connector.changed("mail", MailOptions(), 30)
        put.join()
        assert len(box.read()) == 1
    finally:
        box.connector.close()
        plain.connector.close()
        proxy.stop()


@pytest.fixture
def boxes(
    request: pytest.FixtureRequest, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver
) -> Iterator[tuple[Box, Box, Proxy]]:
    """A mailbox, the same one over a line, and the line."""
    user = f"{abs(hash(request.node.name))}@example.com"
    plain = make("dovecot", tmp_path, mailservers, smtp, user)
    assert plain.server is not None
    proxy = Proxy(plain.server.port)
    through = _through(proxy, plain, tmp_path / "through", user, timeout=2)
    yield plain, through, proxy
    through.connector.close()
    plain.connector.close()
    proxy.stop()


def test_a_line_that_dies_silently_after_idle_keeps_no_mail_back(boxes: tuple[Box, Box, Proxy]) -> None:
    plain, box, proxy = boxes
    box.connector.changed("mail", MailOptions(), 5)
    proxy.faults.mute_after_idle = True
    put = threading.Timer(0.5, plain.put, [letter()])
    put.start()
    seen = []
    for _ in range(3):  # as a watcher does: what fails is waited for again
        with contextlib.suppress(Unavailable):
            seen.append(box.connector.changed("mail", MailOptions(), 2))
        proxy.faults.mute_after_idle = False

    put.join()
    assert proxy.faults.counts["mute idles"] == 1
    assert True in seen
    assert [item.title for item in box.read()] == ["Wo bleibt 47001?"]


def test_idle_ends_and_begins_again_within_its_time(boxes: tuple[Box, Box, Proxy]) -> None:
    """A server or a router drops an IDLE of half an hour (RFC 2177); ours lasts as long as a watcher waits, which is a minute."""
    _, box, _ = boxes
    assert AT_MOST < 29 * 60
    box.connector.changed("mail", MailOptions(), 5)
    assert not box.connector.changed("mail", MailOptions(), 1)
    assert not box.connector.changed("mail", MailOptions(), 1)


@pytest.mark.parametrize("number", [1, 99_999_999], ids=["stands still", "runs ahead"])
def test_a_server_that_lies_about_modseq_hides_no_mail(boxes: tuple[Box, Box, Proxy], number: int) -> None:
    plain, box, proxy = boxes
    first = rb"* OK [UIDNEXT "
    proxy.faults.lie = (re.escape(first), b"* OK [HIGHESTMODSEQ %d] Highest\r\n" % number + first)
    taken: list[str] = []
    for count in range(3):
        plain.put(letter(subject=f"Mail {count}", body=f"Text {count}\n"))
        assert box.connector.changed("mail", MailOptions(), 5)
        taken += [item.title for item in box.taken_in()]
    assert proxy.faults.counts["lies"] > 0
    assert taken == ["Mail 0", "Mail 1", "Mail 2"]


def test_a_bad_line_brings_some_mails_each_time_and_in_the_end_all(boxes: tuple[Box, Box, Proxy]) -> None:
    """Asked for all at once they would never come: the line breaks before the last one each time."""
    plain, box, proxy = boxes
    plain.put(*(letter(subject=f"Mail {n}", body=f"{n} " + "Text " * 4_000) for n in range(30)))
    proxy.faults.cut_after = 200_000
    for _ in range(40):
        with contextlib.suppress(Unavailable):
            for item in box.connector.read("mail", MailOptions(), lambda keys: set(keys) & box.known):
                box.known.add(item.source_key)
    assert proxy.faults.counts["cuts"] > 0
    assert len(box.known) == 30


@pytest.mark.parametrize("kind", ["dovecot", "pymap"])
def test_a_mail_that_no_server_announces_is_seen_soon_all_the_same(
    kind: str, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came between the look and IDLE: Dovecot says nothing of one in a hundred such mails."""
    box = make(kind, tmp_path, mailservers, smtp, USER if kind == "pymap" else "unannounced@example.com")
    try:
        box.connector.changed("mail", MailOptions(), 5)
        monkeypatch.setattr(type(box.connector.transport), "_idle", lambda _self, _client, seconds: time.sleep(seconds))
        put = threading.Timer(0.5, box.deliver, [letter(body=f"unannounced on {kind}")])
        put.start()
        began = time.monotonic()
        assert box.connector.changed("mail", MailOptions(), 60)
        assert time.monotonic() - began < 30
        put.join()
    finally:
        box.connector.close()
