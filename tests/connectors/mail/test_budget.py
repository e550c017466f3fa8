"""Several mailboxes and folders share the connections that a server grants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.mail.budget import Budget
from connectors.mail.config import MailOptions
from kontorist.core.errors import Rejected, Unavailable
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.proxy import Proxy
from tests.connectors.mail.servers import Imap, Mailserver


def test_five_watched_mailboxes_on_two_connections_see_every_mail(
    tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver
) -> None:
    plain = make("dovecot", tmp_path, mailservers, smtp, "x@example.com")
    assert plain.server is not None
    proxy = Proxy(plain.server.port)
    boxes = [_through(proxy, plain, tmp_path / str(i), f"budget{i}@example.com") for i in range(5)]
    seen: set[int] = set()
    stop = threading.Event()
    watchers = [threading.Thread(target=_watch, args=(box, i, seen, stop)) for i, box in enumerate(boxes)]
    try:
        for watcher in watchers:
            watcher.start()
        for i, box in enumerate(boxes):
            box.put(letter(subject=f"an Postfach {i}"))
        end = time.monotonic() + 40
        while len(seen) < 5 and time.monotonic() < end:
            time.sleep(0.1)
        assert seen == set(range(5))
        assert proxy.faults.counts["most open"] <= 4  # two, and those that are being closed; without a budget there are ten
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join(20)
        proxy.stop()


def _through(proxy: Proxy, plain: Box, folder: Path, user: str, timeout: float = 20) -> Box:
    access = {"host": "127.0.0.1", "port": proxy.port, "user": user, "password": plain.connector.config.imap.password}
    config = plain.connector.config.model_validate(
        {"from": user, "imap": access | {"tls": "none", "connections": 2, "timeout": timeout}}
    )
    surroundings = plain.connector.surroundings.__class__("mailbox", folder, folder / "var", {"languages": ["de"]})
    return Box(type(plain.connector)(config, surroundings), plain.server, plain.mailserver)


def _watch(box: Box, number: int, seen: set[int], stop: threading.Event) -> None:
    from kontorist.core.errors import KontoristError

    watching: Any = type(box.connector)(box.connector.config, box.connector.surroundings)
    while not stop.is_set():
        try:
            if watching.changed("mail", MailOptions(), 3.0) and watching.transport.listing("INBOX", None).ids:
                seen.add(number)
        except KontoristError:
            time.sleep(0.2)
        if number in seen:
            break
    watching.close()
    box.connector.close()


class _Busy:
    def yield_up(self) -> bool:
        return False


def test_who_finds_no_free_connection_is_told_which_option_allows_more() -> None:
    budget, first, second = Budget(1), _Busy(), _Busy()
    budget.take(first, "imap.example.com", 1)
    with pytest.raises(Unavailable, match="'connections'"):
        budget.take(second, "imap.example.com", 0.05)
    budget.give(first)
    budget.take(second, "imap.example.com", 0.05)


def test_a_folder_that_is_missing_keeps_nobody_from_the_others(box: Box) -> None:
    box.put(letter())
    reading = box.connector.read("mail", MailOptions(folder=["Fehlt", "INBOX"]), lambda _: set())
    assert next(reading).title == "Wo bleibt 47001?"
    with pytest.raises(Rejected, match="Fehlt"):
        next(reading)
