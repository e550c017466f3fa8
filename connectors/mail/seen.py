"""Which number in which folder is which mail: saves reading every mail again in every pass. Only a cache: it may be deleted."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from kontorist.core import private
from kontorist.core.errors import Unavailable

_SCHEMA = """PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS seen (folder TEXT, generation TEXT, id TEXT, key TEXT,
PRIMARY KEY (folder, generation, id)) WITHOUT ROWID; CREATE INDEX IF NOT EXISTS seen_key ON seen (key);
CREATE TABLE IF NOT EXISTS replied (address TEXT, at REAL, key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replied_to ON replied (address, at); CREATE INDEX IF NOT EXISTS replied_at ON replied (at)"""
_AT_ONCE = 500
_WAIT = 30.0


class Seen:
    """The cache of one connection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A broken cache is thrown away and made again."""
        private.make_folder(self.path.parent)
        connection = sqlite3.connect(self.path, timeout=_WAIT)
        try:
            try:
                connection.executescript(_SCHEMA)
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):  # in use, not broken: replies that went out are noted in it
                    raise Unavailable(f"{self.path} is in use by another program for more than {_WAIT:.0f} s.") from error
                connection.close()
                self.path.unlink(missing_ok=True)
                connection = sqlite3.connect(self.path, timeout=_WAIT)
                connection.executescript(_SCHEMA)
            with connection:
                yield connection
        finally:
            connection.close()

    def keys(self, folder: str, generation: str, ids: Sequence[str]) -> dict[str, str]:
        """The source key of each number that is known; numbers of other generations mean nothing."""
        found: dict[str, str] = {}
        with self._open() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT id, key FROM seen WHERE folder = ? AND generation = ? AND id IN ({marks})"  # noqa: S608 - marks only
                found.update(connection.execute(query, (folder, generation, *some)).fetchall())
        return found

    def remember(self, folder: str, generation: str, keys: dict[str, str]) -> None:
        """Note numbers and forget those of former generations."""
        with self._open() as connection:
            connection.execute("DELETE FROM seen WHERE folder = ? AND generation <> ?", (folder, generation))
            connection.executemany(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", [(folder, generation, i, k) for i, k in keys.items()]
            )

    def ids(self, folder: str, generation: str, key: str) -> list[str]:
        """The numbers under which a mail was seen."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT id FROM seen WHERE folder = ? AND generation = ? AND key = ?", (folder, generation, key)
            )
            return [row[0] for row in rows]

    def note_reply(self, address: str, at: float, key: str) -> None:
        """Note that a reply went to an address; what is older than a week is forgotten."""
        with self._open() as connection:
            connection.execute("DELETE FROM replied WHERE at < ?", (at - 7 * 86_400,))
            connection.execute(
                "INSERT OR IGNORE INTO replied VALUES (?, ?, ?)", (address.lower(), at, f"{key} {address.lower()}")
            )

    def replies(self, address: str, since: float) -> int:
        """How many replies went to an address since then."""
        with self._open() as connection:
            query = "SELECT count(*) FROM replied WHERE address = ? AND at >= ?"
            return int(connection.execute(query, (address.lower(), since)).fetchone()[0])
