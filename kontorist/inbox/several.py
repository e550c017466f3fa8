"""Several cards at once: only what is alike and harmless, with what differs and all that is approved; each still gets its own record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select

from kontorist.core.errors import KontoristError, Stale
from kontorist.core.flow import ActionStep, walk
from kontorist.core.office import Office
from kontorist.inbox.decisions import give, shown_in, whole_card
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.facts import Facts
from kontorist.inbox.fields import Field, shown
from kontorist.inbox.labels import HEADLINE
from kontorist.inbox.listing import about
from kontorist.inbox.pages import page
from kontorist.inbox.queue import Card, counts, load, open_cards
from kontorist.inbox.security import Form, number_in
from kontorist.inbox.toast import has_time
from kontorist.inbox.viewer import FromForm, Posted, SignedIn, Viewer
from kontorist.store import authority, deciding, facets, office_state
from kontorist.store.actions import ActionRow, Shown
from kontorist.store.tables import actions

router = APIRouter()
AT_MOST = 50
"""Of one kind on the page: nobody reads more lines than that with care."""


@dataclass(frozen=True)
class Kind:
    """Cards of one kind: what is the same on all of them, and what differs."""

    flow: str
    name: str
    cards: list[Card]
    same: list[tuple[str, Any]]
    columns: list[str]
    """What differs, fits a column, and is said neither by the sentence nor by who it is about."""
    titles: bool
    """Whether only what came in says what a card is about."""
    more: int
    """How many there are besides those listed."""

    @property
    def amounts(self) -> bool:
        """Whether any of them moves money."""
        return any(c.more["amount"] is not None for c in self.cards)


def alike(desk: Desk, connection: Connection, viewer: Viewer) -> list[Kind]:
    """The viewer's cards that may be approved together, by kind; kinds of a single card are left out."""
    groups: dict[tuple[str, str, int], list[Card]] = {}
    told = _told(desk.office)
    for card in open_cards(connection, viewer):
        amount = None if (card.flow, card.action) in told else card.amount
        if card.place == "mine" and _harmless(desk, card.risk, card.eyes, amount):
            groups.setdefault((card.flow, card.action, card.size), []).append(card)
    found = []
    for (flow, action, size), cards in groups.items():
        if len(cards) < 2:
            continue
        some = [c for c in load(connection, cards[:AT_MOST], whole=True) if len(c.rows) == size and _is_harmless(desk, c.rows)]
        if len(some) > 1:
            found.append(_kind(flow, action, some, len(cards) - len(some)))
    return found


def _told(office: Office) -> set[tuple[str, str]]:
    """Flow and action whose amounts are only told: what is about money need not move any."""
    steps = ((name, step) for name, flow in office.flows.items() for _, step in walk(flow.steps))
    return {(name, step.action.partition(".")[2]) for name, step in steps if isinstance(step, ActionStep) and step.amount}


def _harmless(desk: Desk, risk: int, eyes: int, amount: float | None) -> bool:
    return risk == 0 and eyes == 1 and (amount is None or abs(amount) <= desk.office.settings.several_up_to)


def _plain(row: ActionRow) -> bool:
    return row.state == "proposed" and not row.warnings and not row.rule.get("comment")


def _kind(flow: str, action: str, cards: list[Card], more: int) -> Kind:
    for card in cards:
        parts = [shown(r) for r in card.rows]
        values = {f.key: f.value for f in parts[0].main}
        card.more = {**about(card), "values": values, "parts": parts, "letter": _letter(parts[0].main)}
    keys = dict.fromkeys(k for c in cards for k in c.more["values"])
    values_of = {key: [c.more["values"].get(key) for c in cards] for key in keys}
    same = [(k, v[0]) for k, v in values_of.items() if all(x == v[0] for x in v)]
    columns = [k for k in keys if k not in dict(same) and not all(_is_said(c, c.more["values"].get(k)) for c in cards)]
    titles = len({c.case.title for c in cards}) > 1 and not all(_is_said(c, c.case.title) for c in cards)
    return Kind(flow, action, cards, same, columns, titles, more)


def _letter(fields: Sequence[Field]) -> str:
    """The first text that is too long for a column."""
    return next((f.value for f in fields if f.long and isinstance(f.value, str)), "")


def _is_said(card: Card, value: Any) -> bool:
    """Whether a value needs no column: it is said beside it, or is so long that it stands below."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return not any(name in value[0] for name in HEADLINE)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        return value is None
    return value == card.more["letter"] or value in f"{card.head.sentence} {card.more['who']}"


@router.get("/several")
def show(
    request: Request,
    desk: TheDesk,
    viewer: SignedIn,
    did: str = "",
    left: int = 0,
    unticked: bool = False,
    back: int = 0,
    gone: int = 0,
) -> Response:
    """The page to approve several at once."""
    done = [n for n in map(number_in, did.split(",")[:AT_MOST]) if n is not None]
    with desk.database.read() as connection:
        undo = _waiting(connection, done)
        kinds = alike(desk, connection, viewer) if viewer.decides else []
        numbers = counts(connection, open_cards(connection, viewer), viewer)
    values = {
        "kinds": kinds,
        "facts": Facts(),
        "done": done,
        "undo": undo,
        "left": left,
        "unticked": unticked,
        "back": back,
        "gone": gone,
        "counts": numbers,
        "limit": desk.office.settings.several_up_to,
    }
    return page(request, "several.html", viewer, 200, **values, toast=None)


def _waiting(connection: Connection, done: Sequence[int]) -> list[int]:
    """Of the cards approved just now those that can still be taken back."""
    stops = office_state.stops(connection)
    query = select(actions.c.card, actions.c.flow, actions.c.connection, actions.c.not_before)
    rows = connection.execute(query.where(actions.c.card.in_(done), actions.c.state == "approved"))
    return sorted({r.card for r in rows if has_time(r, stops)})


def _cards(form: Form) -> list[int]:
    """The cards that were ticked."""
    return [n for n in map(number_in, form.every("card")) if n is not None][:AT_MOST]


def _chosen(form: Form) -> dict[int, list[Shown]]:
    """What was ticked, with what was shown of it: `card:id:revision:sha256` for each action."""
    ticked = _cards(form)
    marks: dict[int, list[str]] = {}
    for text in form.every("of"):
        card, _, rest = text.partition(":")
        if (of := number_in(card)) is not None:
            marks.setdefault(of, []).append(rest)
    return {n: shown_in(Form([("shown", m) for m in marks.get(n, ())])) for n in ticked}


@router.post("/several/approve")
def approve(desk: TheDesk, posted: FromForm) -> Response:
    """Approve the ticked cards, each by itself: one that has changed meanwhile is left and said."""
    if not (chosen := _chosen(posted.form)):
        return RedirectResponse("/several?unticked=1", 303)
    done, left = approve_each(desk, posted, chosen)
    return RedirectResponse(f"/several?did={','.join(map(str, done))}&left={left}", 303)


def approve_each(desk: Desk, posted: Posted, chosen: Mapping[int, Sequence[Shown]]) -> tuple[list[int], int]:
    """Approve cards, each by itself and with its own record; those that were, and how many were left."""
    posted.who  # noqa: B018 - auditors are refused before anything is looked at
    done, left = [], 0
    for number, marks in chosen.items():
        try:
            with desk.database.write() as connection:
                _require_harmless(desk, whole_card(connection, number, marks, ("proposed",)))
                give(connection, posted, number, marks)
            done.append(number)
        except KontoristError:
            left += 1
    return done, left


def _require_harmless(desk: Desk, rows: Sequence[ActionRow]) -> None:
    """Raises Stale for what has to be looked at by itself."""
    if not _is_harmless(desk, rows):
        raise Stale("This card has to be looked at by itself.")


def _is_harmless(desk: Desk, rows: Sequence[ActionRow]) -> bool:
    amount = max((a for a in (facets.number_of(facets.amount_of([r.data])[0]) for r in rows) if a is not None), default=None)
    eyes = max(authority.needed(r) for r in rows)
    return all(_plain(r) for r in rows) and _harmless(desk, max(facets.risk_of(r.warnings) for r in rows), eyes, amount)


@router.post("/several/take-back")
def take_back(desk: TheDesk, posted: FromForm) -> Response:
    """Undo the approvals of several cards that have not run yet, and say how many that were."""
    asked = _cards(posted.form)
    back = len(take_back_each(desk, posted, asked))
    return RedirectResponse(f"/several?back={back}&gone={len(asked) - back}", 303)


def take_back_each(desk: Desk, posted: Posted, cards: Sequence[int]) -> list[int]:
    """Undo the approvals of cards, each by itself; those that could be."""
    done = []
    for number in cards:
        try:
            _undo(desk, posted, number)
        except Stale:
            continue  # it has left already; its card says so
        done.append(number)
    return done


def _undo(desk: Desk, posted: Posted, number: int) -> None:
    with desk.database.write() as connection:
        deciding.take_back(connection, number, posted.who)
