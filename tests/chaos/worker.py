"""A worker that dies, or stops, at a chosen point: forked from a warm process, it opens the office and passes the gate once."""

from __future__ import annotations

import os
import signal
import smtplib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imapclient import IMAPClient

from connectors.mail.smtp import Smtp
from flows import gate
from flows.advance import Tally
from flows.runtime import open_runtime
from kontorist.store import instance, ledger

POINTS = (
    "after-claim",
    "before-execute",
    "before-fence",
    "fence-before-its-note",
    "after-fence",
    "before-last-byte",
    "before-answer",
    "after-effect",
    "before-report",
    "after-report",
)
_EFFECTS = ((os, "link"), (os, "rename"), (Smtp, "_dot"), (IMAPClient, "move"), (IMAPClient, "add_flags"), (IMAPClient, "append"))
"""The calls that may carry the last irreversible byte, once the fence is passed."""
_passed = False
_slept = False


def die() -> None:
    """As by a power cut: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    """As a machine that sleeps, once: it goes on later, and knows nothing of the time between."""
    global _slept  # noqa: PLW0603 - one worker, one process
    if not _slept:
        _slept = True
        os.kill(os.getpid(), signal.SIGSTOP)


def around(
    owner: Any,
    name: str,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], None] = lambda: None,
    *,
    late: bool = False,
) -> None:
    """Do something before and after each call of a function; with `late` only once the fence was passed."""
    inner = getattr(owner, name)

    def call(*args: Any, **named: Any) -> Any:
        if late and not _passed:
            return inner(*args, **named)
        before()
        result = inner(*args, **named)
        after()
        return result

    setattr(owner, name, call)


def _remember() -> None:
    global _passed  # noqa: PLW0603 - one worker, one process
    _passed = True


def at(point: str, act: Callable[[], None]) -> None:
    """Have this process do something at a point."""
    if point == "after-claim":
        around(ledger, "claim", after=act)
    elif point == "before-execute":
        around(gate, "_changed", after=act)
    elif point == "before-fence":
        around(ledger, "_fence", before=act)
    elif point == "fence-before-its-note":
        around(instance, "note", before=act)
    elif point == "after-fence":
        around(ledger, "_fence", after=act)
    elif point == "before-report":
        around(ledger, "done", before=act)
    elif point == "after-report":
        around(ledger, "done", after=act)
    else:
        _at_effect(point, act)


def _at_effect(point: str, act: Callable[[], None]) -> None:
    around(ledger, "_fence", after=_remember)
    if point == "before-answer":
        around(smtplib.SMTP, "getreply", before=act, late=True)
        return
    for owner, name in _EFFECTS:
        if point == "before-last-byte":
            around(owner, name, before=act, late=True)
        else:
            around(owner, name, after=act, late=True)


def fork(work: Callable[[], None]) -> int:
    """Do some work in a process of its own; returns its id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:  # nothing of the tests may go on in the child
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def pass_gate(office: Path, data: Path, url: str, prepare: Callable[[], None] = lambda: None) -> None:
    """Open the office and pass the gate once."""
    runtime = open_runtime(office, data, url=url)
    prepare()
    gate.gate(runtime, Tally())
    runtime.close()


def ended(child: int) -> int:
    """Wait until a child has ended; its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":  # python -m tests.chaos.worker OFFICE DATA URL, with CHAOS_CRASH_AT naming the point
    where = os.environ.get("CHAOS_CRASH_AT", "")
    pass_gate(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], lambda: at(where, die) if where else None)
