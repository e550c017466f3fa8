"""The queue of cards: which wait, for whom, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy import Text as PlainText

from kontorist.core.clock import utcnow
from kontorist.inbox.viewer import Viewer
from kontorist.store import actions as store
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.tables import actions, approvals, cases, revisions


@dataclass
class Card:
    """One card of the list: its leading action, the others on it, and the case behind it."""

    id: int
    rows: list[ActionRow]
    mine: bool = False
    given: bool = False
    """I have approved it already; it waits for somebody else."""
    case: Any = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def head(self) -> ActionRow:
        """The action that speaks for the card."""
        return self.rows[0]

    @property
    def due(self) -> datetime | None:
        """When the first of its actions is due."""
        return min((r.due for r in self.rows if r.due), default=None)

    @property
    def stops(self) -> int:
        """How many warnings say stop."""
        return sum(bool(w.get("stop")) for r in self.rows for w in r.warnings)

    @property
    def notes(self) -> int:
        """How many different other warnings there are."""
        return len({w.get("text") for r in self.rows for w in r.warnings if not w.get("stop")})

    @property
    def overdue(self) -> bool:
        """Whether it should have been decided already."""
        return self.due is not None and self.due < utcnow()

    @property
    def order(self) -> tuple[Any, ...]:
        """Due ones first, then the oldest."""
        return (self.due is None, self.due.timestamp() if self.due else 0.0, self.id)


_EMPTY: dict[str, Any] = {"payload": b"{}", "origins": {}, "rests_on": {}, "receipt": None}
"""What is large, and not looked at before the card is shown."""
_LIGHT = [c for c in actions.c if c.name in ActionRow.__dataclass_fields__ and c.name not in _EMPTY]


def open_cards(connection: Connection, viewer: Viewer, words: str = "") -> list[Card]:
    """All cards that wait for a decision, in order; `mine` marks those this viewer may decide now."""
    query = select(*_LIGHT).where(actions.c.state.in_(store.OPEN)).order_by(actions.c.id)
    if words:
        query = query.where(actions.c.case_id.in_(matching(words)))
    cards: dict[int, Card] = {}
    for row in connection.execute(query):
        cards.setdefault(row.card, Card(row.card, [])).rows.append(ActionRow(**_EMPTY, **row._mapping))
    done = _done_by(connection, viewer.name)
    for card in cards.values():
        allowed = viewer.decides and all(store.may_decide(r, viewer.who) for r in card.rows)
        card.given = any((r.id, r.revision) in done for r in card.rows)
        card.mine = allowed and not card.given
    return sorted(cards.values(), key=lambda c: c.order)


def matching(words: str) -> Any:
    """The cases that have all these words somewhere: in their data or in what was proposed for them."""
    made = actions.alias()
    query = select(cases.c.id).join(made, made.c.case_id == cases.c.id, isouter=True)
    for word in words.split()[:8]:
        like = f"%{word.replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
        places = [cases.c.title, cases.c.source, cases.c.data, made.c.sentence, made.c.business_key]
        hits: list[Any] = [p.cast(PlainText).ilike(like, escape="/") for p in places]
        if word.lstrip("#").isdigit():
            number = int(word.lstrip("#")[:9])
            hits += [made.c.id == number, cases.c.id == number]
        query = query.where(or_(*hits))
    return query


def _done_by(connection: Connection, person: str) -> set[tuple[int, int]]:
    """(action, revision) that this person has approved, or composed where four eyes are asked for."""
    same = and_(approvals.c.action_id == actions.c.id, approvals.c.revision == actions.c.revision)
    query = select(actions.c.id, actions.c.revision).join(approvals, same)
    query = query.where(actions.c.state == "proposed", approvals.c.person == person, approvals.c.decision == "approve")
    mine = {(r[0], r[1]) for r in connection.execute(query.where(approvals.c.expires > utcnow()))}
    made = and_(revisions.c.action_id == actions.c.id, revisions.c.revision == actions.c.revision)
    composed = select(actions).join(revisions, made).where(actions.c.state == "proposed", revisions.c.composed_by == person)
    return mine | {(r.id, r.revision) for r in connection.execute(composed) if int(r.rule.get("count", 1)) > 1}


def load(connection: Connection, cards: Iterable[Card]) -> None:
    """Put to each card its whole actions and its case."""
    listed = list(cards)
    wanted = select(actions).where(actions.c.id.in_([r.id for c in listed for r in c.rows]))
    whole = {r.id: as_row(r) for r in connection.execute(wanted)}
    for card in listed:
        card.rows = [whole.get(r.id, r) for r in card.rows]
    ids = {c.head.case_id for c in listed}
    query = select(cases.c.id, cases.c.title, cases.c.source, cases.c.data, cases.c.state).where(cases.c.id.in_(ids))
    found = {r.id: r for r in connection.execute(query)}
    for card in listed:
        card.case = found.get(card.head.case_id)


def next_after(cards: Sequence[Card], card_id: int) -> int | None:
    """The card of mine that comes after this one; from the top again at the end; None when nothing is left."""
    mine = [c for c in cards if c.mine]
    place = next((i for i, c in enumerate(mine) if c.id == card_id), None)
    if place is None:
        return mine[0].id if mine else None
    rest = mine[place + 1 :] or mine[:place]
    return rest[0].id if rest else None


def counts(connection: Connection, cards: Sequence[Card]) -> dict[str, int]:
    """The numbers on the tabs."""
    rows = connection.execute(select(cases.c.state, func.count()).group_by(cases.c.state))
    found = {r[0]: r[1] for r in rows}
    return {
        "mine": sum(c.mine for c in cards),
        "others": sum(not c.mine for c in cards),
        "unclear": found.get("unclear", 0),
        "failed": found.get("failed", 0),
    }
