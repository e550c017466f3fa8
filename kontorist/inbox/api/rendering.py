"""Cards and cases as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontorist.core.errors import KontoristError
from kontorist.core.values import plain
from kontorist.inbox import questions
from kontorist.inbox.api import shapes
from kontorist.inbox.card import DECIDABLE, CardView, seen_by
from kontorist.inbox.desk import Desk
from kontorist.inbox.edit_form import schema_of
from kontorist.inbox.facts import facts_of
from kontorist.inbox.listing import about
from kontorist.inbox.path_page import Taken
from kontorist.inbox.queue import Card
from kontorist.inbox.viewer import Viewer
from kontorist.store import authority
from kontorist.store.actions import ActionRow
from kontorist.store.cases import Case, DocumentRef
from kontorist.store.cases import Entry as Journalled


def safe(value: Any) -> Any:
    """A stored value as JSON; what has none as text."""
    try:
        return plain(value)
    except (TypeError, ValueError):
        return str(value)


def warnings(found: Iterable[Mapping[str, Any]]) -> list[shapes.Warned]:
    """Warnings in one shape."""
    return [shapes.Warned(code=str(w.get("code") or ""), text=str(w.get("text") or ""), stop=bool(w.get("stop"))) for w in found]


def line(card: Card) -> shapes.CardLine:
    """A card of a list."""
    more, row = about(card), card.head
    return shapes.CardLine(
        id=card.id, case=row.case_id, flow=card.flow, sentence=row.sentence, who=card.who or "",
        amount=None if more["amount"] is None else str(more["amount"]), currency=more["currency"], due=card.due, overdue=card.overdue,
        mine=card.mine, given=card.given, rests=card.rests, assigned=row.assigned, actions=len(card.rows), risk=card.risk,
        warnings=warnings(w for r in card.rows for w in r.warnings),
    )  # fmt: skip


def action(row: ActionRow, schema: Mapping[str, Any] | None = None) -> shapes.Action:
    """An action."""
    rule = row.rule
    return shapes.Action(
        id=row.id, connection=row.connection, action=row.action, sentence=row.sentence, state=row.state, revision=row.revision,
        sha256=row.sha256, payload=row.data, origins=safe(row.origins), warnings=warnings(row.warnings),
        rule=shapes.Rule(
            by=[str(n) for n in rule.get("by") or ()], count=authority.needed(row), escalate=rule.get("escalate") or None,
            comment=bool(rule.get("comment")), expires=rule.get("expires"),
        ),
        assigned=row.assigned, due=row.due, leaves=row.not_before if row.state == "approved" else None, receipt=safe(row.receipt),
        error=row.error, schema_=dict(schema) if schema else None,
    )  # fmt: skip


def editable(desk: Desk, rows: Sequence[ActionRow]) -> list[shapes.Action]:
    """Actions, each that can be decided with the shape of its payload."""
    opened = desk.connections()
    try:
        return [action(r, _schema(opened, r) if r.state in DECIDABLE else None) for r in rows]
    finally:
        opened.close()


def _schema(opened: Any, row: ActionRow) -> Mapping[str, Any] | None:
    try:
        return schema_of(opened, row)
    except KontoristError:  # the connection is gone from the office; it can be read, and rejected
        return None


def card(desk: Desk, viewer: Viewer, view: CardView) -> shapes.CardBody:
    """A whole card."""
    entries = seen_by(view)
    return shapes.CardBody(
        id=view.head.card, may=view.may, given=view.given, needed=view.needed, actions=editable(desk, view.rows),
        facts=facts(entries), trace=[step(e) for e in entries], history=[event(h) for h in view.history],
        case=case_line(view.case), documents=documents(view.case.id, view.case.documents), earlier=[c.id for c in view.earlier],
        looking=[desk.label(n) for n in desk.presence.others(view.head.card, viewer.name)],
    )  # fmt: skip


def event(found: Mapping[str, Any]) -> shapes.Event:
    """A revision or decision."""
    return shapes.Event(
        at=found["at"], action=found["of"].id, kind=str(found["kind"]), by=str(found["by"]), revision=found["revision"],
        comment=str(found.get("comment") or ""),
    )  # fmt: skip


def facts(entries: Iterable[Journalled], question: Mapping[str, Any] | None = None) -> list[shapes.Fact]:
    """The values that steps found, with their evidence."""
    return [
        shapes.Fact(
            name=f.name, value=safe(f.value), step=f.step, model=f.model, origins=[str(o) for o in f.origins],
            confidence=f.confidence, evidence=[safe(e) for e in f.evidence],
        )
        for f in facts_of(entries, question).listed
    ]  # fmt: skip


def step(entry: Journalled) -> shapes.Step:
    """A journalled step."""
    confidence = entry.info.get("confidence")
    return shapes.Step(
        path=entry.path, step=entry.step, kind=entry.kind, flow=entry.flow, model=entry.model, ms=entry.ms, at=entry.at,
        confidence=float(confidence) if isinstance(confidence, int | float) else None, output=safe(entry.output),
    )  # fmt: skip


def documents(case: int, found: Sequence[DocumentRef]) -> list[shapes.Document]:
    """The documents of a case."""
    return [shapes.Document(number=i, href=f"/case/{case}/document/{i}", **d.as_dict()) for i, d in enumerate(found)]


def case_line(found: Case | Any) -> shapes.CaseLine:
    """A case of a list."""
    order = questions.order_of(found.question if found.state == "unclear" else None)
    return shapes.CaseLine(
        id=found.id, flow=found.flow, title=found.title, who=getattr(found, "who", "") or "", source=found.source, state=found.state,
        error=found.error, created=found.created, by=list(order.by), due=order.due, escalate=order.escalate or None, overdue=order.overdue,
    )  # fmt: skip


def path_step(found: Taken) -> shapes.PathStep:
    """A step of a case's path."""
    entry = found.entry
    return shapes.PathStep(
        path=entry.path, step=entry.step, kind=entry.kind, inputs=safe(dict(found.inputs)), output=safe(entry.output),
        evidence=safe(entry.evidence), model=entry.model, ms=entry.ms, written=found.written,
    )  # fmt: skip


def decision(row: ActionRow) -> shapes.Decision:
    """An action that was decided."""
    return shapes.Decision(
        id=row.id, card=row.card, case=row.case_id, flow=row.flow, connection=row.connection, action=row.action, sentence=row.sentence,
        state=row.state, revision=row.revision, updated=row.updated, receipt=safe(row.receipt), error=row.error,
    )  # fmt: skip
