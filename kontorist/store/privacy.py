"""The rights of a data subject: access (Art. 15 GDPR), erasure (Art. 17) and objection (Art. 21)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.store import actions, audit, case_decisions, cases, documents, forgetting, model_calls, office_state
from kontorist.store.actions import ActionRow
from kontorist.store.audit import Event
from kontorist.store.cases import Case
from kontorist.store.database import Database
from kontorist.store.portions import Portion, is_row, portion_of
from kontorist.store.subjects import Found
from kontorist.store.tables import actions as actions_table
from kontorist.store.tables import cases as cases_table

_OBJECTIONS = "privacy.objections"
_RESTRICTED = "privacy.restricted"
_IN_FLIGHT = ("claimed", "committing", "uncertain")
_ABOUT_OTHERS = (
    "it is about others; the person stands only in single rows or entries of it, and these go with the case (retention.cases)"
)
_OPEN = ("runnable", "waiting", "unclear", "failed")

Held = Callable[[str], str]
"""Connection → the law that has what was done there be kept, or empty."""


@dataclass
class Erasure:
    """What became of each case: emptied, or kept and why."""

    emptied: list[int] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)
    documents: int = 0


def export(database: Database, case_id: int, found: Found) -> dict[str, Any]:
    """What of one case is about a person, as values: its data, steps, proposals with every version, decisions and events.

    Of a case that is about others it has the rows and entries that are about the person, and nothing that tells of the others.
    """
    with database.read() as connection:
        portion, case, rows, proposals = _portion(connection, case_id, found)
        theirs = [row for row in rows if portion.has(row.path)]
        about = [f"case:{case_id}"] if portion.whole else []
        events = [e for s in [*about, *(f"action:{r.id}" for r in theirs)] for e in audit.read(connection, s)]
    papers = [d.as_dict() for d in case.documents] if portion.whole and not is_row(case.data) else []
    return {
        "case": case.id, "whole": portion.whole, "flow": case.flow, "source": case.source if portion.whole else "",
        "title": case.title if portion.whole else "", "state": case.state, "created": case.created,
        "data": case.data if portion.whole else {}, "documents": papers,
        "steps": portion.steps, "proposals": [proposals[r.path] for r in theirs], "events": events,
    }  # fmt: skip


def of_others(database: Database, found: Found) -> dict[int, str]:
    """The cases that are about others and have only rows or entries about the person, with why they stay.

    Nothing is cut out of them: their journal is what the decisions about the others rest on.
    """
    with database.read() as connection:
        return {case_id: _ABOUT_OTHERS for case_id in found.cases if not _portion(connection, case_id, found)[0].whole}


def _portion(connection: Connection, case_id: int, found: Found) -> tuple[Portion, Case, list[ActionRow], dict[str, Any]]:
    (case,) = cases.load(connection, [case_id])
    rows = actions.of_cases(connection, [case_id]).get(case_id, [])
    proposals = {row.path: _proposal(connection, row) for row in rows}
    return portion_of(case, proposals, found.subject, in_document=case_id in found.in_documents), case, rows, proposals


def _proposal(connection: Connection, row: Any) -> dict[str, Any]:
    return {
        "action": f"{row.connection}.{row.action}", "state": row.state, "sentence": row.sentence, "payload": row.data,
        "origins": row.origins, "receipt": row.receipt, "decisions": actions.decisions(connection, row.id),
        "versions": actions.history(connection, row.id),
    }  # fmt: skip


def erase(database: Database, ids: Sequence[int], held: Held, actor: str, *, dry_run: bool = False) -> Erasure:
    """Empty cases; what the law has be kept is restricted, what is being carried out is left for later."""
    done = Erasure()
    for case_id in ids:
        with database.write() as connection:
            if reason := _kept(connection, case_id, held):
                done.kept[case_id] = reason
                if not dry_run:
                    _restrict(connection, case_id, reason, actor)
                continue
            done.emptied.append(case_id)
            if dry_run:
                continue
            digests = forgetting.documents_of(connection, [case_id])
            if connection.execute(select(cases_table.c.state).where(cases_table.c.id == case_id)).scalar() in _OPEN:
                case_decisions.close(connection, case_id, actor, "erasure (Art. 17 GDPR)")
            forgetting.empty(connection, [case_id], actor)
        if not dry_run:
            done.documents += documents.forget(database, digests)
    if done.emptied and not dry_run:
        with database.write() as connection:
            model_calls.forget_answers(connection)  # they name no case, so all of them go
    return done


def _kept(connection: Connection, case_id: int, held: Held) -> str:
    rows = connection.execute(
        select(actions_table.c.connection, actions_table.c.state).where(actions_table.c.case_id == case_id).with_for_update()
    ).all()
    if any(row.state in _IN_FLIGHT for row in rows):
        return "an action of it is being carried out or is uncertain; erase again when that is settled"
    return next((law for row in rows if row.state == "done" and (law := held(row.connection))), "")


def _restrict(connection: Connection, case_id: int, reason: str, actor: str) -> None:
    """Processing is restricted (Art. 18 GDPR, § 35 BDSG): the case is kept for the law alone."""
    known = dict(office_state.get(connection, _RESTRICTED) or {})
    if str(case_id) not in known:
        office_state.put(connection, _RESTRICTED, known | {str(case_id): reason})
        audit.append(connection, [Event("case.restricted", actor, f"case:{case_id}", {"reason": reason})])


def restricted(connection: Connection) -> Mapping[int, str]:
    """Cases that are kept for the law alone, with the reason."""
    return {int(case): reason for case, reason in (office_state.get(connection, _RESTRICTED) or {}).items()}


def objections(connection: Connection) -> list[str]:
    """Persons whose cases go to no language model: addresses, names."""
    return [str(one["subject"]) for one in office_state.get(connection, _OBJECTIONS) or ()]


def object_to(connection: Connection, subject: str, actor: str, *, lift: bool = False) -> bool:
    """Note an objection, or lift it; False when that was so already. The audit chain names it by its hash only."""
    known = list(office_state.get(connection, _OBJECTIONS) or ())
    others = [one for one in known if one["subject"].casefold() != subject.casefold()]
    if (len(others) == len(known)) == lift:
        return False
    office_state.put(connection, _OBJECTIONS, others if lift else [*known, {"subject": subject, "at": utcnow(), "by": actor}])
    kind = "privacy.objection-lifted" if lift else "privacy.objection"
    audit.append(connection, [Event(kind, actor, "office", {"subject_sha256": sha256(subject.casefold().encode())})])
    return True
