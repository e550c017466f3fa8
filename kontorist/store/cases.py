"""Cases: taken in once, leased for work, moved on together with their journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotFound
from kontorist.core.values import sha256
from kontorist.store import audit, documents, facets, words
from kontorist.store.audit import Event
from kontorist.store.database import insert_new
from kontorist.store.tables import actions, case_documents, cases, journal, storable, threads
from kontorist.store.tables import documents as known_documents

STATES = ("runnable", "waiting", "unclear", "failed", "done", "closed")

# Statements are made once: SQLAlchemy takes four times as long to make one as to run it.
_THESE = cases.c.id.in_(bindparam("which", expanding=True))
_FREE = (
    select(cases.c.id)
    .where(
        cases.c.state == "runnable",
        or_(cases.c.lease_until.is_(None), cases.c.lease_until < bindparam("now")),
        or_(cases.c.not_before.is_(None), cases.c.not_before <= bindparam("now")),
    )
    .order_by(cases.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_CHANGE = update(cases).where(_THESE)
_CASES = select(cases).where(_THESE).order_by(cases.c.id)
_JOURNAL = (
    select(
        journal.c.case_id, journal.c.round, journal.c.path, journal.c.seq, journal.c.step, journal.c.kind, journal.c.flow,
        journal.c.output, journal.c.evidence, journal.c.info, journal.c.model, journal.c.ms, journal.c.at,
    )
    .where(journal.c.case_id.in_(bindparam("which", expanding=True)), journal.c.voided.is_(False))
    .order_by(journal.c.case_id, journal.c.seq)
)  # fmt: skip
_DOCUMENTS = (
    select(
        case_documents.c.case_id, case_documents.c.name, case_documents.c.media_type, case_documents.c.role,
        case_documents.c.sha256, known_documents.c.size,
    )
    .join(known_documents, known_documents.c.sha256 == case_documents.c.sha256)
    .where(case_documents.c.case_id.in_(bindparam("which", expanding=True)))
    .order_by(case_documents.c.case_id, case_documents.c.position)
)  # fmt: skip
_ADD_ENTRIES = insert(journal)
_STILL_HELD = (
    select(cases.c.id)
    .where(_THESE, cases.c.state == "runnable", or_(cases.c.lease_owner.is_(None), cases.c.lease_owner == bindparam("owner")))
    .order_by(cases.c.id)
    .with_for_update()
)
_STATE = select(cases.c.state).where(cases.c.id == bindparam("which")).with_for_update(read=True)
_LOCK = select(cases.c.id).where(_THESE).order_by(cases.c.id).with_for_update()
_WAKE = update(cases).where(_THESE, cases.c.state == "waiting")
_NOTED = select(journal.c.path).where(
    journal.c.case_id == actions.c.case_id, journal.c.path == actions.c.path, journal.c.voided.is_(False)
)
_SETTLED = select(actions.c.id).where(
    actions.c.case_id == cases.c.id, actions.c.state.in_(("done", "rejected")), ~_NOTED.correlate(actions).exists()
)
_WAKE_SETTLED = update(cases).where(_THESE, _SETTLED.correlate(cases).exists())
_GONE = {"state": "withdrawn", "effect_key": None, "error": "The case was closed."}
_CLOSED = (
    update(actions)
    .where(
        actions.c.state == "approved",
        select(cases.c.id).where(cases.c.id == actions.c.case_id, cases.c.state == "closed").exists(),
    )
    .returning(actions.c.id, actions.c.case_id)
)


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


@dataclass(frozen=True)
class Entry:
    """One journalled step."""

    path: str
    seq: int
    step: str
    kind: str
    flow: str
    output: Any
    evidence: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
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


def known_keys(connection: Connection, flow: str, name: str, keys: set[str]) -> set[str]:
    """Which source keys of a connection were taken in by this flow already."""
    stored, known = {_key(k): k for k in keys}, set()
    todo = list(stored)
    for start in range(0, len(todo), 10_000):  # databases take some 32 000 parameters
        batch = cases.c.source_key.in_(todo[start : start + 10_000])
        query = select(cases.c.source_key).where(cases.c.flow == flow, cases.c.connection == name, batch)
        known |= {stored[k] for k in connection.execute(query).scalars()}
    return known


def _key(source_key: str) -> str:
    """A source key as it is stored: one that is too long by its hash."""
    return storable(source_key) if len(source_key) <= 128 else f"sha256:{sha256(source_key.encode('utf-8', 'replace'))}"


def take_in(connection: Connection, new: Sequence[NewCase], actor: str) -> list[int | None]:
    """Create cases with documents, threads and audit events; None for one that exists already (same source key)."""
    ids = _insert_many(connection, new)
    made = [(case_id, item) for case_id, item in zip(ids, new, strict=True) if case_id is not None]
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
    """The words that new cases are found by, their documents and their conversations."""
    words.note(connection, {i: [i, n.title, n.source, n.data, [d.name for d in n.documents]] for i, n in made})
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


def thread_key(key: str) -> str:
    """A key of a conversation as it is stored."""
    return storable(key)[:255]


def sent(connection: Connection, outputs: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """What left for a case with a Message-ID of ours: answers to it belong to the case, also those that name nothing else."""
    keys = {(thread_key(str(o["message_id"])), case_id) for case_id, o in outputs if o.get("message_id")}
    if keys:
        connection.execute(insert_new(connection, threads), [{"key": k, "case_id": i} for k, i in sorted(keys)])


def in_thread(connection: Connection, keys: Sequence[str]) -> list[int]:
    """The cases that share a conversation with these keys."""
    return list(
        connection.execute(select(threads.c.case_id).where(threads.c.key.in_([thread_key(k) for k in keys])).distinct()).scalars()
    )


def lease(connection: Connection, owner: str, limit: int, seconds: float, flow: str | None = None) -> list[int]:
    """Lease runnable cases whose lease is free or dead, oldest first. PostgreSQL workers skip each other's rows."""
    now = utcnow()
    query = _FREE.where(cases.c.flow == flow) if flow else _FREE
    ids = list(connection.execute(query, {"now": now, "at_most": limit}).scalars())
    if ids:
        connection.execute(_CHANGE, {"which": ids, "lease_until": now + timedelta(seconds=seconds), "lease_owner": owner})
    return ids


def release(connection: Connection, owner: str) -> None:
    """Give back what this worker has leased and did not finish."""
    connection.execute(update(cases).where(cases.c.lease_owner == owner).values(lease_until=None, lease_owner=None))


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


@dataclass(frozen=True)
class Move:
    """What becomes of a case: new journal entries and its next state, written together."""

    case_id: int
    entries: Sequence[Entry] = ()
    round: int = 0
    state: str | None = None
    error: str | None = None
    question: Any = None
    not_before: datetime | None = None
    failed_attempt: bool = False


def move(connection: Connection, moves: Sequence[Move], owner: str, run: str | None = None) -> None:
    """Write journal entries and states of a chunk in the caller's transaction; states other than None end the lease.

    What a worker reports of a case that was closed meanwhile, or that another worker has taken over, is left out.
    """
    if not moves:
        return
    now = utcnow()
    mine = _held(connection, [m.case_id for m in moves], owner)
    late = [m.case_id for m in moves if m.case_id not in mine]
    moves = [m for m in moves if m.case_id in mine]
    rows = [
        {
            "case_id": m.case_id,
            "round": m.round,
            "path": e.path,
            "seq": e.seq,
            "step": e.step,
            "kind": e.kind,
            "flow": e.flow,
            "output": e.output,
            "evidence": e.evidence,
            "info": e.info,
            "model": e.model,
            "ms": e.ms,
            "voided": False,
            "at": now,
            "nanos": _cost(e.info),
        }
        for m in moves
        for e in m.entries
    ]
    if rows:
        connection.execute(_ADD_ENTRIES, rows)
    for alike in _alike(moves):
        _set_state(connection, alike, now, run)
    _wake_settled(connection, [m.case_id for m in moves if m.state == "waiting"])
    ended = [m for m in moves if m.state in ("done", "failed", "unclear", "closed")]
    audit.append(
        connection, [Event(f"case.{m.state}", owner, f"case:{m.case_id}", {"error": m.error} if m.error else {}) for m in ended]
    )
    _leave_out(connection, late, owner)


def _cost(info: Mapping[str, Any]) -> int:
    """What a step's model cost, in billionths."""
    usage = info.get("usage")
    cost = usage.get("cost") if isinstance(usage, Mapping) else None
    return int(Decimal(str(cost)) * 1_000_000_000) if cost else 0


def _held(connection: Connection, ids: Sequence[int], owner: str) -> set[int]:
    """Which of these cases this worker may still move: runnable, and leased to it or to nobody."""
    return set(connection.execute(_STILL_HELD, {"which": list(ids), "owner": owner}).scalars())


def _leave_out(connection: Connection, ids: Sequence[int], owner: str) -> None:
    if not ids:
        return
    closed = list(connection.execute(select(cases.c.id).where(cases.c.id.in_(ids), cases.c.state == "closed")).scalars())
    for case_id in closed:
        _withdraw(connection, case_id)
    audit.append(connection, [Event("case.late-report", owner, f"case:{i}", {}) for i in ids])


def _withdraw(connection: Connection, case_id: int) -> None:
    """Nobody has to decide, and nothing runs any more, what was proposed for a case that a person has closed."""
    undone = (actions.c.case_id == case_id, actions.c.state.in_(("proposed", "approved", "refused")))
    withdrawing = update(actions).where(*undone).values(**_GONE, updated=utcnow()).returning(actions.c.id, actions.c.case_id)
    _note_withdrawn(connection, connection.execute(withdrawing).all())


def withdraw_closed(connection: Connection) -> None:
    """Withdraw what was on its way when its case was closed, did not happen, and would be tried again now."""
    _note_withdrawn(connection, connection.execute(_CLOSED, {**_GONE, "updated": utcnow()}).all())


def is_closed(connection: Connection, case_id: int) -> bool:
    """Whether a person has ended this case; nobody ends it until the caller's transaction is over."""
    return connection.execute(_STATE, {"which": case_id}).scalar() == "closed"


def _note_withdrawn(connection: Connection, rows: Sequence[Any]) -> None:
    audit.append(connection, [Event("action.withdrawn", "case", f"action:{r.id}", {"case": r.case_id}) for r in sorted(rows)])


def _alike(moves: Sequence[Move]) -> list[list[Move]]:
    """The moves that change a state, those to the same one together."""
    groups: dict[Any, list[Move]] = {}
    for m in moves:
        if m.state is not None:
            own = m.case_id if m.question is not None else None
            groups.setdefault((m.state, m.error, own, m.not_before, m.failed_attempt), []).append(m)
    return list(groups.values())


def _set_state(connection: Connection, alike: Sequence[Move], now: datetime, run: str | None) -> None:
    m = alike[0]
    values: dict[str, Any] = {
        "state": m.state,
        "error": m.error,
        "question": m.question,
        "not_before": m.not_before,
        "updated": now,
        "lease_until": None,
        "lease_owner": None,
    }
    if run:
        values["run"] = run
    change = _CHANGE.values(attempts=cases.c.attempts + 1) if m.failed_attempt else _CHANGE
    if not m.failed_attempt:
        values["attempts"] = 0
    connection.execute(change, {"which": [x.case_id for x in alike], **values})


def _wake_settled(connection: Connection, ids: Sequence[int]) -> None:
    """A decision may have come while the case was still being worked on: then it does not wait at all."""
    if ids:
        connection.execute(_WAKE_SETTLED, {"which": list(ids), "state": "runnable"})


def wake(connection: Connection, ids: Sequence[int]) -> None:
    """Let waiting cases run on (an action of theirs was settled)."""
    if ids:
        if connection.dialect.name != "sqlite":  # wait for a worker that is about to say `waiting`; SQLite has one writer
            connection.execute(_LOCK, {"which": list(ids)})
        connection.execute(_WAKE, {"which": list(ids), "state": "runnable", "updated": utcnow(), "lease_until": None})


def retry(connection: Connection, case_id: int, actor: str) -> None:
    """Let a failed or unclear case run again from the step it stopped at, on the newest version of its flow. Raises NotFound if it is neither."""
    changed = connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.state.in_(("failed", "unclear")))
        .values(
            state="runnable", flow_version="", error=None, question=None, attempts=0,
            not_before=None, lease_until=None, updated=utcnow(),
        )
    ).rowcount  # fmt: skip
    if not changed:
        raise NotFound(f"Case {case_id} is neither failed nor unclear, so there is nothing to retry.")
    audit.append(connection, [Event("case.retried", actor, f"case:{case_id}", {})])


def close(connection: Connection, case_id: int, actor: str, reason: str = "") -> None:
    """A person ends a case and withdraws what was proposed for it. Raises NotFound if it has ended."""
    _withdraw(connection, case_id)
    changed = connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.state.in_(("runnable", "waiting", "unclear", "failed")))
        .values(state="closed", error=None, question=None, lease_until=None, updated=utcnow())
    ).rowcount
    if not changed:
        raise NotFound(f"Case {case_id} has ended already, or does not exist.")
    audit.append(connection, [Event("case.closed", actor, f"case:{case_id}", {"reason": reason})])


def answer(connection: Connection, case_id: int, output: Mapping[str, Any], actor: str) -> None:
    """A person answers an unclear case's question: it becomes that step's journalled result and the case runs on."""
    (case,) = load(connection, [case_id])
    if case.state != "unclear" or not case.question or "path" not in case.question:
        raise NotFound(f"Case {case_id} asks nothing that could be answered; retry it or close it.")
    asked = case.question
    merged = {**(asked.get("output") or {}), **output}
    entry = Entry(
        asked["path"],
        len(case.journal),
        asked["step"],
        "agent",
        asked["flow"],
        merged,
        info={"answered_by": actor},
        model=f"person:{actor}",
    )
    if not connection.execute(
        update(cases).where(cases.c.id == case_id, cases.c.state == "unclear").values(state="runnable", lease_owner=None)
    ).rowcount:
        raise NotFound(f"Case {case_id} was answered by somebody else just now.")
    move(connection, [Move(case_id, [entry], case.round, "runnable")], actor)
    from kontorist.store import corrections

    corrections.keep(
        connection,
        case_id,
        f"{asked['flow']}/{asked['step']}",
        "answer",
        {"text": asked.get("text", ""), **(asked.get("output") or {})},
        output,
        actor,
    )
    audit.append(connection, [Event("case.answered", actor, f"case:{case_id}", {"step": asked["step"], "answer": output})])


def find(
    connection: Connection, *, state: str | None = None, flow: str | None = None, limit: int = 1000, after: int = 0
) -> list[Any]:
    """Rows of cases, newest first."""
    query = select(cases).order_by(cases.c.id.desc()).limit(limit).offset(after)
    conditions = [cases.c.state == state if state else None, cases.c.flow == flow if flow else None]
    given = [c for c in conditions if c is not None]
    return list(connection.execute(query.where(and_(*given)) if given else query))
