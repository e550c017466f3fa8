"""Takes a changed configuration up while cases are on their way; a flow with a fault goes on as it last was without one."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from flows import authors
from kontorist.core.check import check
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import Flow
from kontorist.core.office import Office, load_office
from kontorist.core.problems import Problem
from kontorist.store import flow_faults, versions
from kontorist.store.database import Database

Fingerprint = tuple[object, ...]
_FILES = ("*.yaml", "*.yml", ".env", "flows/*.yaml", "flows/*.yml")


@dataclasses.dataclass(frozen=True)
class Configuration:
    """An office as its files say now, and the faults in its flows."""

    fingerprint: Fingerprint
    office: Office
    faults: dict[str, list[Problem]]


_lock = threading.Lock()
_current: dict[Path, Configuration] = {}
_shipped: dict[tuple[Path, str], tuple[Fingerprint, Office]] = {}


def fingerprint(directory: Path) -> Fingerprint:
    """What changes when an admin changes something: each file's name, size and time, and the environment."""
    found = []
    for path in sorted({path for pattern in _FILES for path in directory.glob(pattern)}):
        try:
            stat = path.stat()
        except FileNotFoundError:  # an editor replaces it at this very moment
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return (*found, hash(tuple(sorted(os.environ.items()))))


def current(directory: Path) -> Configuration:
    """The configuration, read anew when a file has changed. Raises ConfigurationError for a fault outside the flows."""
    seen = fingerprint(directory)
    with _lock:
        known = _current.get(directory)
        if known is None or known.fingerprint != seen:
            known = _current[directory] = _read(directory, seen)
        return known


def _read(directory: Path, seen: Fingerprint) -> Configuration:
    office = load_office(directory)
    faults: dict[str, list[Problem]] = {}
    for problem in (p for p in check(directory) if p.severity == "error"):
        place = Path(problem.file)
        if place.parent.name == "flows":
            shown = dataclasses.replace(problem, file=f"flows/{place.name}")
            faults.setdefault(place.stem, []).append(shown)
    broken = [p for p in office.problems if p.severity == "error" and Path(p.file).stem not in faults]
    if broken:
        raise ConfigurationError("\n".join(map(str, sorted(broken))))
    return Configuration(seen, office, faults)


def shipped(configuration: Configuration, database: Database) -> Office:
    """The office to work with. Raises ConfigurationError for a flow with a fault that never was without one."""
    key = (configuration.office.directory, database.url)
    with _lock:
        known = _shipped.get(key)
        if known is None or known[0] != configuration.fingerprint:
            known = _shipped[key] = (configuration.fingerprint, _ship(configuration, database))
        return known[1]


def _ship(configuration: Configuration, database: Database) -> Office:
    office, faults = configuration.office, configuration.faults
    why = {name: "\n".join(map(str, problems)) for name, problems in faults.items()}
    with database.write() as connection:
        good = {name: versions.last_good(connection, name) for name in faults}
        sound = _as_before(office.flows, good)
        waiting = _waiting(office, sound, connection) if office.settings.flow_changes == "four-eyes" else {}
        refused = {**waiting, **why}
        _keep(configuration, sound, refused, connection)
        good |= {name: versions.last_good(connection, name) for name in waiting if name not in faults}
        flow_faults.note(connection, {name: [str(p) for p in problems] for name, problems in faults.items()})
    return dataclasses.replace(office, flows=_mended(configuration, refused, good)) if refused else office


def _as_before(flows: Mapping[str, Flow], good: Mapping[str, Mapping[str, Flow] | None]) -> dict[str, Flow]:
    """The flows, those with a version to go back to as they were then."""
    found = dict(flows)
    for name, last in good.items():
        if last is not None:
            found = {**last, **found, name: last[name]}
    return found


def _keep(configuration: Configuration, sound: Mapping[str, Flow], refused: Mapping[str, str], connection: Connection) -> None:
    """Note every flow as it is now. One that uses another with a fault works with that as it was, so this is no change of its own."""
    office, faults = configuration.office, configuration.faults
    texts = {name: "\n".join(file.lines) + "\n" for name, file in office.files.items() if name in office.flows}
    for name, flow in office.flows.items():
        own = {n: text for n, text in texts.items() if n == name or n not in faults}
        who = functools.partial(authors.of, office, name)
        versions.keep(connection, {**sound, name: flow}, name, refused=refused.get(name, ""), who=who, texts=own)


def _waiting(office: Office, sound: Mapping[str, Flow], connection: Connection) -> dict[str, str]:
    """Changed flows to which no other admin has agreed yet: why they go on as they were."""
    found = {}
    for name in office.flows:
        version = versions.version_of(sound, name)
        if not versions.is_good(connection, name, version) and not versions.approvals(connection, version):
            found[name] = (
                f"the change waits until another admin agrees to it: kontorist flows approve {name} {version} --as ADMIN"
            )
    return found


def _mended(configuration: Configuration, refused: Mapping[str, str], good: Mapping[str, Any]) -> dict[str, Flow]:
    office = configuration.office
    flows = _as_before(office.flows, good)
    for name, why in refused.items():
        if good[name] is not None:
            said = "has a fault, so it goes on as it was" if name in configuration.faults else "has changed and goes on as it was"
            sys.stderr.write(f"The flow '{name}' {said}: {why}\n")
        elif name not in configuration.faults:
            del flows[name]
            sys.stderr.write(f"The flow '{name}' is new and not in use yet: {why}\n")
        elif name not in flows:  # its file cannot even be read as a flow
            raise ConfigurationError("\n".join(map(str, office.problems)))
    return flows
