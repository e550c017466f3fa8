"""Taking in cases: once for each source key, with their documents and conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.store import audit, documents, facets, words
from kontorist.store.audit import Event
from kontorist.store.cases import DocumentRef
from kontorist.store.conversations import thread_key
from kontorist.store.many import among, insert_new
from kontorist.store.tables import case_documents, cases, storable, threads


@dataclass(frozen=True)
class NewCase:
    """A case about to be taken in; its documents are stored already."""

    flow: str
    flow_version: str
    connection: str
    source_key: str
    source: str
    title: str
    data: Mapping[str, Any]
    documents: Sequence[DocumentRef] = ()
    thread: Sequence[str] = ()
    warnings: Sequence[str] = ()


def known_keys(connection: Connection, flow: str, name: str, keys: set[str]) -> set[str]:
    """Which source keys of a connection were taken in by this flow already."""
    stored, known = {_key(k): k for k in keys}, set()
    todo = list(stored)
    for start in range(0, len(todo), 10_000):
        given = {"of_flow": flow, "of_connection": name, "keys": todo[start : start + 10_000]}
        known |= {stored[k] for k in connection.execute(_KNOWN, given).scalars()}
    return known


_KNOWN = select(cases.c.source_key).where(
    cases.c.flow == bindparam("of_flow"),
    cases.c.connection == bindparam("of_connection"),
    among(cases.c.source_key, "keys", "texts"),
)


def _key(source_key: str) -> str:
    """A source key as it is stored: one that is too long by its hash."""
    return storable(source_key) if len(source_key) <= 128 else f"sha256:{sha256(source_key.encode('utf-8', 'replace'))}"


def take_in(connection: Connection, new: Sequence[NewCase], actor: str, *, noted_later: bool = False) -> list[int | None]:
    """Create cases with documents, threads and audit events; None for one that exists already (same source key).

    Who works on them at once has their words `noted_later`: with those of what comes of them, which costs half (`words.add_all`).
    """
    ids = _insert_many(connection, new)
    made = [(case_id, item) for case_id, item in zip(ids, new, strict=True) if case_id is not None]
    if not noted_later:
        words.note(connection, {i: words.of_case(i, n.title, n.source, n.data, n.documents) for i, n in made})
    _note_many(connection, made)
    audit.append(connection, [_taken_in(case_id, item, actor) for case_id, item in made])
    return ids


def _taken_in(case_id: int, item: NewCase, actor: str) -> Event:
    digests = [d.sha256 for d in item.documents]
    about = {"flow": item.flow, "source_key": item.source_key, "documents": digests}
    return Event("case.taken-in", actor, f"case:{case_id}", about)


def _insert_many(connection: Connection, new: Sequence[NewCase]) -> list[int | None]:
    """The numbers of those that were not there, perhaps taken in by another worker this very moment; of twins the first."""
    if not new:
        return []
    made = insert_new(connection, cases).returning(cases.c.id, cases.c.flow, cases.c.connection, cases.c.source_key)
    rows = [_row_of(item) for item in new]
    stored = {tuple(row[1:]): int(row[0]) for row in connection.execute(made, rows)}
    return [stored.pop((row["flow"], row["connection"], row["source_key"]), None) for row in rows]


def _row_of(item: NewCase) -> dict[str, Any]:
    now = utcnow()
    return {
        "flow": item.flow,
        "flow_version": item.flow_version,
        "connection": item.connection,
        "source_key": _key(item.source_key),
        "source": item.source,
        "title": item.title,
        "data": item.data,
        "warnings": list(item.warnings),
        "state": "runnable",
        "created": now,
        "updated": now,
        "who": facets.sender_of(item.data, [])[:200],
    }


def _note_many(connection: Connection, made: Sequence[tuple[int, NewCase]]) -> None:
    """The documents and conversations of new cases."""
    documents.register(connection, {d.sha256: d.size for _, n in made for d in n.documents})
    if held := [_document_row(i, at, d) for i, n in made for at, d in enumerate(n.documents)]:
        connection.execute(insert(case_documents), held)
    if keys := [{"key": key, "case_id": i} for i, n in made for key in dict.fromkeys(map(thread_key, n.thread))]:
        connection.execute(insert(threads), keys)


def _document_row(case_id: int, position: int, document: DocumentRef) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "position": position,
        "sha256": document.sha256,
        "name": document.name,
        "media_type": storable(document.media_type)[:127],
        "role": document.role,
    }
