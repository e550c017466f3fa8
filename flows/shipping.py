"""Takes a changed configuration up while cases are on their way; a flow with a fault goes on as it last was without one."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from pathlib import Path

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
    with database.write() as connection:
        for name in office.flows:
            versions.keep(connection, office.flows, name, good=name not in faults)
        good = {name: versions.last_good(connection, name) for name in faults}
        told = {name: [str(p) for p in problems] for name, problems in faults.items()}
        if (office_state.get(connection, FAULTS) or {}) != told:
            office_state.put(connection, FAULTS, told)
    return dataclasses.replace(office, flows=_mended(configuration, good)) if faults else office


def _mended(configuration: Configuration, good: dict[str, dict[str, Flow] | None]) -> dict[str, Flow]:
    office = configuration.office
    flows = dict(office.flows)
    for name, problems in configuration.faults.items():
        if (last := good[name]) is not None:
            flows = {**last, **flows, name: last[name]}
            sys.stderr.write(f"The flow '{name}' has a fault, so it goes on as it was: {problems[0]}\n")
        elif name not in flows:  # its file cannot even be read as a flow
            raise ConfigurationError("\n".join(map(str, office.problems)))
    return flows
