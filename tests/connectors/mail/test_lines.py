"""Lines that bring things in pieces."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from connectors.mail.config import MailOptions
from tests.connectors.mail.conftest import letter, make
from tests.connectors.mail.proxy import Proxy
from tests.connectors.mail.servers import Imap, Mailserver
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
