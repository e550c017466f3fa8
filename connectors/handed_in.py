"""Files that somebody hands in for a flow with the trigger `upload:`, as cases; each file once."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.base import Item
from connectors.connections import surroundings
from kontorist.core import registry
from kontorist.core.errors import NotAllowed, NotFound, NotReadable
from kontorist.core.office import Office
from kontorist.core.values import sha256
from kontorist.store import documents, taking_in, versions
from kontorist.store.cases import DocumentRef
from kontorist.store.database import Database
from kontorist.store.taking_in import NewCase

UPLOAD = "upload"
"""The connection of cases that people handed in; their source key is the content's hash."""
_MAIL = {".eml", ".mbox"}


def hand_in(office: Office, database: Database, flow: str, paths: Sequence[Path], person: str) -> list[int | None]:
    """The case of each thing in these files, None for what was handed in before. Raises NotFound, NotAllowed or NotReadable, and then nothing is taken in."""
    if flow not in office.flows:
        raise NotFound(f"There is no flow '{flow}'; there are: {', '.join(office.flows)}.")
    trigger = office.flows[flow].trigger
    if trigger is None or trigger.upload is None:
        raise NotAllowed(f"The flow '{flow}' takes no files that are handed in; its `trigger:` would have to be `upload: {{}}`.")
    for path in paths:
        if not fits(path.name, trigger.upload.pattern):
            raise NotReadable(f"{path.name} does not fit {trigger.upload.pattern}, which the flow '{flow}' takes.")
        if path.stat().st_size > trigger.upload.max_size:
            raise NotReadable(
                f"{path.name} is larger than {trigger.upload.max_size} bytes, which is the most that the flow '{flow}' takes."
            )
    new = [_case(office, database, flow, item, path) for path in paths for item in _items(office, database, path)]
    with database.write() as connection:
        return taking_in.take_in(connection, new, person)


def fits(name: str, pattern: str) -> bool:
    """Whether a file's name is one that a flow takes; capital letters do not matter."""
    return fnmatch.fnmatch(name.lower(), pattern.lower())


def _items(office: Office, database: Database, path: Path) -> Iterator[Item]:
    connector = registry.load("connectors", "mail" if path.suffix.lower() in _MAIL else "folder")
    settings = surroundings(office, database.data_dir, UPLOAD).settings
    for found in connector.from_file("mail" if path.suffix.lower() in _MAIL else "file", path, settings):
        if isinstance(found, NotReadable):
            raise found
        yield found


def _case(office: Office, database: Database, flow: str, item: Item, path: Path) -> NewCase:
    refs = [DocumentRef(d.name, d.media_type, d.role, documents.put(database, d.data), len(d.data)) for d in item.documents]
    key = sha256("".join(r.sha256 for r in refs).encode()) if refs else item.source_key
    version = versions.version_of(office.flows, flow)
    return NewCase(
        flow, version, UPLOAD, key, path.name, item.title, item.data, documents=refs, thread=item.thread, warnings=item.warnings
    )
