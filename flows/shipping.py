"""Takes a changed configuration up while cases are on their way; a flow with a fault goes on as it last was without one."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import threading
from pathlib import Path

from sqlalchemy import Connection

from flows import authors
from kontorist.core.check import check
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import Flow
from kontorist.core.office import Office, load_office
from kontorist.core.problems import Problem
from kontorist.store import office_state, versions
from kontorist.store.database import Database

Fingerprint = tuple[object, ...]
_FILES = ("*.yaml", "*.yml", ".env", "flows/*.yaml", "flows/*.yml")
FAULTS = "faults"
"""The fact in the store that names flows with a fault, for the admins' page: flow → problems."""


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
            faults.setdefault(place.stem, []).append(problem)
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
    texts = {name: "\n".join(file.lines) + "\n" for name, file in office.files.items() if name in office.flows}
    with database.write() as connection:
        waiting = _waiting(office, connection) if office.settings.flow_changes == "four-eyes" else {}
        refused = {**waiting, **{name: str(problems[0]) for name, problems in faults.items()}}
        for name in office.flows:
            why = refused.get(name, "")
            who = functools.partial(authors.of, office, name)
            versions.keep(connection, office.flows, name, refused=why, who=who, texts=texts)
        good = {name: versions.last_good(connection, name) for name in refused}
        told = {name: [str(p) for p in problems] for name, problems in faults.items()} | {n: [t] for n, t in waiting.items()}
        if (office_state.get(connection, FAULTS) or {}) != told:
            office_state.put(connection, FAULTS, told)
    return dataclasses.replace(office, flows=_mended(configuration, refused, good)) if refused else office


def _waiting(office: Office, connection: Connection) -> dict[str, str]:
    """Changed flows to which no other admin has agreed yet: why they go on as they were."""
    found = {}
    for name in office.flows:
        version = versions.version_of(office.flows, name)
        if not versions.is_good(connection, name, version) and not versions.approvals(connection, version):
            found[name] = (
                f"the change waits until another admin agrees to it: kontorist flows approve {name} {version} --as ADMIN"
            )
    return found


def _mended(configuration: Configuration, refused: dict[str, str], good: dict[str, dict[str, Flow] | None]) -> dict[str, Flow]:
    office = configuration.office
    flows = dict(office.flows)
    for name, why in refused.items():
        if (last := good[name]) is not None:
            flows = {**last, **flows, name: last[name]}
            said = "has a fault, so it goes on as it was" if name in configuration.faults else "has changed and goes on as it was"
            sys.stderr.write(f"The flow '{name}' {said}: {why}\n")
        elif name not in configuration.faults:
            del flows[name]
            sys.stderr.write(f"The flow '{name}' is new and not in use yet: {why}\n")
        elif name not in flows:  # its file cannot even be read as a flow
            raise ConfigurationError("\n".join(map(str, office.problems)))
    return flows
