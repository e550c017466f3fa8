"""Cases with their documents and journal, and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import attrs
from sqlalchemy import Connection, and_, select

from kontorist.core.errors import NotFound
from kontorist.store.many import among
from kontorist.store.tables import case_documents, cases, journal
from kontorist.store.tables import documents as known_documents

STATES = ("runnable", "waiting", "unclear", "failed", "done", "closed")
# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_THESE = among(cases.c.id, "which")
_CASES = select(cases).where(_THESE).order_by(cases.c.id)
_JOURNAL = (
    select(
        journal.c.case_id, journal.c.round, journal.c.path, journal.c.seq, journal.c.step, journal.c.kind, journal.c.flow,
        journal.c.output, journal.c.evidence, journal.c.info, journal.c.model, journal.c.ms, journal.c.at,
    )
    .where(among(journal.c.case_id, "which"), journal.c.voided.is_(False))
    .order_by(journal.c.case_id, journal.c.seq)
)  # fmt: skip
_DOCUMENTS = (
    select(
        case_documents.c.case_id, case_documents.c.name, case_documents.c.media_type, case_documents.c.role,
        case_documents.c.sha256, known_documents.c.size,
    )
    .join(known_documents, known_documents.c.sha256 == case_documents.c.sha256)
    .where(among(case_documents.c.case_id, "which"))
    .order_by(case_documents.c.case_id, case_documents.c.position)
)  # fmt: skip


@dataclass(frozen=True)
class DocumentRef:
    """A document of a case, as flows see it."""

    name: str
    media_type: str
    role: str
    sha256: str
    size: int

    def as_dict(self) -> dict[str, Any]:
        """Journal values."""
        return {"name": self.name, "media_type": self.media_type, "role": self.role, "sha256": self.sha256, "size": self.size}


@attrs.frozen(slots=False)
class Entry:
    """One journalled step."""

    path: str
    seq: int
    step: str
    kind: str
    flow: str
    output: Any
    evidence: Mapping[str, Any] = attrs.field(factory=dict)
    info: Mapping[str, Any] = attrs.field(factory=dict)
    model: str = ""
    ms: float = 0.0
    at: datetime | None = None


@dataclass
class Case:
    """A case with its journal, as work needs it."""

    id: int
    flow: str
    flow_version: str
    connection: str
    source: str
    title: str
    data: Mapping[str, Any]
    state: str
    error: str | None
    question: Any
    attempts: int
    created: datetime
    updated: datetime
    warnings: Sequence[str]
    run: str | None
    round: int = 0
    documents: list[DocumentRef] = field(default_factory=list)
    journal: dict[str, Entry] = field(default_factory=dict)
    noted: bool = True
    """Whether the search knows its words."""


def load(connection: Connection, ids: Sequence[int]) -> list[Case]:
    """Cases with their documents and journal, in the order of their ids. Raises NotFound for one that is not there."""
    rows = connection.execute(_CASES, {"which": list(ids)}).all()
    if len(rows) != len(set(ids)):
        missing = sorted(set(ids) - {r.id for r in rows})
        raise NotFound(f"There is no case {missing[0]}; `kontorist cases list` shows those there are.")
    found = {r.id: _case(r) for r in rows}
    _load_documents(connection, found)
    for case_id, round_, path, seq, step, kind, flow, output, evidence, info, model, ms, at in connection.execute(
        _JOURNAL, {"which": list(ids)}
    ).all():
        case = found[case_id]
        case.round = max(case.round, round_)
        case.journal[path] = Entry(path, seq, step, kind, flow, output, evidence or {}, info or {}, model or "", ms, at)
    return list(found.values())


def _load_documents(connection: Connection, found: Mapping[int, Case]) -> None:
    for case_id, *about in connection.execute(_DOCUMENTS, {"which": list(found)}):
        found[case_id].documents.append(DocumentRef(*about))


def _case(row: Any) -> Case:
    """A typed case from a row of `select(cases)`: by place, many times quicker than by name."""
    case = Case(*_PICK(row))
    case.warnings = case.warnings or []
    return case


_COLUMNS = (
    "id", "flow", "flow_version", "connection", "source", "title", "data", "state", "error", "question", "attempts", "created", "updated",
    "warnings", "run",
)  # fmt: skip
_PICK = itemgetter(*[list(cases.c.keys()).index(name) for name in _COLUMNS])


def flows(connection: Connection) -> set[str]:
    """The flows that have cases, those among them that the office no longer has."""
    return set(connection.execute(select(cases.c.flow).distinct()).scalars())


def find(
    connection: Connection, *, state: str | None = None, flow: str | None = None, limit: int = 1000, after: int = 0
) -> list[Any]:
    """Rows of cases, newest first."""
    query = select(cases).order_by(cases.c.id.desc()).limit(limit).offset(after)
    conditions = [cases.c.state == state if state else None, cases.c.flow == flow if flow else None]
    given = [c for c in conditions if c is not None]
    return list(connection.execute(query.where(and_(*given)) if given else query))
