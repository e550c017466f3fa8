"""What people do about changed flows: agree to a change, go back to an earlier version. Who did it is in the audit chain."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from kontorist.core.check import check_text
from kontorist.core.errors import NotAllowed, NotFound, Rejected
from kontorist.core.office import Office
from kontorist.core.problems import Problem
from kontorist.store import versions
from kontorist.store.database import Database


def approve(office: Office, database: Database, name: str, begin: str, person: str) -> str:
    """An admin who did not make it agrees to a change; returns the version. Raises NotFound, NotAllowed or Rejected."""
    _require_admin(office, person)
    with database.read() as connection:
        version = _version(office, connection, name, begin)
        text = versions.texts_of(connection, version)[name]
    if problems := _mistakes(office, name, text):
        raise Rejected(f"Version {version} has a mistake, so nobody can agree to it: {problems[0]}")
    with database.write() as connection:
        change = next((c for c in reversed(versions.history(connection, name)) if c.version == version), None)
        if change is not None and is_author(office, change.who, person):
            raise NotAllowed(f"{person} made this change; another admin has to agree to it.")
        if person in versions.approvals(connection, version):
            raise Rejected(f"{person} has agreed to {version} already.")
        versions.approve(connection, version, person)
    with contextlib.suppress(OSError):  # so that every process looks at it again
        _path(office, name).touch()
    return version


def roll_back(office: Office, database: Database, name: str, begin: str, person: str) -> str:
    """Write the file of an earlier version of a flow; returns the version. Raises NotFound, NotAllowed, or Rejected with what `check` finds."""
    _require_admin(office, person)
    with database.read() as connection:
        version = _version(office, connection, name, begin)
        text = versions.texts_of(connection, version)[name]
    if problems := _mistakes(office, name, text):
        raise Rejected(f"Version {version} does not fit the office any more: {problems[0]}")
    _replace(_path(office, name), text)
    with database.write() as connection:
        versions.said(connection, name, person)
    return version


def _mistakes(office: Office, name: str, text: str) -> list[Problem]:
    return [p for p in check_text(office, name, text) if p.severity == "error"]


def is_author(office: Office, who: str, person: str) -> bool:
    """Whether who changed a file (a name of office.yaml, a mail address of git, a user of the machine) is this person."""
    known = office.settings.people.get(person)
    return who == person or (known is not None and who.lower() in {known.email.lower(), known.name.lower()} - {""})


def _require_admin(office: Office, person: str) -> None:
    known = office.settings.people.get(person)
    if known is None or known.role != "admin":
        raise NotAllowed(f"{person or 'Nobody'} is no admin of this office; say who you are with --as.")


def _version(office: Office, connection: object, name: str, begin: str) -> str:
    if name not in office.files:
        raise NotFound(f"There is no flow '{name}'; there are: {', '.join(office.flows)}.")
    version = versions.matching(connection, name, begin)  # type: ignore[arg-type]
    if version is None:
        raise NotFound(f"The flow '{name}' has no single version {begin}; `kontorist flows versions {name}` lists them.")
    return version


def _path(office: Office, name: str) -> Path:
    found = office.directory / "flows" / f"{name}.yml"
    return found if found.is_file() else found.with_suffix(".yaml")


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: others read this file at any moment."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        Path(temporary).chmod(path.stat().st_mode & 0o777)
    Path(temporary).replace(path)
