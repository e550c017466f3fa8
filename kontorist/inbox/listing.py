"""The list: what waits for a decision, what is unclear, what failed, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, select

from kontorist.inbox import status
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.pages import page
from kontorist.inbox.queue import Card, counts, load, matching, open_cards
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import SignedIn
from kontorist.store.actions import as_row
from kontorist.store.tables import actions, cases

router = APIRouter()
PAGE = 100
TABS = ("mine", "others", "unclear", "failed", "done")


@router.get("/")
def show(request: Request, desk: TheDesk, viewer: SignedIn, tab: str = "mine", q: str = "", skip: int = 0) -> Response:
    """The list of one tab."""
    words, tab, skip = q.strip()[:200], tab if tab in TABS else "mine", max(0, skip)
    with desk.database.read() as connection:
        waiting = open_cards(connection, viewer)
        listed = open_cards(connection, viewer, words) if words else waiting
        numbers = counts(connection, waiting)
        values = _tab(connection, tab, listed, words, skip)
        state = status.line(connection)
        done = toast(connection, viewer, request.query_params)
    values["described"] = {name: flow.description for name, flow in desk.office.flows.items()}
    values |= {"tab": tab, "q": words, "skip": skip, "page_size": PAGE, "counts": numbers, "status": state, "toast": done}
    return page(request, "list.html", viewer, **values)


def _tab(connection: Connection, tab: str, listed: Sequence[Card], words: str, skip: int) -> dict[str, Any]:
    """What the chosen tab shows; a search in the first tab also says what others have to decide."""
    if tab in ("mine", "others"):
        cards = [c for c in listed if c.mine is (tab == "mine")]
        some = cards[skip : skip + PAGE]
        load(connection, some)
        for card in some:
            card.more = about(card)
        return {"groups": _groups(some), "rows": [], "total": len(cards)}
    if tab == "done":
        rows = _decided(connection, words, skip)
        return {"groups": [], "rows": rows, "total": skip + len(rows)}
    rows = _cases(connection, tab, words, skip)
    return {"groups": [], "rows": rows, "total": skip + len(rows)}


def _groups(cards: Sequence[Card]) -> list[tuple[str, list[Card]]]:
    """The cards by flow; the flow whose card is due first comes first."""
    first: dict[str, int] = {}
    for place, card in enumerate(cards):
        first.setdefault(card.head.flow, place)
    listed = sorted(cards, key=lambda c: first[c.head.flow])
    return [(flow, list(found)) for flow, found in groupby(listed, key=lambda c: c.head.flow)]


def about(card: Card) -> dict[str, Any]:
    """What a line says besides the sentence: who it comes from, and the amount."""
    data = card.case.data if card.case is not None else {}
    payloads = [r.data for r in card.rows]
    amount, currency = amount_of(payloads)
    return {"who": sender_of(data, payloads), "amount": amount, "currency": currency}


def sender_of(data: Mapping[str, Any], payloads: Sequence[Mapping[str, Any]]) -> str:
    """The name to look for: the invoice's seller, else who wrote."""
    for payload in payloads:
        seller = (payload.get("invoice") or {}).get("seller") if isinstance(payload.get("invoice"), dict) else None
        if isinstance(seller, dict) and seller.get("name"):
            return str(seller["name"])
    sender = (data.get("mail") or {}).get("from") or {}
    if sender:
        return str(sender.get("name") or sender.get("address") or "")
    to = next((p["to"] for p in payloads if p.get("to")), "")
    return ", ".join(map(str, to)) if isinstance(to, list) else str(to) or str((data.get("file") or {}).get("name") or "")


def amount_of(payloads: Sequence[Mapping[str, Any]]) -> tuple[Any, str]:
    """The amount that a proposal moves, if there is one."""
    for payload in payloads:
        source = payload.get("invoice") if isinstance(payload.get("invoice"), dict) else payload
        for name in ("gross", "payable", "amount", "total"):
            if source and source.get(name) not in (None, "", [], {}):
                return source[name], str(source.get("currency") or "EUR")
    return None, ""


def _cases(connection: Connection, state: str, words: str, skip: int) -> list[Any]:
    query = select(cases).where(cases.c.state == state).order_by(cases.c.id.desc()).limit(PAGE).offset(skip)
    if words:
        query = query.where(cases.c.id.in_(matching(words)))
    return [(r, sender_of(r.data, [])) for r in connection.execute(query)]


def _decided(connection: Connection, words: str, skip: int) -> list[Any]:
    """What was decided, the newest first."""
    query = select(actions).where(actions.c.state.not_in(("proposed", "uncertain", "refused")))
    if words:
        query = query.where(actions.c.case_id.in_(matching(words)))
    query = query.order_by(actions.c.updated.desc(), actions.c.id.desc()).limit(PAGE).offset(skip)
    return [as_row(r) for r in connection.execute(query)]


@router.get("/counts")
def live(desk: TheDesk, viewer: SignedIn) -> Response:
    """The numbers on the tabs, for a page that stays open."""
    with desk.database.read() as connection:
        return JSONResponse(counts(connection, open_cards(connection, viewer)))
