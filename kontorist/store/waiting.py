"""Waiting for SQLite's one writer, with nothing held meanwhile."""

from __future__ import annotations

import random
import time
from typing import Any

from sqlalchemy import Connection

WAIT_SECONDS = 30.0
_PAUSE = 0.001
"""At most; SQLite's own pauses grow to 100 ms, and whoever writes one transaction after the other is always faster."""


def begin_immediate(connection: Connection, seconds: float = WAIT_SECONDS) -> None:
    """Begin a transaction that writes, when the one before is over. Raises OperationalError if it is not by then.

    SQLite would wait with the connection's mutex held. Whoever lets go of an old cursor of that connection needs the mutex: the one
    who is waited for, perhaps, who could not commit then.
    """
    plain: Any = connection.connection.dbapi_connection
    plain.execute("PRAGMA busy_timeout=0")
    try:
        end = time.monotonic() + seconds
        while (problem := _problem(plain)) and "database is locked" in problem and time.monotonic() < end:
            time.sleep(random.uniform(_PAUSE / 2, _PAUSE))  # noqa: S311 - so that two who wait do not keep step
        if problem:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for the error as everybody else raises it
    finally:
        plain.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000)}")


def _problem(plain: Any) -> str:
    """Why the transaction has not begun; nothing if it has."""
    try:
        plain.execute("BEGIN IMMEDIATE")
    except Exception as error:  # noqa: BLE001 - the caller tries again, and raises what is not a lock
        return str(error) or type(error).__name__
    return ""
