"""The card: one decision with all that is needed for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection, select

from kontorist.core.clock import utcnow
from kontorist.core.flow import AgentStep, LookupStep, walk
from kontorist.inbox.ask import possible
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.edit_form import Input, inputs, known_values, schema_of
from kontorist.inbox.facts import facts_of
from kontorist.inbox.fields import shown
from kontorist.inbox.history import history
from kontorist.inbox.links import run_link
from kontorist.inbox.originals import views
from kontorist.inbox.pages import language_for, page
from kontorist.inbox.queue import beside, counts, open_cards, to_decide
from kontorist.inbox.security import Form
from kontorist.inbox.sight import require_sight, seen
from kontorist.inbox.toast import toast
from kontorist.inbox.trace import told
from kontorist.inbox.viewer import SignedIn, Viewer
from kontorist.store import actions, authority, cases, office_state, redraft, tables
from kontorist.store.actions import ActionRow
from kontorist.store.cases import Case, Entry
from kontorist.store.context import visible
from kontorist.store.earlier import earlier

router = APIRouter()
DECIDABLE = ("proposed", "refused")
WITHDRAWABLE = ("proposed", "approved", "refused")


@dataclass(frozen=True)
class CardView:
    """A card as its page shows it."""

    head: ActionRow
    rows: list[ActionRow]
    case: Case
    history: list[dict[str, Any]]
    """Decisions and revisions of all its actions, oldest first."""
    earlier: list[Any]
    run_url: str
    may: bool
    """Whether this viewer may decide it at all."""
    given: bool
    """Whether they have approved exactly this already."""

    @property
    def decidable(self) -> list[ActionRow]:
        """What an approval would be about."""
        return [r for r in self.rows if r.state in DECIDABLE]

    @property
    def uncertain(self) -> list[ActionRow]:
        """What nobody can know without looking outside."""
        return [r for r in self.rows if r.state == "uncertain"]

    @property
    def approved(self) -> list[ActionRow]:
        """What can still be taken back."""
        return [r for r in self.rows if r.state == "approved"]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """Every warning once, those that say stop first."""
        found = actions.told_once(w for r in self.rows for w in r.warnings if r.state not in ("withdrawn", "rejected"))
        return sorted(found, key=lambda w: not w.get("stop"))

    @property
    def newer(self) -> Any:
        """The newest other case of the same conversation, where one came after this."""
        return next((c for c in self.earlier if c.same_thread and c.id > self.case.id), None)

    @property
    def stops(self) -> bool:
        """Whether a warning says stop."""
        return any(w.get("stop") for w in self.warnings)

    @property
    def blocked(self) -> bool:
        """Whether something is missing without which nobody can approve it."""
        return any(w.get("blocks") for r in self.decidable for w in r.warnings)

    @property
    def handed(self) -> dict[str, Any] | None:
        """What whoever handed the card over wants the next one to know."""
        last = next((h for h in reversed(self.history) if h["kind"] == "handed"), None)
        return last if last and last["comment"] and self.decidable else None

    @property
    def comment(self) -> bool:
        """Whether the rule asks for a word on how it was checked."""
        return any(r.rule.get("comment") for r in self.decidable)

    @property
    def needed(self) -> int:
        """How many people have to approve."""
        return max((authority.needed(r) for r in self.decidable), default=1)


def load(connection: Connection, viewer: Viewer, card_id: int) -> CardView:
    """The card of an action. Raises NotFound."""
    rows = actions.card(connection, card_id)
    require_sight(connection, viewer, rows[0].case_id)
    (case,) = cases.load(connection, [rows[0].case_id])
    now = utcnow()
    given = any(viewer.name in authority.approvers(connection, r, now) for r in rows if r.state in DECIDABLE)
    return CardView(
        rows[0],
        rows,
        case,
        history(connection, rows),
        seen(connection, viewer, earlier(connection, case.id)),
        office_state.pass_url(connection, case.run) if case.run else "",
        viewer.decides and all(authority.may_decide(r, viewer.who) for r in rows),
        given,
    )


def redo(desk: Desk, flow: str) -> set[str]:
    """The steps of a flow that look up and write: what a new draft does again; none where nothing writes."""
    steps = [s for _, s in walk(desk.office.flows[flow].steps)] if flow in desk.office.flows else []
    drafts = {s.id for s in steps if isinstance(s, AgentStep) and s.agent == "draft" and s.id}
    return drafts | {s.id for s in steps if isinstance(s, LookupStep) and s.id} if drafts else set()


def seen_by(view: CardView) -> list[Entry]:
    """The steps whose values the card's actions could use: of a loop only its own round."""
    entries = {e.path: e for row in view.rows for e in visible(view.case, row.path)}
    return [e for e in view.case.journal.values() if e.path in entries]


@router.get("/card/{card_id}")
def show(request: Request, desk: TheDesk, viewer: SignedIn, card_id: int, edit: str = "") -> Response:
    """The page of a card, or with `?edit=1` the form to edit it."""
    return render(request, desk, viewer, card_id, edit=bool(edit))


def render(
    request: Request,
    desk: Desk,
    viewer: Viewer,
    card_id: int,
    status: int = 200,
    problem: str = "",
    *,
    edit: bool = False,
    edited: Form | None = None,
) -> Response:
    """The page of a card, with a problem on top where a decision could not be taken."""
    with desk.database.read() as connection:
        view = load(connection, viewer, card_id)
        entries = seen_by(view)
        replies = _replies(connection, viewer, entries)
        waiting = open_cards(connection, viewer)
        numbers = counts(connection, waiting, viewer)
        done = toast(connection, viewer, request.query_params)
        stops = office_state.stops(connection)
        anew = redraft.newest(connection, view.head)
        redraftable = redraft.possible(connection, view.rows) and bool(redo(desk, view.head.flow))
    found = facts_of(entries)
    originals = views(desk.database, view.case, entries, found, language_for(request, desk, viewer))
    before, after = beside(waiting, view.head.card)
    here = to_decide(waiting).get(view.head.card, -1) + 1
    values: dict[str, Any] = {"card": view, "counts": numbers, "toast": done, "before": before, "after": after, "place": here}
    values |= {
        "handovers": handovers(desk),
        "alone": view.given and not others(desk, view, viewer),
        "looking": [desk.label(name) for name in desk.presence.others(view.head.card, viewer.name)],
        "facts": found,
        "held": any(stops.hits(r.flow, r.connection) for r in view.rows if r.state in WITHDRAWABLE),
        "doubts": found.doubtful() if view.decidable else [],
        "path_taken": told(entries),
        "redraftable": redraftable,
        "anew": anew,
        "cited": [one for one in _cited(entries) if not one.get("case")],
        "replied": replies,
        "waits": max((math.ceil((r.not_before - utcnow()).total_seconds()) for r in view.approved if r.not_before), default=0),
        "rests": view.head.not_before if view.decidable and view.head.not_before and view.head.not_before > utcnow() else None,
        "can_ask": bool(view.decidable) and possible(desk, view.case.data, view.case.connection),
        "shown": [shown(r) for r in view.rows],
        "views": originals,
        "prefect": run_link(desk, view.run_url, view.case.run),
    }
    values["forms"] = forms(desk, view, edited) if edit and view.may and not view.given else []
    return page(request, "card.html", viewer, status, problem=problem, **values)


def _cited(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """What drafts of this card name: passages of the knowledge pages, and earlier replies with their case."""
    outputs = [e.output for e in entries if e.kind == "agent" and isinstance(e.output, Mapping)]
    return [one for output in outputs for one in output.get("citations") or () if isinstance(one, Mapping) and one.get("quote")]


def _replies(connection: Connection, viewer: Viewer, entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Earlier replies to the same customer, of the cases that this person may read and that are still there."""
    cited = {int(one["case"]): one for one in _cited(entries) if one.get("case")}
    there = connection.execute(
        select(tables.cases.c.id, tables.cases.c.title, tables.cases.c.created).where(tables.cases.c.id.in_(cited))
    )
    return [{**cited[row.id], "title": row.title, "created": row.created} for row in seen(connection, viewer, there.all())]


def forms(desk: Desk, view: CardView, edited: Form | None) -> list[tuple[ActionRow, list[Input]]]:
    """The fields of every action on the card that can be decided."""
    with closing(desk.connections()) as opened:
        shapes = [(r, schema_of(opened, r)) for r in view.decidable]
        return [(r, inputs(r, shape, edited, known_values(opened, r, shape))) for r, shape in shapes]


def others(desk: Desk, view: CardView, viewer: Viewer) -> list[str]:
    """Who besides this viewer may decide the card."""
    names = {n for r in view.decidable for n in (*(r.rule.get("by") or ()), r.assigned, r.rule.get("escalate")) if n}
    people = desk.office.settings.people
    return [p for p in desk.office.members(sorted(names)) if p != viewer.name and people[p].role != "auditor"]


def handovers(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """To whom a card can be handed over."""
    settings = desk.office.settings
    able = [(n, p.name) for n, p in settings.people.items() if p.role != "auditor"]
    return {"groups": [(g, desk.label(g)) for g in settings.groups], "people": able}
