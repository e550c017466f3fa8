"""Prefect's own server, on a SQLite whose connections wait for each other without holding up the whole server, for own pages only.

It has no sign-in, and lets pages of every site use it: one that somebody opens on this machine could have a worker run a command. So
requests from other pages, or under a name that is none of this machine or its network, are refused (`kontorist.core.callers`).

SQLite's busy handler sleeps with the connection's mutex held, for up to the 60 s that Prefect gives it. When a failed request lets go of
a cursor of that connection meanwhile, the thread of the event loop wants the mutex, too, and stands still: nobody can commit what
is waited for, and the server answers nothing for a minute (seen about once in a hundred passes). So SQLite is told not to wait,
and the waiting is done here, where nothing is held.
"""

from __future__ import annotations

import functools
import runpy
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import uvicorn

from kontorist.core.callers import OwnPagesOnly

_T = TypeVar("_T")
WAIT_SECONDS = 60.0
_PAUSE = 0.005
_WAITED_FOR = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
"""Not SQLITE_BUSY_SNAPSHOT: what was read has changed, and waiting does not help."""


class PatientCursor(sqlite3.Cursor):
    """Waits for another connection's transaction, as SQLite's busy handler would."""

    def execute(self, sql: str, parameters: Any = (), /) -> PatientCursor:
        """As usual. Raises sqlite3.OperationalError when the database is still locked after WAIT_SECONDS."""
        if sql.startswith("PRAGMA busy_timeout"):
            sql = "PRAGMA busy_timeout = 0"
        return _waiting(lambda: super(PatientCursor, self).execute(sql, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> PatientCursor:
        """As usual; who waits has not begun: after the first row nobody else can have the lock."""
        rows = list(parameters)
        return _waiting(lambda: super(PatientCursor, self).executemany(sql, rows))


def _waiting(work: Callable[[], _T]) -> _T:
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _WAITED_FOR or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


class PatientConnection(sqlite3.Connection):
    """A connection whose cursors wait by themselves."""

    def cursor(self, factory: Any = PatientCursor) -> Any:
        """A cursor that waits."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """With such a cursor; Python's own makes none of ours."""
        return self.cursor().execute(sql, parameters)


def be_patient() -> None:
    """Every connection that this process opens from now on waits like that."""
    setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=PatientConnection))  # noqa: B010 - mypy refuses the other way


def be_reserved() -> None:
    """The server that this process starts answers programs and its own pages, not those of other sites."""
    real = uvicorn.run
    setattr(uvicorn, "run", lambda app, **options: real(OwnPagesOnly(app), **options))  # noqa: B010 - mypy refuses the other way


if __name__ == "__main__":
    be_patient()
    be_reserved()
    sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
