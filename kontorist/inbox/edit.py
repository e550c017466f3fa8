"""Edit and approve: a person's version, checked like any proposal, stored as the next revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from connectors.base import Context, Proposal
from kontorist.core.errors import KontoristError, NotAllowed, NotFound, Rejected, Stale
from kontorist.core.values import canonical
from kontorist.inbox import card as cards
from kontorist.inbox.decisions import give, measure, shown_in, whole_card
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.edit_form import changes, schema_of
from kontorist.inbox.queue import next_after, open_cards
from kontorist.inbox.viewer import FromForm, Posted
from kontorist.store import actions, asking, authority, cases, documents, editing, settling
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.context import values_of
from kontorist.store.editing import Edit

router = APIRouter()
_KEPT = ("case", "thread", "adopted", settling.CODE)
"""Codes of warnings that do not come from the connector: a person's edit does not make them go away."""
Written = Callable[[ActionRow, Mapping[str, Any]], dict[str, Any]]
"""The fields of an action that a person has changed, from the action and the shape of its payload."""


@router.post("/card/{card_id}/edit")
def edit(request: Request, desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """Save a person's version; approve it at once if that is asked for and it is exactly what they saw."""
    try:
        did, after = save(desk, posted, card_id, lambda row, schema: changes(row, schema, posted.form))
    except NotFound:
        raise
    except KontoristError as error:
        status = 409 if isinstance(error, Stale) else 403 if isinstance(error, NotAllowed) else 422
        again = None if isinstance(error, Stale | NotAllowed) else posted.form
        return cards.render(request, desk, posted.viewer, card_id, status, str(error), edit=again is not None, edited=again)
    if did == "saved":
        return RedirectResponse(f"/card/{card_id}?did=saved&of={card_id}", 303)
    return RedirectResponse(f"/card/{after}?did={did}&of={card_id}" if after else f"/?did={did}&of={card_id}", 303)


def save(desk: Desk, posted: Posted, card_id: int, written: Written) -> tuple[str, int | None]:
    """Store a person's version, and approve it where that is asked for and allowed; what became of it, and the next card.

    Raises Stale, NotAllowed or Rejected.
    """
    shown = shown_in(posted.form)
    with desk.database.read() as connection:
        rows = whole_card(connection, card_id, shown, cards.DECIDABLE)
    return _store(desk, posted, card_id, shown, rows, _proposals(desk, rows, posted, written))


def _proposals(
    desk: Desk, rows: Sequence[ActionRow], posted: Posted, written: Written
) -> dict[int, tuple[Proposal, dict[str, Any]]]:
    """For each action that was changed: its new proposal, and the payload that the person wrote. Raises Rejected."""
    posted.who  # noqa: B018 - auditors are refused before anything is worked out
    made = {}
    with closing(desk.connections()) as opened:
        for row in rows:
            schema = schema_of(opened, row)
            changed = written(row, schema)
            if changed:
                whole = {**row.data, **changed}
                made[row.id] = opened.propose(row.connection, row.action, whole, _context(desk, row)), whole
    if not made:
        raise Rejected("You have changed nothing. Approve it as it is, or change something.")
    return made


def _context(desk: Desk, row: ActionRow) -> Context:
    with desk.database.read() as connection:
        (case,) = cases.load(connection, [row.case_id])
    found = documents.get_many(desk.database, [d.sha256 for d in case.documents])
    return Context(case.id, row.flow, values_of(case, row.path), found, desk.office.language)


def _store(
    desk: Desk,
    posted: Posted,
    card_id: int,
    shown: Sequence[Shown],
    rows: Sequence[ActionRow],
    made: Mapping[int, tuple[Proposal, Mapping[str, Any]]],
) -> tuple[str, int | None]:
    with desk.database.write() as connection:
        waiting = open_cards(connection, posted.viewer)
        whole_card(connection, card_id, shown, cards.DECIDABLE)
        now = [_next(connection, row, made, posted) for row in rows]
        at_once = posted.form.has("approve") and all(_as_written(r, made) for r in rows) and _one_is_enough(connection, card_id)
        did = give(connection, posted, card_id, now) if at_once else "saved"
        measure(desk, connection, posted.viewer, rows[0].card, did)
    return did, next_after(waiting, rows[0].card)


def _next(
    connection: Connection, row: ActionRow, made: Mapping[int, tuple[Proposal, Mapping[str, Any]]], posted: Posted
) -> Shown:
    if row.id not in made:
        return row.shown
    proposal, _ = made[row.id]
    warnings = [w.stored() for w in proposal.warnings]
    warnings += [dict(w) for w in row.warnings if w.get("code") in _KEPT]
    rests_on = proposal.rests(row.rests_on)
    key = None if row.path.startswith(asking.PREFIX) else proposal.business_key  # a question is no answer to the mail
    new = Edit(proposal.payload, proposal.sentence, warnings, rests_on, key)
    return editing.edit(connection, row.shown, new, posted.who)


def _as_written(row: ActionRow, made: Mapping[int, tuple[Proposal, Mapping[str, Any]]]) -> bool:
    """Whether the new proposal says what the person wrote and warns of nothing that they have not seen."""
    if row.id not in made:
        return True
    proposal, written = made[row.id]
    seen = {w.get("text") for w in row.warnings}
    return canonical(proposal.payload) == canonical(written) and all(w.text in seen for w in proposal.warnings)


def _one_is_enough(connection: Connection, card_id: int) -> bool:
    return all(authority.needed(r) == 1 for r in actions.card(connection, card_id) if r.state in cards.DECIDABLE)
