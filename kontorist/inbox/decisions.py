"""Decisions: by POST only, each about exactly the revisions that were on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Stale
from kontorist.inbox import card as cards
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.queue import next_after, open_cards
from kontorist.inbox.security import Form, number_in
from kontorist.inbox.viewer import FromForm, Posted, Viewer
from kontorist.store import actions, deciding, handling, redraft, resolving
from kontorist.store.actions import ActionRow, Shown

router = APIRouter()


def shown_in(form: Form) -> list[Shown]:
    """The revisions that the form says were shown: `id:revision:sha256`. Raises Stale when it says none."""
    found = []
    for text in form.every("shown"):
        first, _, rest = text.partition(":")
        second, _, digest = rest.partition(":")
        action, revision = number_in(first), number_in(second)
        if action is None or revision is None:
            raise Stale("The form does not say which version was shown; look at the card again.")
        found.append(Shown(action, revision, digest))
    if not found:
        raise Stale("There was nothing to decide on this page any more; look at the card again.")
    return found


def whole_card(connection: Connection, card_id: int, shown: Sequence[Shown], states: Sequence[str]) -> list[ActionRow]:
    """The actions on the card that can be decided. Raises Stale unless they are exactly those that were shown."""
    rows = [r for r in actions.card(connection, card_id) if r.state in states]
    if [s for s in shown if s not in {r.shown for r in rows}] or len({s.action_id for s in shown}) != len(rows):
        raise Stale(
            "This card has changed since it was shown to you. Nothing was done; look at the new version and decide again."
        )
    return rows


def decide(
    request: Request, desk: Desk, posted: Posted, card_id: int, did: str, work: Callable[[Connection], str | None]
) -> Response:
    """Do `work` in one transaction and go on to the next card; a stale card is shown anew with 409."""
    try:
        with desk.database.write() as connection:
            waiting = open_cards(connection, posted.viewer)
            head = actions.get(connection, card_id).card
            did = work(connection) or did
            measure(desk, connection, posted.viewer, head, did)
    except NotFound:
        raise
    except KontoristError as error:
        status = 409 if isinstance(error, Stale) else 403 if isinstance(error, NotAllowed) else 422
        before = _decided_before(desk, card_id) if isinstance(error, Stale) else None
        return cards.render(request, desk, posted.viewer, card_id, status, str(before or error))
    after = next_after(waiting, head)
    return RedirectResponse(f"/card/{after}?did={did}&of={head}" if after else f"/?did={did}&of={head}", 303)


def _decided_before(desk: Desk, card_id: int) -> Stale | None:
    """Who was faster, where somebody has decided the whole card meanwhile; None where it is something else that has changed."""
    with desk.database.read() as connection:
        rows = actions.card(connection, card_id)
        last = next(iter(reversed(actions.decisions(connection, card_id))), None)
    if last is None or any(r.state in cards.DECIDABLE for r in rows):
        return None
    name = desk.label(last["person"])
    if last["decision"] == "reject":
        return Stale(f"{name} has rejected this already. There is nothing left to decide here.")
    return Stale(f"{name} has approved this already. There is nothing left to decide here.")


def measure(desk: Desk, connection: Connection, viewer: Viewer, card: int, did: str) -> None:
    """Keep how long the card was open before it was decided, without saying by whom."""
    outcome = {"approved": "approved", "first": "approved", "rejected": "rejected", "redraft": "rejected"}.get(did)
    if outcome:
        handling.keep(connection, card, outcome, desk.presence.spent(card, viewer.name), desk.office.settings.timezone)


@router.post("/card/{card_id}/approve")
def approve(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Approve everything on the card."""

    def work(connection: Connection) -> str:
        return give(connection, posted, card_id, shown_in(posted.form))

    return decide(request, desk, posted, card_id, "approved", work)


def give(connection: Connection, posted: Posted, card_id: int, shown: Sequence[Shown]) -> str:
    """Record the approval of a whole card; says whether it was enough. Raises NotAllowed where more is asked for."""
    rows = whole_card(connection, card_id, shown, cards.DECIDABLE)
    if any(w.get("blocks") for r in rows for w in r.warnings):
        raise NotAllowed("Something is missing here, as the red warning says: edit it, then it can be approved.")
    if any(w.get("stop") for r in rows for w in r.warnings) and not posted.form.has("checked"):
        raise NotAllowed("A warning says stop: tick that you have checked it, and write how.")
    states = deciding.approve(connection, [r.shown for r in rows], posted.who, posted.form.text("comment").strip()[:4000])
    return "approved" if all(s == "approved" for s in states) else "first"


@router.post("/card/{card_id}/reject")
def reject(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Reject everything on the card, with a reason."""
    return decide(request, desk, posted, card_id, "rejected", lambda c: refuse(c, posted, card_id, desk))


def refuse(connection: Connection, posted: Posted, card_id: int, desk: Desk | None = None) -> str:
    """Record the rejection of a whole card, with a new draft where that is asked for. Raises NotAllowed without a reason."""
    reason = (posted.form.text("reason") or posted.form.text("usual")).strip()[:4000]
    if not reason:
        raise NotAllowed("Say why it is rejected: the agents learn from it, and colleagues can see it.")
    rows = whole_card(connection, card_id, shown_in(posted.form), cards.DECIDABLE)
    if desk is not None and posted.form.has("redraft"):
        redraft.redraft(connection, [r.shown for r in rows], posted.who, reason, cards.redo(desk, rows[0].flow))
        return "redraft"
    deciding.reject(connection, [r.shown for r in rows], posted.who, reason)
    return "rejected"


@router.post("/card/{card_id}/hand-over")
def hand_over(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Hand the card over to a person or group, with a comment."""
    return decide(request, desk, posted, card_id, "handed", lambda c: give_to(desk, c, posted, card_id))


def give_to(desk: Desk, connection: Connection, posted: Posted, card_id: int) -> None:
    """Give a whole card to somebody else. Raises NotAllowed for a name that nobody has."""
    to, comment = posted.form.text("to"), posted.form.text("comment").strip()[:4000]
    settings: Any = desk.office.settings
    if to not in settings.people and to not in settings.groups:
        raise NotAllowed("Choose the person or group who shall decide this.")
    whole_card(connection, card_id, shown_in(posted.form), (*cards.DECIDABLE, "uncertain"))
    deciding.assign(connection, card_id, to, posted.who, comment)


@router.post("/card/{card_id}/take-back")
def take_back(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Undo an approval that has not run yet, and show the card again."""
    try:
        with desk.database.write() as connection:
            deciding.take_back(connection, card_id, posted.who)
    except Stale as error:
        return cards.render(request, desk, posted.viewer, card_id, 409, str(error))
    return RedirectResponse(f"/card/{card_id}?did=back&of={card_id}", 303)


@router.post("/card/{card_id}/resolve")
def resolve(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Settle an uncertain action: it happened, or it is proposed anew."""
    return decide(request, desk, posted, card_id, "settled", lambda c: settle(c, posted))


def settle(connection: Connection, posted: Posted) -> None:
    """Record what a person found out about uncertain actions. Raises NotAllowed where they do not say how they know."""
    happened, comment = posted.form.text("happened"), posted.form.text("comment").strip()[:4000]
    if happened not in ("yes", "no") or not comment:
        raise NotAllowed("Say whether it happened, and how you know.")
    for shown in shown_in(posted.form):
        resolving.resolve(connection, shown, posted.who, happened=happened == "yes", comment=comment)
