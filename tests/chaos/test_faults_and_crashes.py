"""First something goes wrong, then the worker that tries again dies as well: each kind of action, each fault, each point."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest
from imapclient import IMAPClient

from connectors import _files
from connectors.accounting import files
from kontorist.core.errors import Unavailable
from kontorist.store import ledger
from tests.chaos import worker
from tests.chaos.office import Office
from tests.chaos.test_crash_matrix import LOCAL, MAILDIR, SERVERS, needs_servers

ALL = bool(os.environ.get("LONG_TESTS"))
"""All of them take minutes; a few of each go with the other tests."""
Fault = Callable[[], None]


def disk_full() -> None:
    """Nothing more can be written, neither the file nor its name."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for owner, name in ((_files, "write"), (files, "prepare"), (os, "link")):
        setattr(owner, name, full)


def disk_full_at_the_name() -> None:
    """The file can be written, but not put in its place; the fence was passed before."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    setattr(os, "link", full)  # noqa: B010 - mypy knows its type


def locked(name: str, *, commits: bool) -> Fault:
    """The database is locked for too long at a step of the ledger; perhaps only the answer to the commit is lost."""

    def prepare() -> None:
        inner = getattr(ledger, name)

        def call(*args: Any, **named: Any) -> None:
            if commits:
                inner(*args, **named)
            raise Unavailable("The database is locked by another program for more than 30 s.")

        setattr(ledger, name, call)

    return prepare


def line_breaks(*, before: bool) -> Fault:
    """The line to the IMAP server breaks before, or after, it has done what it was asked for."""

    def prepare() -> None:
        for name in ("append", "move", "add_flags"):
            broken(name)

    def broken(name: str) -> None:
        inner = getattr(IMAPClient, name)

        def call(*args: Any, **named: Any) -> None:
            if not before:
                inner(*args, **named)
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

        setattr(IMAPClient, name, call)

    return prepare


def locked_before_the_fence() -> None:
    locked("_fence", commits=False)()


def answer_of_the_fence_lost() -> None:
    locked("_fence", commits=True)()


def locked_at_the_report() -> None:
    locked("done", commits=False)()


def line_breaks_before() -> None:
    line_breaks(before=True)()


def line_breaks_after() -> None:
    line_breaks(before=False)()


DATABASE = (locked_before_the_fence, answer_of_the_fence_lost, locked_at_the_report)
DISK = (disk_full, disk_full_at_the_name)
LINE = (line_breaks_before, line_breaks_after)
CELLS = [
    *itertools.product((*LOCAL, *MAILDIR), DISK, worker.POINTS),
    *itertools.product((*LOCAL, *MAILDIR, *SERVERS), DATABASE, worker.POINTS),
    *itertools.product(("mailbox.draft", "mailbox.move", "mailbox.flag"), LINE, worker.POINTS),
]


@pytest.mark.parametrize(("kind", "fault", "point"), CELLS if ALL else CELLS[::43], ids=lambda v: getattr(v, "__name__", v))
def test_a_fault_and_then_a_crash_do_nothing_twice_and_lose_nothing(office: Office, kind: str, fault: Fault, point: str) -> None:
    needs_servers(kind)
    action = office.prepare(kind)
    assert office.crash(fault) in (0, 1)  # a database that is away is said by the worker as it ends
    office.sql("UPDATE actions SET not_before = NULL WHERE state = 'approved'")
    office.crash(lambda: worker.at(point, worker.die))
    office.drain()
    assert office.check(kind).wrong == []
    assert office.state(action) in ("done", "uncertain")
