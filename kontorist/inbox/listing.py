"""The list: what waits for a decision, what is unclear, what failed, what was done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, Select, false, not_, select

from kontorist.inbox import decided as past
from kontorist.inbox import filters, questions, status
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.kept import Cards
from kontorist.inbox.pages import page
from kontorist.inbox.queue import SORTS, Card, counts, found_by, load, on_tabs, open_cards, reason
from kontorist.inbox.sight import is_hidden
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import SignedIn, Viewer
from kontorist.store import facets, searching
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.many import one_of
from kontorist.store.tables import DECIDED_STATES, actions, cases

router = APIRouter()
PAGE = 100
MOST = 99
"""Hits of a search in a list of the past that are counted; of more it says so."""
TABS = ("mine", "others", "asked", "unclear", "failed", "done")
GROUPINGS = ("flow", "who", "none")
RISKS = {"": -1, "stop": 2, "note": 1, "none": 0}


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

    def sift(self, cards: Iterable[Card]) -> list[Card]:
        """Of these cards, those of its flow and risk."""
        found = [c for c in cards if c.flow == self.flow] if self.flow else list(cards)
        return [c for c in found if c.risk == RISKS[self.risk]] if self.risk else found

    def on_tab(self, cards: Iterable[Card]) -> list[Card]:
        """Of these cards, those of its tab, with those of one group together."""
        return gathered([c for c in cards if c.place == self.tab], self.by)

    def found(self, connection: Connection, waiting: Cards) -> list[Card]:
        """Of these cards, on whatever tab, those with the words that are looked for."""
        return found_by(connection, waiting, ("found", self.flow, self.risk), self.sift, self.q)

    def of(self, connection: Connection, waiting: Cards, found: list[Card] | None = None) -> list[Card]:
        """Of these cards, those that are wanted, with those of one group together; `found` is what a search has found already."""
        if self.q:
            return self.on_tab(self.found(connection, waiting) if found is None else found)
        return waiting.once((self.tab, self.flow, self.risk, self.by), lambda cards: self.on_tab(self.sift(cards)))


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
        found = wanted.found(connection, waiting) if wanted.q else []
        numbers = _numbers(connection, viewer, wanted, waiting, found)
        values = _tab(connection, viewer, wanted, waiting, found, skip)
        if wanted.q and wanted.tab != "done" and not values["total"] and not values["rows"]:
            numbers["done"] = _counted(_hits(connection, viewer, wanted, "done"))  # else too dear to be only a number
        state = status.line(connection)
        done = toast(connection, viewer, request.query_params)
        saved = filters.of(connection, viewer.name)
    values["described"] = {name: flow.description for name, flow in desk.office.flows.items()}
    values |= {"wanted": wanted, "tab": wanted.tab, "q": wanted.q, "skip": skip, "page_size": PAGE, "counts": numbers}
    values |= {
        "status": state,
        "toast": done,
        "saved": saved,
        "flows": waiting.once("flows", lambda cards: sorted(set(map(attrgetter("flow"), cards)))),
    }
    return page(request, "list.html", viewer, **values)


def _tab(connection: Connection, viewer: Viewer, wanted: Wish, waiting: Cards, found: list[Card], skip: int) -> dict[str, Any]:
    """What the chosen tab shows."""
    if wanted.tab in ("mine", "others", "asked"):
        cards = wanted.of(connection, waiting, found)
        some = load(connection, cards[skip : skip + PAGE])
        for card in some:
            card.more = about(card)
        rows = _cases(connection, viewer, wanted, skip)
        beside = {"questions": len(rows), "late": sum(line.order.overdue for line in rows)}
        if len(rows) == PAGE or skip:
            beside = questions.tally(connection, _of_cases(viewer, wanted, wanted.tab)) if not wanted.q else beside
        return {"groups": _groups(some, wanted.by), "rows": rows, "total": len(cards), **beside}
    read = _decided if wanted.tab == "done" else _cases
    rows = read(connection, viewer, wanted, skip)
    return {"groups": [], "rows": rows, "total": skip + len(rows)}


_KEYS: dict[str, Callable[[Card], str]] = {"flow": attrgetter("flow"), "who": attrgetter("who"), "none": lambda _: ""}
"""What cards are grouped by."""


def gathered(cards: list[Card], by: str) -> list[Card]:
    """The cards with those of one group together; the group whose first card comes first leads."""
    if by == "none":
        return cards
    return [card for _, group in _groups(cards, by) for card in group]


def _groups(cards: Sequence[Card], by: str) -> list[tuple[str, list[Card]]]:
    found: defaultdict[str, list[Card]] = defaultdict(list)
    for key, card in zip(map(_KEYS[by], cards), cards, strict=True):
        found[key].append(card)
    return list(found.items())


def about(card: Card) -> dict[str, Any]:
    """What a line says besides the sentence: who it comes from, and the amount."""
    amount, currency = facets.amount_of([r.data for r in card.rows], card.rows[0].rule)
    return {"who": card.who, "amount": amount, "currency": currency}


@dataclass(frozen=True)
class CaseLine:
    """A case as a list shows it: whom it is for, and in whose place the viewer would answer."""

    row: Any
    order: questions.Order
    why: int

    @property
    def who(self) -> str:
        """Who it comes from."""
        return str(self.row.who)


def _cases(connection: Connection, viewer: Viewer, wanted: Wish, skip: int) -> list[CaseLine]:
    query, order = _of_cases(viewer, wanted, wanted.tab), questions.order("" if wanted.sort == "new" else wanted.tab)
    found = some(connection, query, cases.c.id, cases.c.id, wanted.q, skip, PAGE, order)
    return [CaseLine(r, questions.order_of(r.question), reason(r.deciders, viewer)) for r in found]


def _of_cases(viewer: Viewer, wanted: Wish, tab: str) -> Select[Any]:
    """The cases of a tab that this viewer may know of; beside cards those of the flow and risk that are wanted, too."""
    beside = tab in ("mine", "others")
    query = questions.on_tab(viewer, tab, wanted.flow if beside else "")
    return query.where(false()) if beside and RISKS[wanted.risk] > 0 else query  # a question has no warnings


def some(
    connection: Connection,
    query: Select[Any],
    number: Any,
    case: Any,
    words: str,
    skip: int,
    limit: int,
    order: Sequence[Any] = (),
) -> Iterable[Any]:
    """So many lines of a query in their order (usual: by descending number), those with these words where there are any."""
    if words:
        found = searching.numbers(connection, query, number, case, words, skip, limit)
        query, skip = query.where(one_of(number, found)), 0
    return connection.execute(query.order_by(*(order or [number.desc()])).limit(limit).offset(skip))


def _decided(connection: Connection, viewer: Viewer, wanted: Wish, skip: int) -> list[Any]:
    return past.log(connection, viewer, wanted.q, skip, PAGE)


def decided(connection: Connection, viewer: Viewer, words: str, skip: int, limit: int) -> list[ActionRow]:
    """What was decided, the newest first."""
    return [as_row(r) for r in some(connection, _of_decided(viewer), actions.c.id, actions.c.case_id, words, skip, limit)]


def _of_decided(viewer: Viewer) -> Select[Any]:
    query = select(actions).where(DECIDED_STATES)
    return query.where(not_(is_hidden(viewer.hidden, actions.c.case_id))) if viewer.hidden else query


def _numbers(connection: Connection, viewer: Viewer, wanted: Wish, waiting: Cards, found: list[Card]) -> dict[str, int | str]:
    """The numbers on the tabs: what waits there, or of a search what it finds there."""
    if not wanted.q:
        return {**on_tabs(counts(connection, waiting, viewer))}
    places = Counter(map(attrgetter("place"), found))
    beside = ("mine", "others", "asked", "unclear", "failed")
    return {tab: _counted(_hits(connection, viewer, wanted, tab), places[tab]) for tab in beside}


def _counted(hits: int, more: int = 0) -> int | str:
    return f"{MOST + more}+" if hits > MOST else hits + more


def _hits(connection: Connection, viewer: Viewer, wanted: Wish, tab: str) -> int:
    """How many cases or decided actions of a tab a search finds; one more than `MOST` where there are more."""
    query, number, case = (
        (_of_decided(viewer), actions.c.id, actions.c.case_id)
        if tab == "done"
        else (_of_cases(viewer, wanted, tab), cases.c.id, cases.c.id)
    )
    return len(searching.numbers(connection, query, number, case, wanted.q, 0, MOST + 1))


@router.get("/counts")
def live(desk: TheDesk, viewer: SignedIn, wanted: Wanted) -> Response:
    """The numbers on the tabs, for a page that stays open."""
    with desk.database.read() as connection:
        waiting = open_cards(connection, viewer, sort=wanted.sort)
        found = wanted.found(connection, waiting) if wanted.q else []
        return JSONResponse(_numbers(connection, viewer, wanted, waiting, found))
