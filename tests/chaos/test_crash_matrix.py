"""A worker dies at every point of every kind of action, under faults of servers, disk and database: once, or a person is asked."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from connectors import _files
from connectors.accounting import files
from kontorist.core.errors import Unavailable
from kontorist.store import ledger
from tests.chaos import worker
from tests.chaos.office import Office
from tests.connectors.mail.servers import DOVECOT

BOOKS = ("books.post", "books.settle", "books.reverse", "books.export_vendors", "bank.transfer")
LOCAL = ("shelf.save", "shelf.move", "erp.import", *BOOKS)
MAILDIR = ("box.send", "box.reply", "box.draft", "box.move", "box.flag")
SERVERS = ("mailbox.send", "mailbox.reply", "mailbox.draft", "mailbox.move", "mailbox.flag")
AUTHORITATIVE = ("save", "move", "flag")
BEFORE = ("after-claim", "before-execute", "before-fence")
FAULTS = ("drop_before_answer", "later_after_dot", "refuse_after_dot", "slow", "refuse_one")


def allowed(kind: str, point: str) -> str:
    """What must become of an action: a person is asked only where nobody can know."""
    connection, _, name = kind.partition(".")
    smtp = connection == "mailbox" and name in ("send", "reply")
    if point in (*BEFORE, "before-report", "after-report") or name in AUTHORITATIVE:
        return "done"
    if (point == "after-effect" and not smtp) or (point == "before-answer" and not smtp):
        return "done"
    return "uncertain"


def needs_servers(kind: str) -> None:
    if kind in SERVERS and DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")


@pytest.mark.parametrize("point", worker.POINTS)
@pytest.mark.parametrize("kind", [*LOCAL, *MAILDIR, *SERVERS])
def test_whoever_dies_where_ever_has_done_it_once(office: Office, kind: str, point: str) -> None:
    needs_servers(kind)
    action = office.prepare(kind)
    exit_code = office.crash(lambda: worker.at(point, worker.die))
    office.drain()
    report = office.check(kind)
    assert report.wrong == []
    assert (exit_code, office.state(action)) == (_ended(kind, point), allowed(kind, point))


def _ended(kind: str, point: str) -> int:
    """Only SMTP waits for an answer."""
    return 0 if point == "before-answer" and kind not in ("mailbox.send", "mailbox.reply") else -signal.SIGKILL


@pytest.mark.parametrize("point", [*worker.POINTS, "never"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_mail_leaves_once_whatever_the_server_does(office: Office, fault: str, point: str) -> None:
    needs_servers("mailbox.send")
    assert office.smtp
    to = ["a@kunde.example", "b@kunde.example", "nobody@kunde.example"]
    action = office.prepare("mailbox.send", to=to)
    office.smtp.mode = fault
    office.crash(lambda: None if point == "never" else worker.at(point, worker.die))
    if fault == "slow" and point == "before-answer":
        time.sleep(1)  # it takes the mail although nobody listens any more
    office.smtp.mode = "fine"
    office.drain()
    assert office.check("mailbox.send").wrong == []
    doubtful = {"uncertain"} if fault == "drop_before_answer" or point not in BEFORE else set()
    refused = (
        {"refused"} if fault in ("refuse_after_dot", "refuse_one") and point not in ("after-claim", "before-execute") else set()
    )
    assert office.state(action) in {"done"} | doubtful | refused


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kind", [*LOCAL, "box.send", "box.draft"])
@pytest.mark.parametrize("where", [(_files, "write"), (files, "prepare"), (files, "keep"), (os, "link"), (_files, "sync_folder")])
def test_a_full_disk_loses_nothing(office: Office, kind: str, where: tuple[Any, str]) -> None:
    action = office.prepare(kind)
    assert office.crash(lambda: setattr(*where, full)) == 0
    office.drain()
    assert office.check(kind).wrong == []
    assert office.state(action) in ("done", "uncertain")


def test_a_locked_database_loses_nothing(office: Office) -> None:
    """Another program holds the write lock for three seconds, from before the claim and again while it is at work."""
    action = office.prepare("shelf.save")
    program = "import sys, time\nimport {m} as s\nc = s.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\ntime.sleep(3)"
    command = [sys.executable, "-c", program.format(m=_sqlite()), office.url.removeprefix("sqlite:///")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert office.crash(lambda: None) == 0
    assert office.state(action) == "done"
    assert office.check("shelf.save").wrong == []


def _sqlite() -> str:
    from kontorist.store.database import sqlite_module

    module = sqlite_module()
    return "sqlite3" if module is sqlite3 else module.__name__


def _refuse(name: str, *, commits: bool) -> Callable[[], None]:
    """A database that is locked for too long when a function of the ledger is called."""

    def prepare() -> None:
        inner = getattr(ledger, name)

        def call(*args: Any, **named: Any) -> None:
            if commits:
                inner(*args, **named)
            raise Unavailable("The database is locked by another program for more than 30 s.")

        setattr(ledger, name, call)

    return prepare


@pytest.mark.parametrize("kind", [*LOCAL, "box.send", "mailbox.send"])
@pytest.mark.parametrize(("name", "commits"), [("_fence", False), ("_fence", True), ("done", False), ("done", True)])
def test_a_database_that_goes_away_loses_nothing(office: Office, kind: str, name: str, commits: bool) -> None:
    """Also when the answer to the commit was lost: it counts, but the worker does not know."""
    needs_servers(kind)
    action = office.prepare(kind)
    office.crash(_refuse(name, commits=commits))
    office.drain()
    assert office.check(kind).wrong == []
    assert office.state(action) == "done"
