"""Cards over the JSON API: list, read, decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection

from kontorist.core.errors import NotAllowed
from kontorist.inbox import ask as drafting
from kontorist.inbox import asking, decisions, edit, several
from kontorist.inbox import card as cards
from kontorist.inbox.api import rendering, shapes
from kontorist.inbox.api.caller import Caller, Number, as_form, router_of
from kontorist.inbox.decisions import measure, shown_in
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.listing import Wish
from kontorist.inbox.problems import answers
from kontorist.inbox.queue import counts, load, next_after, open_cards
from kontorist.inbox.security import Form
from kontorist.inbox.viewer import Posted, Viewer
from kontorist.store import actions, deciding
from kontorist.store.actions import ActionRow

router = router_of("Cards")
_STALE = answers(409)
Tab = Annotated[str, Query(pattern="^(mine|others|asked)$")]
Skip = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/counts")
def read_counts(desk: TheDesk, viewer: Caller) -> shapes.Counts:
    """How many cards and cases wait where."""
    with desk.database.read() as connection:
        return shapes.Counts(**counts(connection, open_cards(connection, viewer), viewer))


@router.get("/cards")
def list_cards(
    desk: TheDesk,
    viewer: Caller,
    tab: Tab = "mine",
    q: Annotated[str, Query(max_length=200, description="words that have to occur, or that words begin with")] = "",
    flow: Annotated[str, Query(max_length=100)] = "",
    risk: Annotated[str, Query(pattern="^(|stop|note|none)$")] = "",
    sort: Annotated[str, Query(pattern="^(risk|due|amount|new)$")] = "risk",
    skip: Skip = 0,
    limit: Limit = 100,
) -> shapes.CardList:
    """The cards that wait: `mine` to decide, with `others`, or those about which something was `asked` back."""
    wanted = Wish(tab, q.strip(), flow, risk, "none", sort)
    with desk.database.read() as connection:
        waiting = open_cards(connection, viewer, sort=sort)
        fitting = wanted.of(connection, waiting)
        some = load(connection, fitting[skip : skip + limit])
    return shapes.CardList(total=len(fitting), skip=skip, cards=[rendering.line(c) for c in some])


@router.get("/cards/{card}")
def read_card(desk: TheDesk, viewer: Caller, card: Number) -> shapes.CardBody:
    """A card: its actions with payload, origins and warnings, the values with their evidence, why it came to this, and its history."""
    with desk.database.read() as connection:
        view = cards.load(connection, viewer, card)
    return rendering.card(desk, viewer, view)


@router.get("/cards/{card}/question")
def draft_question(desk: TheDesk, viewer: Caller, card: Number) -> shapes.Draft:
    """A first version of a question to the sender, in the language of the mail."""
    with desk.database.read() as connection:
        view = cards.load(connection, viewer, card)
    return shapes.Draft(body=drafting.draft(desk, view.case))


@router.post("/cards/{card}/here")
def look(desk: TheDesk, viewer: Caller, card: Number) -> shapes.Looking:
    """Say that the caller has the card open, which others then see for some seconds; says who else has."""
    with desk.database.read() as connection:
        head = cards.load(connection, viewer, card).head.card
    desk.presence.note(head, viewer.name)
    return shapes.Looking(others=[desk.label(name) for name in desk.presence.others(head, viewer.name)])


def _marks(shown: Sequence[shapes.Shown]) -> list[tuple[str, str]]:
    return [("shown", f"{s.action}:{s.revision}:{s.sha256}") for s in shown]


def _ticked(checked: bool) -> list[tuple[str, str]]:
    return [("checked", "1")] if checked else []


def _decide(desk: Desk, posted: Posted, card: int, did: str, work: Callable[[Connection], str | None]) -> shapes.Decided:
    """What `decisions.decide` does, without a page: errors become answers in one place."""
    posted.who  # noqa: B018 - auditors are refused first
    with desk.database.write() as connection:
        waiting = open_cards(connection, posted.viewer)
        head = actions.get(connection, card).card
        did = work(connection) or did
        measure(desk, connection, posted.viewer, head, did)
    return shapes.Decided.model_validate({"did": did, "card": head, "next": next_after(waiting, head)})


@router.post("/cards/{card}/approve", responses=_STALE)
def approve(desk: TheDesk, viewer: Caller, card: Number, body: shapes.Approve) -> shapes.Decided:
    """Approve everything on the card, exactly as it was shown."""
    posted = as_form(viewer, *_marks(body.shown), ("comment", body.comment), *_ticked(body.checked))
    return _decide(desk, posted, card, "approved", lambda c: decisions.give(c, posted, card, shown_in(posted.form)))


@router.post("/cards/{card}/reject", responses=_STALE)
def reject(desk: TheDesk, viewer: Caller, card: Number, body: shapes.Reject) -> shapes.Decided:
    """Reject everything on the card, with a reason; with `redraft` the flow prepares it anew."""
    posted = as_form(viewer, *_marks(body.shown), ("reason", body.reason), *([("redraft", "1")] if body.redraft else []))
    return _decide(desk, posted, card, "rejected", lambda c: decisions.refuse(c, posted, card, desk))


@router.post("/cards/{card}/edit", responses=_STALE)
def save(desk: TheDesk, viewer: Caller, card: Number, body: shapes.Edit) -> shapes.Decided:
    """Save a person's version as the next revision, checked like any proposal; approve it at once where that is asked for and safe."""
    viewer.who  # noqa: B018 - auditors are refused first
    at_once = [("approve", "1")] if body.approve else []
    posted = as_form(viewer, *_marks(body.shown), ("comment", body.comment), *_ticked(body.checked), *at_once)
    changes: dict[int, dict[str, Any]] = {c.action: c.fields for c in body.changes}
    if missing := set(changes) - {s.action for s in body.shown}:
        raise NotAllowed(f"Action {min(missing)} is not among those that were shown.")

    def written(row: ActionRow, _schema: Mapping[str, Any]) -> dict[str, Any]:
        before = row.data
        return {k: v for k, v in changes.get(row.id, {}).items() if k not in before or before[k] != v}

    did, after = edit.save(desk, posted, card, written)
    return shapes.Decided.model_validate({"did": did, "card": card, "next": card if did == "saved" else after})


@router.post("/cards/{card}/ask", responses=_STALE)
def ask_back(desk: TheDesk, viewer: Caller, card: Number, body: shapes.Ask) -> shapes.Decided:
    """Ask the sender: the question leaves like any mail, and the card rests until the answer comes."""
    posted = as_form(viewer, *_marks(body.shown), ("body", body.body))
    posted.who  # noqa: B018 - auditors are refused first
    return _decide(desk, posted, card, "asked", asking.asked(desk, posted, card))


@router.post("/cards/{card}/hand-over", responses=_STALE)
def hand_over(desk: TheDesk, viewer: Caller, card: Number, body: shapes.HandOver) -> shapes.Decided:
    """Hand the card over to a person or group."""
    posted = as_form(viewer, *_marks(body.shown), ("to", body.to), ("comment", body.comment))
    return _decide(desk, posted, card, "handed", lambda c: decisions.give_to(desk, c, posted, card))


@router.post("/cards/{card}/resolve", responses=_STALE)
def resolve(desk: TheDesk, viewer: Caller, card: Number, body: shapes.Resolve) -> shapes.Decided:
    """Say of an uncertain action whether it happened, and how you know."""
    happened = "yes" if body.happened else "no"
    posted = as_form(viewer, *_marks(body.shown), ("happened", happened), ("comment", body.comment.strip()))
    return _decide(desk, posted, card, "settled", lambda c: decisions.settle(c, posted))


@router.post("/cards/{card}/take-back", responses=_STALE)
def take_back(desk: TheDesk, viewer: Caller, card: Number) -> shapes.Decided:
    """Undo an approval that has not left yet."""
    with desk.database.write() as connection:
        deciding.take_back(connection, card, viewer.who)
    return shapes.Decided(did="back", card=card, next=card)


@router.post("/cards/{card}/resume", responses=_STALE)
def resume(desk: TheDesk, viewer: Caller, card: Number) -> shapes.Decided:
    """Decide a resting card without waiting for the answer."""
    posted = as_form(viewer)
    with desk.database.write() as connection:
        asking.wait_no_more(connection, posted, card)
    return shapes.Decided(did="resumed", card=card, next=card)


@router.get("/several")
def read_several(desk: TheDesk, viewer: Caller) -> list[shapes.Kind]:
    """Cards that are alike and harmless, by kind: with what is the same on all of them, and what differs."""
    with desk.database.read() as connection:
        kinds = several.alike(desk, connection, viewer) if viewer.decides else []
        return [_kind(desk, viewer, connection, k) for k in kinds]


def _kind(desk: Desk, viewer: Viewer, connection: Connection, found: several.Kind) -> shapes.Kind:
    listed = [rendering.card(desk, viewer, cards.load(connection, viewer, c.id)) for c in found.cards]
    same = {str(k): rendering.safe(v) for k, v in found.same}
    return shapes.Kind(flow=found.flow, cards=listed, same=same, differs=list(map(str, found.columns)), more=found.more)


@router.post("/several/approve", responses=_STALE)
def approve_several(desk: TheDesk, viewer: Caller, body: shapes.Several) -> shapes.SeveralDone:
    """Approve cards of `GET /several`, each by itself and with its own record; one that has changed meanwhile is left."""
    chosen = {one.card: shown_in(Form(_marks(one.shown))) for one in body.cards}
    done, left = several.approve_each(desk, as_form(viewer), chosen)
    return shapes.SeveralDone(done=done, left=left)


@router.post("/several/take-back", responses=_STALE)
def take_back_several(desk: TheDesk, viewer: Caller, body: shapes.Numbers) -> shapes.SeveralDone:
    """Undo several approvals that have not left yet."""
    done = several.take_back_each(desk, as_form(viewer), body.cards)
    return shapes.SeveralDone(done=done, left=len(body.cards) - len(done))
