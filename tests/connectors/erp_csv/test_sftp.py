"""Exports on a real SFTP server: fetched when they change, whole or not at all, from nobody who only says to be the server."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv
from connectors.erp_csv.options import RowsOptions
from connectors.erp_csv.remote import Mirror
from kontorist.core.errors import AccessDenied, ConfigurationError, Unavailable

asyncssh = pytest.importorskip("asyncssh")
HEADINGS = "Nummer;Status;Betrag\n"


class Server:
    """An SFTP server in a thread; its files are those of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, asyncssh.generate_private_key("ssh-ed25519")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listener: Any = None
        self.open: list[Any] = []

    def start(self, port: int = 0) -> int:
        open_ones = self.open

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: Any) -> None:
                open_ones.append(conn)

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("erp", "secret")

        async def listen() -> Any:
            factory = lambda channel: asyncssh.SFTPServer(channel, chroot=str(self.folder))  # noqa: E731
            return await asyncssh.listen(
                "127.0.0.1", port, server_host_keys=[self.key], server_factory=Door, sftp_factory=factory
            )

        self.listener = asyncio.run_coroutine_threadsafe(listen(), self.loop).result(10)
        return int(self.listener.get_port())

    def stop(self) -> None:
        async def close() -> None:
            self.listener.close()
            await self.listener.wait_closed()
            while self.open:
                one = self.open.pop()
                one.abort()
                await one.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self.loop).result(10)

    def end(self) -> None:
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "remote"
    (folder / "export").mkdir(parents=True)
    one = Server(folder)
    one.port = one.start()  # type: ignore[attr-defined]
    yield one
    one.end()


def export(server: Server, *rows: str, age: int = 60) -> Path:
    path = server.folder / "export" / "auftraege.csv"
    path.write_text(HEADINGS + "".join(f"{row}\n" for row in rows))
    before = path.stat().st_mtime - age
    os.utime(path, (before, before))
    return path


def erp(server: Server, tmp_path: Path, **changes: Any) -> ErpCsv:
    public = server.key.export_public_key().decode().strip()
    place = {"host": "127.0.0.1", "port": server.port, "user": "erp", "password": "secret", "host_key": public}  # type: ignore[attr-defined]
    sftp = place | {"folder": "/export", "every": 0} | changes
    config = {"folder": "copies", "sftp": sftp, "tables": {"orders": {"file": "auftraege.csv", "key": "nummer"}}}
    return ErpCsv(ErpCsv.Config.model_validate(config), Surroundings("erp", tmp_path, tmp_path / "data", {}))


def titles(connector: ErpCsv, known: set[str]) -> list[str]:
    items = list(connector.read("rows", RowsOptions(table="orders"), lambda keys: set(keys) & known))
    known |= {item.source_key for item in items}
    return [item.title for item in items]


def test_new_and_changed_rows_on_the_server_become_cases(server, tmp_path):
    export(server, "4711;offen;10,00", "4712;offen;20,00")
    connector, known = erp(server, tmp_path), set()

    assert titles(connector, known) == ["orders: 4711 · offen · 10,00", "orders: 4712 · offen · 20,00"]
    assert titles(connector, known) == []
    export(server, "4711;versandt;10,00", "4712;offen;20,00", age=30)
    assert titles(connector, known) == ["orders: 4711 · versandt · 10,00"]
    assert connector.try_out().ok
    connector.close()


def test_look_ups_go_on_with_the_copy_when_the_server_is_away_and_say_so(server, tmp_path):
    export(server, "4711;offen;10,00")
    connector = erp(server, tmp_path)
    assert connector.look_up("orders", [{"nummer": "4711"}])[0]
    server.stop()

    assert connector.look_up("orders", [{"nummer": "4711"}])[0][0].values["status"] == "offen"
    assert "does not answer" in next(iter(connector.problems()))
    with pytest.raises(Unavailable):
        titles(connector, set())
    assert not connector.try_out().ok
    server.start(server.port)
    assert titles(connector, set())
    assert list(connector.problems()) == []
    connector.close()


def test_a_server_with_another_key_gets_no_password(server, tmp_path):
    export(server, "4711;offen;10,00")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(AccessDenied, match="another key"):
        titles(erp(server, tmp_path, host_key=other), set())


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"password": "wrong"}, AccessDenied, "refuses the sign-in"),
        ({"folder": "/nowhere"}, ConfigurationError, "has no folder /nowhere"),
        ({"host_key": "nonsense"}, ConfigurationError, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_mend(server, tmp_path, changes, kind, words):
    with pytest.raises(kind, match=words):
        titles(erp(server, tmp_path, **changes), set())


def test_names_that_lead_elsewhere_are_not_taken(server, tmp_path):
    export(server, "4711;offen;10,00")
    (server.folder / "export" / "geheim.txt").write_text("x")
    titles(erp(server, tmp_path), set())
    assert [p.name for p in (tmp_path / "copies").iterdir()] == ["auftraege.csv"]


def signs_in(server: Server) -> int:
    """How often somebody has signed in since the last time."""
    count = len(server.open)
    server.open.clear()
    return count


def test_the_server_is_asked_as_often_as_configured_however_many_passes_there_are(server, tmp_path):
    """Each pass opens connections of its own: every one of them signed in, whatever `every` said."""
    path, known = export(server, "4711;offen;10,00"), set()
    for _ in range(3):
        connector = erp(server, tmp_path, every=3600)
        titles(connector, known)
        connector.look_up("orders", [{"nummer": "4711"}])
        connector.close()
    assert signs_in(server) == 1
    assert erp(server, tmp_path, every=3600).try_out().ok
    assert signs_in(server) == 1, "a trial does not rely on what was"
    export(server, "4711;versandt;10,00", age=30)
    (memory,) = (tmp_path / "data" / "cache").glob("*.looked")
    before = memory.stat().st_mtime
    os.utime(memory, (before - 3601, before - 3601))
    assert titles(erp(server, tmp_path, every=3600), known) == ["orders: 4711 · versandt · 10,00"]
    assert signs_in(server) == 1
    assert path.is_file()


@pytest.mark.parametrize("what", ["another folder", "no copy", "a clock put back", "a look that failed"])
def test_what_nobody_has_looked_for_yet_is_looked_for_at_once(server, tmp_path, what):
    export(server, "4711;offen;10,00")
    (server.folder / "other").mkdir()
    titles(erp(server, tmp_path, every=3600), set())
    signs_in(server)
    if what == "another folder":
        (server.folder / "other" / "auftraege.csv").write_text(HEADINGS)
        titles(erp(server, tmp_path, every=3600, folder="/other"), set())
    elif what == "no copy":
        shutil.rmtree(tmp_path / "copies")
        titles(erp(server, tmp_path, every=3600), set())
    elif what == "a clock put back":
        (memory,) = (tmp_path / "data" / "cache").glob("*.looked")
        os.utime(memory, (memory.stat().st_mtime + 7200,) * 2)
        titles(erp(server, tmp_path, every=3600), set())
    else:
        with pytest.raises(ConfigurationError):
            titles(erp(server, tmp_path, every=3600, folder="/nowhere"), set())
        with pytest.raises(ConfigurationError):
            titles(erp(server, tmp_path, every=3600, folder="/nowhere"), set())
        assert signs_in(server) == 2
        return
    assert signs_in(server) == 1


class Halves:
    """A server with one file, sent in two halves; `between` is called after the first."""

    def __init__(self, data: bytes, between: Callable[[], Awaitable[None]]) -> None:
        self.attrs = SimpleNamespace(size=len(data), mtime=1_700_000_000)
        self._data, self._between = data, between

    async def get(self, _: str, target: str) -> None:
        half = len(self._data) // 2
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(file, self._data[:half])
            await self._between()
            os.write(file, self._data[half:])
        finally:
            os.close(file)

    async def stat(self, _: str) -> SimpleNamespace:
        return self.attrs


def mirror(tmp_path: Path) -> Mirror:
    options: Any = SimpleNamespace(folder=".", every=60)
    (tmp_path / "copies").mkdir(exist_ok=True)
    return Mirror(options, ["*.csv"], tmp_path / "copies", tmp_path / "looked")


@pytest.mark.parametrize("breaks", [False, True])
def test_who_fetches_the_same_export_meanwhile_tears_no_copy(tmp_path, breaks):
    """A pass and the hands, or two workers: the second one opened the same draft anew, and zeros became an export."""
    data = HEADINGS.encode() + b"4711;offen;10,00\n" * 1000
    target = tmp_path / "copies" / "auftraege.csv"

    async def both() -> None:
        halfway, first_done = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            halfway.set()
            await first_done.wait()
            if breaks:
                raise ConnectionError("the line broke")

        slow = Halves(data, wait)
        late = asyncio.create_task(mirror(tmp_path)._take(slow, target.name, slow.attrs))
        await halfway.wait()
        quick = Halves(data, lambda: asyncio.sleep(0))
        await mirror(tmp_path)._take(quick, target.name, quick.attrs)
        assert target.read_bytes() == data
        first_done.set()
        await asyncio.gather(late, return_exceptions=breaks)

    asyncio.run(both())
    assert target.read_bytes() == data
    assert list(target.parent.iterdir()) == [target]


def test_drafts_of_who_died_and_of_earlier_versions_are_taken_away_and_no_others(server, tmp_path):
    export(server, "4711;offen;10,00")
    copies = tmp_path / "copies"
    copies.mkdir()
    for name, age in ((".auftraege.csv.part", 90_000), (".kunden.csv.part", 60), ("notes.part", 90_000)):
        (copies / name).touch()
        os.utime(copies / name, (time.time() - age,) * 2)
    titles(erp(server, tmp_path), set())
    assert sorted(p.name for p in copies.iterdir()) == [".kunden.csv.part", "auftraege.csv", "notes.part"]
