"""Tries everything an office depends on, without changing anything, and says how to mend what is wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.connections import open_connection
from flows import prefect_server
from kontorist.core import callers, private
from kontorist.core.errors import KontoristError
from kontorist.core.office import Office
from kontorist.store import audit, instance, office_state
from kontorist.store.database import open_database, sqlite_module

_LEAST_FREE_MB = 500
_OURS = (
    "kontorist.sqlite*",
    "instance.json",
    "demo.json",
    "documents",
    "cache",
    "hooks",
    "imports",
    "prefect",
    "tokens",
    "workers",
)
"""What lies in a data folder beside the files that connections share with other programs."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def examine(office: Office, data_dir: Path) -> Iterator[dict[str, Any]]:
    """One finding for each thing: {what, ok, message}."""
    errors = [p for p in office.problems if p.severity == "error"]
    yield _finding("configuration", not errors, str(errors[0]) if errors else "valid in shape; `kontorist check` looks deeper")
    yield _database(data_dir)
    yield _privacy(data_dir)
    for file in private.open_to_others(office.directory, [".env"]):
        yield _finding("secrets", False, f"other users of this machine may read {file}: run `chmod go= {file.resolve()}`")
    yield _disk(data_dir)
    yield _names(office)
    yield _prefect(data_dir)
    for name in office.connections:
        yield from _connection(office, data_dir, name)
    yield from _models(office)


def _finding(what: str, ok: bool, message: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "message": message}


def _database(data_dir: Path) -> dict[str, Any]:
    try:
        database = open_database(data_dir)
        with database.read() as connection:
            events, _ = audit.latest(connection)
            stops = office_state.stops(connection)
            copied = instance.doubt(database, connection)
        kind = f"SQLite {sqlite_module().sqlite_version}" if database.is_sqlite else "PostgreSQL"
        database.close()
    except KontoristError as error:
        return _finding("database", False, str(error))
    if copied:
        return _finding("database", False, f"{kind}, {events} audit events. {copied}")
    held = "; the stop button is pressed" if stops.office else ""
    return _finding("database", True, f"{kind}, {events} audit events{held}")


def _privacy(data_dir: Path) -> dict[str, Any]:
    found = private.open_to_others(data_dir, _OURS)
    if not found:
        return _finding("data folder", True, f"what Kontorist keeps in {data_dir} is closed to other users of this machine")
    named = ", ".join(p.name for p in found)
    return _finding(
        "data folder",
        False,
        f"other users of this machine may read {named} in {data_dir}: run `chmod 700 {data_dir.resolve()}`, or, where a program of "
        f"another user has files in this folder, `cd {data_dir.resolve()} && chmod -R go= {' '.join(p.name for p in found)}`",
    )


def _names(office: Office) -> dict[str, Any]:
    """An admin reads here why a public name is answered with 421."""
    known = sorted(callers.names_of_office(office) | callers.names_of_environment())
    others = f" {', '.join(known)} and" if known else ""
    also = "" if known else f"; a public name in front of it, a proxy's, goes into office.yaml (notify: link) or {callers.HOSTS}"
    return _finding("inbox", True, f"answers under{others} addresses and names of this network{also}")


def _disk(data_dir: Path) -> dict[str, Any]:
    there = next(p for p in (data_dir.resolve(), *data_dir.resolve().parents) if p.exists())
    free = shutil.disk_usage(there).free // 2**20
    enough = free >= _LEAST_FREE_MB
    return _finding("disk", enough, f"{free} MB free for {data_dir}" + ("" if enough else ". Make room before the work stops."))


def _prefect(data_dir: Path) -> dict[str, Any]:
    named = os.environ.get("PREFECT_API_URL")
    url = prefect_server.running(data_dir)
    if named and not url:
        return _finding("Prefect", False, f"{named} (PREFECT_API_URL) does not answer; start that server or unset the variable")
    if url and urlsplit(url).hostname not in _LOOPBACK:
        return _finding("Prefect", True, f"{url} answers. It is not on this machine: let nobody but workers and admins reach it")
    if url and _open_to_others(url):
        return _finding(
            "Prefect",
            False,
            f"{url} can be reached from other machines, without any sign-in: start it with `--host 127.0.0.1`, or let a firewall or "
            "a proxy keep everybody out but workers and admins",
        )
    return _finding(
        "Prefect", True, f"{url} answers" if url else "no server runs now; commands that need one start it (about 12 s)"
    )


def _open_to_others(url: str) -> bool:
    """Whether a server of this machine listens on all addresses: then it answers on the loopback's second one, too."""
    parts = urlsplit(url)
    return prefect_server.answers(f"{parts.scheme}://127.0.0.2:{parts.port or 80}{parts.path}/health")


def _connection(office: Office, data_dir: Path, name: str) -> Iterator[dict[str, Any]]:
    what = f"connection {name}"
    try:
        connector = open_connection(office, data_dir, name)
        health = connector.try_out()
        yield _finding(what, health.ok, health.message)
        for problem in connector.problems():
            yield _finding(what, True, f"note: {problem}")
        connector.close()
    except KontoristError as error:
        yield _finding(what, False, str(error))


def _models(office: Office) -> Iterator[dict[str, Any]]:
    yield _finding("model built-in", True, "works offline; nothing leaves this machine")
    from agents.model import ModelSettings, open_model
    from flows.model_trial import servers, try_out

    for name, configured in office.settings.models.items():
        try:
            model = open_model(name, ModelSettings.model_validate(configured.model_dump()))
        except (KontoristError, ValueError) as error:
            yield _finding(f"model {name}", False, str(error))
            continue
        for trial in try_out(office, model):
            yield _finding(f"model {name}, {trial.agent}", trial.ok, trial.message)
    if not office.settings.models:
        for found, line in servers():
            yield _finding("model server", True, f"{found} answers on this machine; to use it add under `models:`  {line}")
