"""The list: what waits for a decision, what is unclear, what failed, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, not_, select

from kontorist.inbox import filters, status
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.queue import SORTS, Card, counts, found_by, load, open_cards, resting
from kontorist.inbox.sight import hidden_cases
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import SignedIn, Viewer
from kontorist.store import facets
from kontorist.store import words as search
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.tables import actions, cases

router = APIRouter()
PAGE = 100
TABS = ("mine", "others", "asked", "unclear", "failed", "done")
GROUPINGS = ("flow", "who", "none")
RISKS = ("", "stop", "note", "none")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see: the parts of the list's address."""

    tab: str = "mine"
    q: str = ""
    flow: str = ""
    risk: str = ""
    by: str = "flow"
    sort: str = "risk"

    def url(self, **changed: Any) -> str:
        """The address of this list, or of one that differs from it."""
        usual = asdict(Wish())
        parts = {k: v for k, v in {**asdict(self), **changed}.items() if v != usual.get(k, "")}
        return f"/?{urlencode(parts)}" if parts else "/"

    def fits(self, card: Card) -> bool:
        """Whether a card is wanted."""
        risk = {"": True, "stop": card.risk == 2, "note": card.risk == 1, "none": card.risk == 0}
        place = "asked" if card.rests else "mine" if card.mine else "others"
        return place == self.tab and self.flow in ("", card.flow) and risk[self.risk]


def wish(tab: str = "mine", q: str = "", flow: str = "", risk: str = "", by: str = "flow", sort: str = "risk") -> Wish:
    """What the address asks for; what it does not know is as usual."""
    return Wish(
        tab if tab in TABS else "mine",
        q.strip()[:200],
        flow[:100],
        risk if risk in RISKS else "",
        by if by in GROUPINGS else "flow",
        sort if sort in SORTS else "risk",
    )


Wanted = Annotated[Wish, Depends(wish)]


@router.get("/")
def show(request: Request, desk: TheDesk, viewer: SignedIn, wanted: Wanted, skip: int = 0) -> Response:
    """The list of one tab."""
    skip = min(max(0, skip), 10_000_000)
    with desk.database.read() as connection:
        waiting = open_cards(connection, viewer, sort=wanted.sort)
        listed = found_by(connection, waiting, wanted.q) if wanted.q else waiting
        numbers = counts(connection, waiting, viewer)
        values = _tab(connection, viewer, wanted, listed, skip)
        state = status.line(connection)
        done = toast(connection, viewer, request.query_params)
        saved = filters.of(connection, viewer.name)
    values["described"] = {name: flow.description for name, flow in desk.office.flows.items()}
    values |= {"wanted": wanted, "tab": wanted.tab, "q": wanted.q, "skip": skip, "page_size": PAGE, "counts": numbers}
    values |= {"status": state, "toast": done, "saved": saved, "flows": sorted({c.flow for c in waiting})}
    return page(request, "list.html", viewer, **values)


def _tab(connection: Connection, viewer: Viewer, wanted: Wish, listed: Sequence[Card], skip: int) -> dict[str, Any]:
    """What the chosen tab shows."""
    if wanted.tab in ("mine", "others", "asked"):
        cards = [c for c in listed if wanted.fits(c)]
        some = load(connection, _gathered(cards, wanted.by)[skip : skip + PAGE])
        for card in some:
            card.more = about(card)
        rows = _cases(connection, viewer, wanted, skip) if wanted.tab == "asked" else []
        return {"groups": _groups(some, wanted.by), "rows": rows, "total": len(cards)}
    read = _decided if wanted.tab == "done" else _cases
    rows = read(connection, viewer, wanted, skip)
    return {"groups": [], "rows": rows, "total": skip + len(rows)}


def _key(card: Card, by: str) -> str:
    return {"flow": card.flow, "who": card.who, "none": ""}[by]


def _gathered(cards: Sequence[Card], by: str) -> list[Card]:
    """The cards with those of one group together; the group whose first card comes first leads."""
    first: dict[str, int] = {}
    for place, card in enumerate(cards):
        first.setdefault(_key(card, by), place)
    return sorted(cards, key=lambda c: first[_key(c, by)])


def _groups(cards: Sequence[Card], by: str) -> list[tuple[str, list[Card]]]:
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(_key(card, by), []).append(card)
    return list(found.items())


def about(card: Card) -> dict[str, Any]:
    """What a line says besides the sentence: who it comes from, and the amount."""
    amount, currency = facets.amount_of([r.data for r in card.rows])
    return {"who": card.who, "amount": amount, "currency": currency}


def _cases(connection: Connection, viewer: Viewer, wanted: Wish, skip: int) -> list[Any]:
    state = "unclear" if wanted.tab == "asked" else wanted.tab
    query = select(cases).where(cases.c.state == state).order_by(cases.c.id.desc()).limit(PAGE).offset(skip)
    if state == "unclear":
        query = query.where(resting() if wanted.tab == "asked" else not_(resting()))
    if wanted.q:
        query = query.where(cases.c.id.in_(search.newest(connection, wanted.q)))
    if viewer.hidden:
        query = query.where(cases.c.id.not_in(hidden_cases(viewer.hidden)))
    return [(r, r.who) for r in connection.execute(query)]


def _decided(connection: Connection, viewer: Viewer, wanted: Wish, skip: int) -> list[Any]:
    return decided(connection, viewer, wanted.q, skip, PAGE)


def decided(connection: Connection, viewer: Viewer, words: str, skip: int, limit: int) -> list[ActionRow]:
    """What was decided, the newest first."""
    query = select(actions).where(actions.c.state.not_in(("proposed", "uncertain", "refused")))
    if words:
        query = query.where(actions.c.case_id.in_(search.newest(connection, words)))
    if viewer.hidden:
        query = query.where(actions.c.case_id.not_in(hidden_cases(viewer.hidden)))
    query = query.order_by(actions.c.id.desc()).limit(limit).offset(skip)
    return [as_row(r) for r in connection.execute(query)]


@router.get("/counts")
def live(desk: TheDesk, viewer: SignedIn) -> Response:
    """The numbers on the tabs, for a page that stays open."""
    with desk.database.read() as connection:
        numbers: Mapping[str, int] = counts(connection, open_cards(connection, viewer), viewer)
        return JSONResponse(numbers)
