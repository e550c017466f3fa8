"""Which workers of this machine are alive, so that what a dead one had leased need not wait until its lease is over.

Each process locks a file of its own in the data folder (flock). The system lets go of the lock when the process ends, however it ends, and keeps it
for one that is only stopped; a number of a process may be given away anew, a lock may not. Where there are no locks, leases run out as they would.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, literal, or_, update

from kontorist.core import private
from kontorist.core.clock import utcnow
from kontorist.store.database import Database
from kontorist.store.tables import actions, cases, passes

FOLDER = "workers"
EVERY = 60.0
"""Seconds between two looks for dead ones."""
OUTSIDE = timedelta(seconds=60)
"""How long the outside may take to end what a dead worker had begun, before it is asked what became of it."""
STRANGE_PASS, STRANGE_FILE = timedelta(days=1), timedelta(days=7)
"""After which a pass of another machine is taken as broken off, and a file of one there is deleted that nobody has touched or holds.

A container that comes back has another name: nobody but others can clear up what it left.
"""
_looked: dict[Path, float] = {}


def owner(data_dir: Path) -> str:
    """The name under which this thread leases; its process is known to be alive until it ends. At most 64 characters."""
    return f"{_process(data_dir.resolve(), os.getpid())}:{threading.get_ident()}"


_AT_MOST = 16
"""Offices that one process works for; tests have more of them, one after the other."""
_ours: dict[tuple[Path, int], tuple[str, int | None]] = {}
_naming = threading.Lock()


def _process(data_dir: Path, number: int) -> str:
    """The name of this process for this office; its file is open, and locked, as long as the process lives."""
    with _naming:
        if (data_dir, number) not in _ours:
            _ours[data_dir, number] = _announce(data_dir, f"{_host()}:{number}:{secrets.token_hex(3)}")
            if len(_ours) > _AT_MOST:
                _, file = _ours.pop(next(iter(_ours)))
                if file is not None:
                    os.close(file)
        return _ours[data_dir, number][0]


def _announce(data_dir: Path, name: str) -> tuple[str, int | None]:
    """Lock a file, and give it its name only then: without a lock it would be that of a dead one."""
    new = data_dir / FOLDER / f".new-{name}"
    try:
        private.make_folder(new.parent)
        file = os.open(new, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return name, None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(data_dir / FOLDER / name)
    except OSError:
        os.close(file)
        return name, None
    return name, file


def _host() -> str:
    return socket.gethostname().replace("/", "").replace(":", "")[:24]


def give_back(database: Database) -> list[str]:
    """Give back what workers had leased that have ended, if nobody has looked for a minute; their names.

    Nothing was done of what was only claimed. What may have left the house is looked up, in a minute.
    """
    data_dir, now = database.data_dir.resolve(), time.monotonic()
    if now - _looked.get(data_dir, -EVERY) < EVERY:
        return []
    _looked[data_dir] = now
    _still_here(data_dir)
    _clear_up_after_strangers(database, data_dir / FOLDER)
    with _ended(data_dir / FOLDER) as files:
        names = [file.name for file in files]
        if names:
            _release(database, names)
        for file in files:
            file.unlink(missing_ok=True)
    return names


def _still_here(data_dir: Path) -> None:
    """Touch the file of this process: those on other machines see no more of it."""
    with _naming, suppress(OSError):
        if known := _ours.get((data_dir, os.getpid())):
            os.utime(data_dir / FOLDER / known[0])


def _clear_up_after_strangers(database: Database, folder: Path) -> None:
    """End passes that nobody will end any more, and delete files whose process is gone, of machines that are not this one."""
    now, ours = utcnow(), f"{_host()}:"
    theirs = (passes.c.owner != "", ~passes.c.owner.startswith(ours, autoescape=True))
    ended = func.coalesce(passes.c.ended, literal(now, passes.c.ended.type))
    with database.write() as connection:
        connection.execute(update(passes).where(*theirs, passes.c.started < now - STRANGE_PASS).values(ended=ended, owner=""))
    before = time.time() - STRANGE_FILE.total_seconds()
    with ExitStack() as held, suppress(OSError):
        for path in folder.iterdir():
            if not path.name.startswith(ours) and path.stat().st_mtime < before and _is_free(path, held):
                path.unlink(missing_ok=True)


@contextmanager
def _ended(folder: Path) -> Iterator[list[Path]]:
    """The files that nobody holds any more, held meanwhile: two who look at once do not both find them."""
    with ExitStack() as held:
        yield [path for path in sorted(folder.glob(f"{_host()}:*")) if _is_free(path, held)]


def _is_free(path: Path, held: ExitStack) -> bool:
    try:
        fcntl.flock(held.enter_context(path.open("rb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its process is alive, or somebody else has just deleted it
        return False
    return True


def _release(database: Database, names: Sequence[str]) -> None:
    now = utcnow()
    with database.write() as connection:
        mine = or_(*(cases.c.lease_owner.startswith(f"{name}:", autoescape=True) for name in names))
        connection.execute(update(cases).where(cases.c.state == "runnable", mine).values(lease_until=None, lease_owner=None))
        theirs = or_(*(actions.c.lease_owner.startswith(f"{name}:", autoescape=True) for name in names))
        connection.execute(update(actions).where(actions.c.state == "claimed", theirs).values(lease_until=None))
        begun = or_(*(passes.c.owner.startswith(f"{name}:", autoescape=True) for name in names))
        connection.execute(
            update(passes)
            .where(passes.c.owner.is_not(None), begun)
            .values(ended=func.coalesce(passes.c.ended, literal(now, passes.c.ended.type)), owner="")
        )
        late = (actions.c.state == "committing", theirs, actions.c.lease_until > now + OUTSIDE)
        connection.execute(update(actions).where(*late).values(lease_until=now + OUTSIDE))
