"""Which copy of an office may act: a database that was copied or restored has to be released by a person first.

The data folder holds a small file that belongs to exactly one database: its id, its epoch and how many effects it has
begun. A copied folder has another file (another inode), a copied database has no file, a restored backup has begun
fewer effects than the file says. In each case an effect could happen a second time, so none happens.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotApproved, Unavailable
from kontorist.store import actions, audit, voiding
from kontorist.store import office_state as office
from kontorist.store.audit import Event
from kontorist.store.database import MOVED, Database
from kontorist.store.many import insert_new
from kontorist.store.tables import actions as actions_table
from kontorist.store.tables import state

_NAME = "instance"
_HELD = select(state.c.value).where(state.c.name == bindparam("name")).with_for_update()
_COUNT = update(state).where(state.c.name == bindparam("which"))
LEFT = "moved"
_RESTORED = "This office was restored or moved: make sure that it has not happened already."


def check(database: Database, connection: Connection) -> None:
    """Raises NotApproved with the reason if this database is a copy; makes a new one known on first use."""
    is_new = office.get(connection, _NAME) is None
    if is_new:
        _lock(connection)  # two workers of a new office: the second finds it known
    if moved := office.get(connection, LEFT):
        raise NotApproved(moved)
    if is_new and office.get(connection, _NAME) is None and _begun(connection) == 0 and _is_unused(database):
        _bind(database, connection, secrets.token_hex(8), 0)
        return
    _require_own(database, connection)


def doubt(database: Database, connection: Connection) -> str:
    """Why this database executes nothing; empty if it is the office's own. Changes nothing."""
    if moved := office.get(connection, LEFT):
        return str(moved)
    if office.get(connection, _NAME) is None and _begun(connection) == 0 and _is_unused(database):
        return ""
    try:
        _require_own(database, connection)
    except NotApproved as error:
        return str(error)
    return ""


def _is_unused(database: Database) -> bool:
    """Whether nothing was ever done from this data folder; it may have been bound by a first pass that never came to its commit."""
    there = _read(database)
    return there is None or there["begun"] == 0


def _require_own(database: Database, connection: Connection, held: int | None = None) -> None:
    """Raises NotApproved unless data folder and database belong together, and the database is not the older one.

    `held` is the number of effects begun where it is locked. Else it is read after the file: others go on counting meanwhile.
    """
    here, there = office.get(connection, _NAME), _read(database)
    if reason := _difference(here or {}, there, _begun(connection) if held is None else held):
        raise NotApproved(
            f"{reason} What is approved could have happened already, so nothing is executed. If no other copy of this office "
            "is at work, release this one with `kontorist adopt`; everything approved is then to be decided once more."
        )


def _difference(here: dict[str, Any], there: dict[str, Any] | None, begun: int) -> str:
    if there is None:
        return "This database came here without its data folder."
    if any(there.get(name) != here.get(name) for name in ("id", "epoch", "bond")):
        return "This data folder belongs to another database."
    if there["inode"] != here.get("inode"):
        return "This data folder is a copy."
    if begun < there["begun"]:
        return "This database is older than its data folder, as after restoring a backup."
    return ""


def adopt(database: Database, actor: str) -> int:
    """A person says that this copy is the one that acts. What was approved is decided anew; returns how many those are."""
    with database.write() as connection:
        before = office.get(connection, _NAME) or {}
        stay(connection)
        _bind(database, connection, before.get("id") or secrets.token_hex(8), int(before.get("epoch", 0)) + 1)
        doubtful = _doubtful(connection)
        audit.append(connection, [Event("office.adopted", actor, "office", {"actions": doubtful})])
    return len(doubtful)


def leave(connection: Connection, where: str) -> None:
    """Note that this database is being left for another one: from now on it executes nothing."""
    office.put(
        connection,
        LEFT,
        f"This office is being moved to {where}, so nothing is executed here. If `kontorist move-to` is not at work any more, it "
        "was broken off: run it again, or stay here with `kontorist adopt`.",
    )


def require_here(connection: Connection) -> None:
    """Raises NotApproved if this database was left for good: what is in it is at work elsewhere."""
    moved = str(office.get(connection, LEFT) or "")
    if moved.startswith(MOVED):
        raise NotApproved(f"{moved} To come back here nevertheless, stop the other one and run `kontorist adopt`.")


def close_for_good(connection: Connection, where: str) -> None:
    """Nothing more is written here, not even by a program that has this embedded database open."""
    said = f"{MOVED}{where}. Set DATABASE_URL to it; this copy executes nothing and takes nothing in."
    office.put(connection, LEFT, said)
    said = said.replace("'", "''")
    connection.exec_driver_sql(f"CREATE TRIGGER office_left BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, '{said}'); END")


def stay(connection: Connection) -> None:
    """Take back that this database was left."""
    if office.get(connection, LEFT) is not None:
        connection.execute(state.delete().where(state.c.name == LEFT))
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS office_left")


def disown(connection: Connection) -> None:
    """Note that this database came out of a backup: what it says about its data folder is no longer so."""
    office.put(connection, _NAME, {**(office.get(connection, _NAME) or {"id": secrets.token_hex(8), "epoch": 0}), "inode": -1})


def _doubtful(connection: Connection) -> list[int]:
    """Take the approval from all that had one, and let a person look at what was on its way.

    What was undecided may have been decided and done since: its card says so too. Returns what was approved or on its way.
    """
    now = utcnow()
    on_the_way = update(actions_table).where(actions_table.c.state == "committing")
    error = "This office was restored or moved while it was being done."
    values = {"state": "uncertain", "lease_until": None, "lease_owner": None, "error": error, "updated": now}
    ids = list(connection.execute(on_the_way.values(values).returning(actions_table.c.id)).scalars())
    undone = ("approved", "claimed", "proposed", "refused")
    query = select(actions_table).where(actions_table.c.state.in_(undone)).order_by(actions_table.c.id)
    for row in [actions.as_row(r) for r in connection.execute(query.with_for_update())]:
        voiding.void(connection, row, _RESTORED, "gate", "adopted")
        if row.state in ("approved", "claimed"):
            ids.append(row.id)
    return sorted(ids)


def begin_effects(database: Database, connection: Connection, count: int) -> int:
    """Count effects about to begin, in the caller's transaction. Raises NotApproved if this database is a copy by now."""
    before = _lock(connection)
    _require_own(database, connection, before)  # it may have been restored under the hands of a worker
    connection.execute(_COUNT, {"which": "effects", "value": before + count})
    return before + count


def _lock(connection: Connection) -> int:
    """The number of effects begun, with everybody else who wants to know it waiting."""
    begun = connection.execute(_HELD, {"name": "effects"}).scalar()
    if begun is None:
        connection.execute(insert_new(connection, state, {"name": "effects", "value": 0}))
        begun = connection.execute(_HELD, {"name": "effects"}).scalar_one()
    return int(begun)


def note(database: Database, begun: int) -> None:
    """Remember beside the database how far it has come; on disk when this returns. Raises Unavailable."""
    try:
        with _path(database).open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            found = json.loads(file.read())
            if begun > found["begun"]:
                _write(file.fileno(), {**found, "begun": begun})
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"{_path(database)} cannot be written ({error}): check the disk and who owns the data folder."
        ) from error


def _begun(connection: Connection) -> int:
    return int(office.get(connection, "effects") or 0)


def _path(database: Database) -> Path:
    return database.data_dir / "instance.json"


def _read(database: Database) -> dict[str, Any] | None:
    try:
        with _path(database).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            found: dict[str, Any] = json.loads(file.read())
            return {**found, "inode": os.fstat(file.fileno()).st_ino}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise Unavailable(f"{_path(database)} cannot be read ({error}): restore it, or run `kontorist adopt`.") from error


def _bind(database: Database, connection: Connection, name: str, epoch: int) -> None:
    """Make database and data folder belong together."""
    bond = secrets.token_hex(4)  # of two copies of one backup that were adopted one after the other, each has its own
    new = _path(database).with_suffix(f".{bond}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write(handle, {"id": name, "epoch": epoch, "bond": bond, "begun": _begun(connection)})
        inode = os.fstat(handle).st_ino
    finally:
        os.close(handle)
    new.replace(_path(database))
    office.put(connection, _NAME, {"id": name, "epoch": epoch, "bond": bond, "inode": inode})


def _write(handle: int, values: dict[str, Any]) -> None:
    os.pwrite(handle, json.dumps(values).ljust(120).encode(), 0)
    os.fsync(handle)
